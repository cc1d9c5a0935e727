import type { Instrument } from '../../contracts/market-data.ts';
import { identifyPage } from '../candidate.ts';
import type { HistoryPage } from '../newest-first-walk.ts';
import { listAt, objectAt, refuseRenamedFields, schemaChanged } from '../schema-drift.ts';
import { type Call, type PredictApi, VENUE } from './api.ts';
import { MATCH_FIELDS, readMatch } from './match-row.ts';

const WHERE = '/v1/orders/matches';
/** The largest page that every client seen in the wild uses. */
const FIRST = 100;

export const marketIdOf = (instrument: Instrument): string => instrument.id.slice(`${VENUE}:`.length);

/** Reads pages of `GET /v1/orders/matches`: newest first, by cursor, without any time filter. */
export function matches(api: PredictApi, instrument: Instrument, call: Call): (cursor: string | null) => Promise<HistoryPage> {
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
    const at = { venue: VENUE, where: WHERE };
    const rows = listAt(json, 'data', at);
    refuseRenamedFields(rows, MATCH_FIELDS, { ...at, list: 'data' });
    const next = objectAt(json, at).cursor;
    if (next !== null && next !== undefined && typeof next !== 'string') {
      throw schemaChanged({ ...at, path: 'cursor', expected: 'a cursor, null or nothing', got: next, sample: json });
    }
    // the venue leaves the cursor out on the last page; a full page without one would be a renamed cursor
    if (next === undefined && rows.length >= FIRST) {
      throw schemaChanged({
        ...at,
        path: 'cursor',
        expected: 'a cursor after a full page',
        got: next,
        sample: Object.keys(objectAt(json, at)),
      });
    }
    return {
      rows: identifyPage(rows.map((row) => readMatch(row, instrument))),
      next: next === undefined || next === '' ? null : next,
      requests,
    };
  };
}
