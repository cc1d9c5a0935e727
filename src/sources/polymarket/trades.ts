import type { Instrument } from '../../contracts/market-data.ts';
import { tradeIdentity } from '../../market/identity.ts';
import type { BookLevels } from '../book.ts';
import { type ReadRow, tradeRow } from '../candidate.ts';
import { conditionId } from '../catalogue/condition-id.ts';
import { readName, readNumber, readSide, readTime } from '../catalogue/scalars.ts';
import { isObject, listInAnswer, objectAt, schemaChanged } from '../catalogue/schema-drift.ts';
import { noteFields, type RowRoute, rowsOfAnswer } from '../http/venue-changes.ts';
import type { Http } from '../http/venue-client.ts';
import type { SharedTrades, TradePage, TradeReader } from '../venue.ts';

/** The source type of this venue, and the first part of its instruments’ ids. */
export const VENUE = 'polymarket';

/** Polymarket’s own id of a market. */
export const conditionIdOf = (instrument: Instrument): string => instrument.id.slice(`${VENUE}:`.length);

/** Maximum number of trades per page on both routes, which reject larger limits. */
const LIMIT = 1000;

/**
 * The routes for trades: Data v2 (snake case) and the older v1 (camel case). Fields that only identify a trade are required too: if one
 * were renamed, every trade would look new. The fields of v2 are those recorded on 2026-09-08.
 */
export const TRADE_ROUTES = {
  '/v2/trades': {
    venue: VENUE,
    where: '/v2/trades',
    list: 'data',
    required: [['token_id'], ['side'], ['price'], ['size'], ['timestamp'], ['transaction_hash'], ['proxy_wallet']],
    fields: {
      known: (
        'proxy_wallet side token_id condition_id size price timestamp title slug icon event_slug outcome outcome_index name pseudonym bio ' +
        'profile_image profile_image_optimized transaction_hash'
      ).split(' '),
      neverNull: ['transaction_hash', 'proxy_wallet'],
    },
  },
  '/trades': {
    venue: VENUE,
    where: '/trades',
    list: '$',
    required: [['asset'], ['side'], ['price'], ['size'], ['timestamp'], ['transactionHash'], ['proxyWallet']],
  },
} as const satisfies Record<string, RowRoute>;

/** Reads one trade of either version. */
export function readTrade(raw: unknown, instrument: Instrument): ReadRow {
  const row = isObject(raw) ? raw : {};
  const token = readName(row.token_id ?? row.asset);
  const outcome = token === null ? -1 : instrument.outcomeIds.indexOf(token);
  const [time, price, size] = [readTime(row.timestamp), readNumber(row.price), readNumber(row.size)];
  const side = readSide(row.side);
  // The venue writes the index 999 for an outcome without a name.
  const label = row.outcome_index ?? row.outcomeIndex;
  const unnamed = outcome >= 0 || label === undefined || label === 999 ? null : readName(label);
  const transaction = readName(row.transaction_hash ?? row.transactionHash);
  const id = [transaction, token, readName(row.proxy_wallet ?? row.proxyWallet), side, price.value, size.value, time.value];
  return tradeRow({ raw, time, price, size, side, outcome, outcomeName: readName(row.outcome) ?? unnamed, id }, instrument);
}

/** Reads one page of trades. The older route has no cursor. @param seen fields that earlier pages of the walk had */
export function readTradePage(json: unknown, instrument: Instrument, where: keyof typeof TRADE_ROUTES, seen?: Set<string>): TradePage {
  const rows = rowsOfAnswer(json, TRADE_ROUTES[where], seen).map((row) => readTrade(row, instrument));
  return { rows, next: where === '/v2/trades' ? nextCursor(json, where) : null };
}

/** The last row of a page. The next page may start with another trade of the same content. */
interface PageEnd {
  readonly cursor: string | null;
  /** Content identity of the last row. */
  readonly content: string;
  /** Number of rows with each content on the page; complete once the page's rows have their identities. */
  readonly copies: ReadonlyMap<string, number>;
}

/** Reads the pages of `GET /v2/trades` by cursor, newest first. Each fill appears once, as its taker's trade. */
export function tradesV2(data: Http, instrument: Instrument): TradeReader {
  const seen = new Set<string>();
  const ends = new Map<string, PageEnd>();
  const page = async (cursor: string | null, limit: number): Promise<TradePage> => {
    const query = [
      ['condition', conditionIdOf(instrument)],
      ['limit', limit],
      ['taker_only', true],
      // A cursor is only a position, so every request must repeat the filters.
      ...(cursor === null ? [] : ([['cursor', cursor]] as const)),
    ] as const;
    return readTradePage(await data.get('/v2/trades', query, 'data-trades'), instrument, '/v2/trades', seen);
  };

  /** Counts how often a content occurs on a page that spans the boundary of two pages. More copies than the two pages have are further trades, not repeats. */
  const copiesAcross = async ({ cursor, content }: PageEnd): Promise<number> => {
    const half = await page(cursor, LIMIT / 2);
    if (half.next === null) return 0;
    const across = await page(half.next, LIMIT);
    return across.rows.filter((row) => row.defect === null && tradeIdentity(row.content) === content).length;
  };

  return {
    async read(cursor) {
      const { rows, next } = await page(cursor, LIMIT);
      const before = cursor === null ? undefined : ends.get(cursor);
      const copies = new Map<string, number>();
      const [first] = rows;
      if (before !== undefined && first?.defect === null && tradeIdentity(first.content) === before.content) {
        const known = before.copies.get(before.content) ?? 0;
        if ((await copiesAcross(before)) > known) copies.set(before.content, known);
      }
      const last = rows.at(-1);
      if (next !== null && last?.defect === null) ends.set(next, { cursor, content: tradeIdentity(last.content), copies });
      return { rows, next, copies };
    },
  };
}

