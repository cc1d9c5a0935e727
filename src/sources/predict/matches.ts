import type { Instrument } from '../../contracts/market-data.ts';
import { identifyPage, type ReadRow } from '../candidate.ts';
import { type JsonObject, listInAnswer, objectAt, refuseRenamedFields, schemaChanged } from '../catalogue/schema-drift.ts';
import { noteFields } from '../http/venue-changes.ts';
import type { HistoryPage } from '../walk/newest-first-walk.ts';
import { type Call, type PredictApi, VENUE } from './api.ts';
import { MATCH_FIELDS, readMatch } from './match-row.ts';

const WHERE = '/v1/orders/matches';
/** Page size, the largest one that known clients of the venue use. */
const FIRST = 100;

/** Fields of a match as recorded in September 2026. */
const KNOWN_FIELDS = ['settlementId', 'executedAt', 'priceExecuted', 'amountFilled', 'transactionHash', 'market', 'taker', 'makers'];

/** Predict.fun’s own id of a market. */
export const marketIdOf = (instrument: Instrument): string => instrument.id.slice(`${VENUE}:`.length);

/** Reads one page of matches. @param seen fields that earlier pages of the walk had */
export function readMatchPage(
  json: unknown,
  instrument: Instrument,
  seen?: Set<string>,
): { readonly rows: readonly ReadRow[]; readonly next: string | null } {
  const at = { venue: VENUE, where: WHERE };
  const rows = listInAnswer(json, 'data', at);
  refuseRenamedFields(rows, MATCH_FIELDS, { ...at, list: 'data' }, seen);
  noteFields(VENUE, WHERE, rows, { known: KNOWN_FIELDS });
  return { rows: rows.map((row) => readMatch(row, instrument)), next: cursorOf(objectAt(json, at)) };
}

/** Returns a reader of the pages of `GET /v1/orders/matches`: newest first, by cursor, without a time filter. */
export function matches(api: PredictApi, instrument: Instrument, call: Call): (cursor: string | null) => Promise<HistoryPage> {
  const seen = new Set<string>();
  return async (cursor) => {
    const query = [
      ['marketId', marketIdOf(instrument)],
      ['first', FIRST],
    ] as const;
    const { json, requests } = await api.get({
      path: WHERE,
      query: cursor === null ? query : [...query, ['after', cursor]],
      family: 'predict/trading',
      ...call,
    });
    const { rows, next } = readMatchPage(json, instrument, seen);
    return { rows: identifyPage(rows), next, requests, clock: api.clock };
  };
}

/** Names that a renamed cursor could have. */
const LIKE_A_CURSOR = /cursor|next|after|pag/i;

/**
 * The cursor to older matches; null on the last page. The venue omits it there, so a missing cursor is the end of the history, unless the
 * answer has a value with a similar name: that is a renamed cursor.
 *
 * @throws PredictLabError SourceSchemaChanged for a renamed cursor
 */
export function cursorOf(body: JsonObject): string | null {
  const changed = (expected: string, got: unknown) =>
    schemaChanged({ venue: VENUE, where: WHERE, path: 'cursor', expected, got, sample: { ...body, data: '…' } });
  const { cursor } = body;
  if (cursor === undefined) {
    const renamed = Object.keys(body).some((name) => LIKE_A_CURSOR.test(name) && Boolean(body[name]));
    if (renamed) throw changed('a cursor, null or nothing', undefined);
    return null;
  }
  if (cursor !== null && typeof cursor !== 'string') throw changed('a cursor, null or nothing', cursor);
  return cursor === '' ? null : cursor;
}
