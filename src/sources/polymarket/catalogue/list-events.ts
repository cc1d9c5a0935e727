import type { PredictLabError } from '../../../contracts/errors.ts';
import { isObject, listInAnswer, schemaChanged } from '../../catalogue/schema-drift.ts';
import type { QueryPairs, VenueClient } from '../../http/venue-client.ts';
import { type Call, VENUE } from '../api.ts';
import { readListing } from './gamma.ts';

/** Largest page of Gamma, whatever limit is requested. */
const PAGE = 100;
const FAMILY = 'polymarket/gamma-events';

/**
 * Reads the pages of an event listing: by keyset, which loses no event when others appear in the meantime, or by offset at hosts without
 * keysets.
 */
export async function* listEvents(gamma: VenueClient, filters: QueryPairs, call: Call): AsyncGenerator<readonly unknown[]> {
  const limited: QueryPairs = [...filters, ['limit', PAGE]];
  const where = '/events/keyset';
  const seen = new Set<string>();
  const read = async (path: string, query: QueryPairs) => ({
    path,
    json: (await gamma.get({ path, query, family: FAMILY, ...call })).json,
  });
  const first = await readListing(gamma, {
    keyset: () => read(where, limited),
    plain: () => read('/events', [...limited, ['offset', 0]]),
  });
  if (first === undefined)
    throw schemaChanged({ venue: VENUE, where, path: '$', expected: 'a listing of events', got: undefined, sample: null });
  if (first.path !== where) return yield* listByOffset(gamma, limited, first.json, call);
  for (let { json } = first; ; ) {
    yield listInAnswer(json, 'events', { venue: VENUE, where });
    const next = isObject(json) ? json.next_cursor : undefined;
    if (typeof next !== 'string' || next === '') return;
    if (seen.has(next)) throw circular(where, 'next_cursor', next);
    seen.add(next);
    json = (await read(where, [...limited, ['after_cursor', next]])).json;
  }
}

/** The error for a listing whose pages lead back to an earlier one, so that later pages cannot be reached. */
export const circular = (where: string, path: string, got: unknown): PredictLabError =>
  schemaChanged({ venue: VENUE, where, path, expected: 'pages that come to an end', got, sample: got });

async function* listByOffset(gamma: VenueClient, filters: QueryPairs, first: unknown, call: Call): AsyncGenerator<readonly unknown[]> {
  const where = '/events';
  let before: string | undefined;
  let json = first;
  for (let offset = PAGE; ; offset += PAGE) {
    const items = listInAnswer(json, '$', { venue: VENUE, where });
    const page = JSON.stringify(items);
    if (items.length > 0 && page === before) throw circular(where, 'offset', offset - PAGE);
    before = page;
    yield items;
    if (items.length < PAGE) return;
    ({ json } = await gamma.get({ path: where, query: [...filters, ['offset', offset]], family: FAMILY, ...call }));
  }
}