/** Number of rows at a page's end whose newest time counts as the time that the page reaches, so that one wrong time does no harm. */
const COMPARED_ROWS = 3;

/** Key of a host's memory, set once the host has answered a request for several condition ids with trades of several markets. */
const READS_SEVERAL = 'reads several conditions';

/**
 * Reads the newest trades of up to 20 markets by one request of `GET /v2/trades`.
 * @returns undefined for an answer that cannot be used: it is not newest first, so it does not show which time it covers, or its host may
 *   read only one of several condition ids
 */
export async function sharedTradesV2(data: Http, instruments: readonly Instrument[]): Promise<SharedTrades | undefined> {
  const query = [
    ['condition', instruments.map(conditionIdOf).join(',')],
    ['limit', LIMIT],
    ['taker_only', true],
  ] as const;
  const json = await data.get('/v2/trades', query, 'data-trades');
  const byCondition = new Map(instruments.map((instrument) => [conditionIdOf(instrument), instrument]));
  const byToken = new Map(instruments.flatMap((instrument) => instrument.outcomeIds.map((token) => [token, instrument] as const)));
  const rows = new Map<string, ReadRow[]>();
  const times: number[] = [];
  for (const raw of rowsOfAnswer(json, TRADE_ROUTES['/v2/trades'])) {
    const { token_id: token, condition_id: condition } = isObject(raw) ? raw : {};
    const instrument = byCondition.get(conditionId(readName(condition) ?? '')) ?? byToken.get(readName(token) ?? '');
    // a row of another market has no place here, while the walk of a single market would quarantine it
    if (instrument === undefined) return undefined;
    const row = readTrade(raw, instrument);
    if (row.time === null || row.time > (times.at(-1) ?? Number.POSITIVE_INFINITY)) return undefined;
    times.push(row.time);
    const before = rows.get(instrument.id);
    if (before === undefined) rows.set(instrument.id, [row]);
    else before.push(row);
  }
  if (rows.size > 1) data.memory.set(READS_SEVERAL, true);
  else if (rows.size === 1 && instruments.length > 1 && !data.memory.has(READS_SEVERAL)) return undefined;
  if (nextCursor(json, '/v2/trades') === null) {
    const lacks = instruments.some(({ id, stated }) => (stated?.volume ?? 0) > 0 && !rows.has(id));
    return lacks ? undefined : { rows, after: Number.NEGATIVE_INFINITY };
  }
  if (times.length < COMPARED_ROWS) return undefined;
  return { rows, after: times[times.length - COMPARED_ROWS] };
}

/** Largest offset of the v1 route. */
const V1_LAST_OFFSET = 10_000;

/**
 * Reads the pages of the older `GET /trades`, only where configured: the venue is retiring it. Its offset ends at 10,000 rows, and pages
 * may repeat silently before that; the walk then covers only the time that it has seen.
 */
export function tradesV1(data: Http, instrument: Instrument): TradeReader {
  const seen = new Set<string>();
  return {
    async read(cursor) {
      const offset = cursor === null ? 0 : Number(cursor);
      const query = [
        ['market', conditionIdOf(instrument)],
        ['limit', LIMIT],
        ['offset', offset],
        ['takerOnly', true],
      ] as const;
      const { rows } = readTradePage(await data.get('/trades', query, 'data-trades'), instrument, '/trades', seen);
      // At the last offset the same page is requested again, and the walk takes the repeated page as the end of paging.
      return { rows, next: rows.length >= LIMIT ? String(Math.min(offset + LIMIT, V1_LAST_OFFSET)) : null };
    },
    repeats: 'end-of-paging',
  };
}

/**
 * The cursor to older rows in a Data v2 answer; null on the last page. A missing key is a changed schema, since it would look like a last
 * page.
 * @throws PredictLabError SourceSchemaChanged
 */
export function nextCursor(json: unknown, where: string): string | null {
  const at = { venue: VENUE, where };
  const body = objectAt(json, at);
  // Some answers have the cursor beside the list, as Gamma's have.
  const paging: unknown = body.pagination === undefined && 'next_cursor' in body ? body : body.pagination;
  const path = paging === body ? 'next_cursor' : 'pagination.next_cursor';
  const changed = (where: string, expected: string, got: unknown) =>
    schemaChanged({ ...at, path: where, expected, got, sample: paging === body ? { next_cursor: body.next_cursor } : (paging ?? json) });
  if (!isObject(paging)) throw changed('pagination', 'an object', paging);
  const { next_cursor: next, has_more: more } = paging;
  // `has_more: false` with a cursor is a contradiction: then the cursor counts, unless the page is empty.
  const isEmpty = Array.isArray(body.data) && body.data.length === 0;
  if (more === false && (isEmpty || typeof next !== 'string')) return null;
  if (typeof next === 'string' && next !== '') return next;
  if (more === false) return null;
  if (more === true || (next !== null && next !== '')) throw changed(path, 'a cursor or null', next);
  return null;
}

/** All fields of an order book that recorded answers have or that a client of the venue reads. */
const BOOK_FIELDS = 'market asset_id timestamp hash bids asks min_order_size tick_size neg_risk last_trade_price'.split(' ');

/** Reads the levels of an order book. */
export function readBook(json: unknown): BookLevels {
  const at = { venue: VENUE, where: '/book' };
  const levels = { bids: listInAnswer(json, 'bids', at), asks: listInAnswer(json, 'asks', at) };
  noteFields(VENUE, '/book', [json], { known: BOOK_FIELDS, always: ['bids', 'asks', 'timestamp'], neverNull: ['timestamp'], least: 1 });
  return { ...levels, at: (json as { timestamp?: unknown }).timestamp };
}
