import type { Instrument } from '../../contracts/market-data.ts';
import { tradeIdentity } from '../../market/identity.ts';
import { identifyPage, type ReadRow } from '../candidate.ts';
import { listInAnswer, refuseRenamedFields } from '../catalogue/schema-drift.ts';
import { noteFields } from '../http/venue-changes.ts';
import type { VenueClient } from '../http/venue-client.ts';
import type { HistoryPage } from '../walk/newest-first-walk.ts';
import { type Call, VENUE } from './api.ts';
import { nextCursor } from './pagination.ts';
import { readTrade, TRADE_FIELDS } from './trade-row.ts';

/** Polymarket’s own id of a market. */
export const conditionIdOf = (instrument: Instrument): string => instrument.id.slice(`${VENUE}:`.length);

/** Largest page of Data v2, which rejects larger limits. */
const V2_LIMIT = 1000;

/** Fields of a Data v2 trade as recorded on 2026-09-08. */
const V2_FIELDS = (
  'proxy_wallet side token_id condition_id size price timestamp title slug icon event_slug outcome outcome_index name pseudonym bio ' +
  'profile_image profile_image_optimized transaction_hash'
).split(' ');

/** The end of a page. The next page may start with another copy of its last row. */
interface PageEnd {
  readonly cursor: string | null;
  /** Content identity of the last row; `copies` counts this content on the page. */
  readonly content: string;
  readonly copies: number;
}

/** Reads one page of trades. The older route has a bare list and no cursor. @param seen fields that earlier pages of the walk had */
export function readTradePage(
  json: unknown,
  instrument: Instrument,
  where: '/v2/trades' | '/trades',
  seen?: Set<string>,
): { readonly rows: readonly ReadRow[]; readonly next: string | null } {
  const isNewer = where === '/v2/trades';
  const list = isNewer ? 'data' : '$';
  const rows = listInAnswer(json, list, { venue: VENUE, where });
  refuseRenamedFields(rows, TRADE_FIELDS, { venue: VENUE, where, list }, seen);
  if (isNewer) noteFields(VENUE, where, rows, { known: V2_FIELDS, neverNull: ['transaction_hash', 'proxy_wallet'] });
  return { rows: rows.map((row) => readTrade(row, instrument)), next: isNewer ? nextCursor(json, where) : null };
}

/** Returns a reader of the pages of `GET /v2/trades`: by cursor, newest first, each fill once (its taker side). */
export function tradesV2(data: VenueClient, instrument: Instrument, call: Call): (cursor: string | null) => Promise<HistoryPage> {
  const where = '/v2/trades';
  const seen = new Set<string>();
  const ends = new Map<string, PageEnd>();
  const read = async (cursor: string | null, limit: number) => {
    const query = [
      ['condition', conditionIdOf(instrument)],
      ['limit', limit],
      ['taker_only', true],
    ] as const;
    const answer = await data.get({
      path: where,
      // the cursor is only a position: the filters must be sent again
      query: cursor === null ? query : [...query, ['cursor', cursor]],
      family: 'polymarket/data-trades',
      ...call,
    });
    return { ...readTradePage(answer.json, instrument, where, seen), requests: answer.requests };
  };

  /**
   * Counts the copies of a content on a page that spans the end of one page and the start of the next, which distinguishes another copy
   * from a repeated row.
   */
  const copiesAcross = async ({ cursor, content }: PageEnd): Promise<{ readonly copies: number; readonly requests: number }> => {
    const half = await read(cursor, V2_LIMIT / 2);
    if (half.next === null) return { copies: 0, requests: half.requests };
    const across = await read(half.next, V2_LIMIT);
    const copies = across.rows.filter((row) => row.defect === null && tradeIdentity(row.content) === content).length;
    return { copies, requests: half.requests + across.requests };
  };

  return async (cursor) => {
    const page = await read(cursor, V2_LIMIT);
    const before = cursor === null ? undefined : ends.get(cursor);
    const copies = new Map<string, number>();
    let { requests } = page;
    const [first] = page.rows;
    if (before !== undefined && first?.defect === null && tradeIdentity(first.content) === before.content) {
      const across = await copiesAcross(before);
      requests += across.requests;
      if (across.copies > before.copies) copies.set(before.content, before.copies);
    }
    const rows = identifyPage(page.rows, copies);
    const last = page.rows.at(-1);
    if (page.next !== null && last?.defect === null) {
      const content = tradeIdentity(last.content);
      ends.set(page.next, { cursor, content, copies: copies.get(content) ?? 0 });
    }
    return { rows, next: page.next, requests, clock: data.clock };
  };
}

/** Largest page and offset of the v1 route, which refuses larger ones. */
const V1_LIMIT = 1000;
const V1_LAST_OFFSET = 10_000;

/**
 * Returns a reader of the pages of the older `GET /trades`, which is used only by configuration since the venue is retiring it. The offset
 * stops at 10,000 rows and may silently repeat a page before that; the walk then covers only the time it really saw.
 */
export function tradesV1(data: VenueClient, instrument: Instrument, call: Call): (cursor: string | null) => Promise<HistoryPage> {
  const where = '/trades';
  const seen = new Set<string>();
  return async (cursor) => {
    const offset = cursor === null ? 0 : Number(cursor);
    const answer = await data.get({
      path: where,
      query: [
        ['market', conditionIdOf(instrument)],
        ['limit', V1_LIMIT],
        ['offset', offset],
        ['takerOnly', true],
      ],
      family: 'polymarket/data-trades',
      ...call,
    });
    const { rows } = readTradePage(answer.json, instrument, where, seen);
    const more = rows.length >= V1_LIMIT;
    return {
      rows: identifyPage(rows),
      // past the last offset the same page is requested again, which the walk treats as the end of paging
      next: more ? String(Math.min(offset + V1_LIMIT, V1_LAST_OFFSET)) : null,
      requests: answer.requests,
      clock: data.clock,
    };
  };
}
