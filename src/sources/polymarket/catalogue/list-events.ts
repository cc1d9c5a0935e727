import type { PredictLabError } from '../../../contracts/errors.ts';
import { isObject, listInAnswer, schemaChanged } from '../../catalogue/schema-drift.ts';
import type { QueryPairs, VenueClient } from '../../http/venue-client.ts';
import { VenueError } from '../../http/venue-error.ts';
import { type Call, VENUE } from '../api.ts';

/** Gamma gives no more per page, whatever is asked for. */
const PAGE = 100;
/** What hosts without the keyset route answer. */
const NO_KEYSET = new Set([404, 405, 422]);
const FAMILY = 'polymarket/gamma-events';

/**
 * The pages of an event listing: by keyset, which loses nothing when events appear meanwhile; by offset at hosts that do not
 * have it.
 */
export async function* listEvents(gamma: VenueClient, filters: QueryPairs, call: Call): AsyncGenerator<readonly unknown[]> {
  const limited: QueryPairs = [...filters, ['limit', PAGE]];
  const where = '/events/keyset';
  const seen = new Set<string>();
  let cursor: string | undefined;
  do {
    const query: QueryPairs = cursor === undefined ? limited : [...limited, ['after_cursor', cursor]];
    const answer = await gamma.get({ path: where, query, family: FAMILY, ...call }).catch((error: unknown) => {
      if (cursor === undefined && error instanceof VenueError && error.status !== null && NO_KEYSET.has(error.status)) return undefined;
      throw error;
    });
    if (answer === undefined) return yield* listByOffset(gamma, limited, call);
    yield listInAnswer(answer.json, 'events', { venue: VENUE, where });
    const next = isObject(answer.json) ? answer.json.next_cursor : undefined;
    cursor = typeof next === 'string' && next !== '' ? next : undefined;
    if (cursor !== undefined && seen.has(cursor)) throw circular(where, 'next_cursor', cursor);
    if (cursor !== undefined) seen.add(cursor);
  } while (cursor !== undefined);
}

/** A listing whose pages lead back to one that was read: what comes after it cannot be reached. */
export const circular = (where: string, path: string, got: unknown): PredictLabError =>
  schemaChanged({ venue: VENUE, where, path, expected: 'pages that come to an end', got, sample: got });

async function* listByOffset(gamma: VenueClient, filters: QueryPairs, call: Call): AsyncGenerator<readonly unknown[]> {
  const where = '/events';
  let before: string | undefined;
  for (let offset = 0; ; offset += PAGE) {
    const { json } = await gamma.get({ path: where, query: [...filters, ['offset', offset]], family: FAMILY, ...call });
    const items = listInAnswer(json, '$', { venue: VENUE, where });
    const page = JSON.stringify(items);
    if (items.length > 0 && page === before) throw circular(where, 'offset', offset);
    before = page;
    yield items;
    if (items.length < PAGE) return;
  }
}
