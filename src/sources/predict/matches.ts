import type { Instrument } from '../../contracts/market-data.ts';
import type { BookLevels } from '../book.ts';
import { type ReadRow, tradeRow } from '../candidate.ts';
import { readName, readNumber, readScaled, readSide, readTime } from '../catalogue/scalars.ts';
import { isObject, type JsonObject, listInAnswer, objectAt, schemaChanged } from '../catalogue/schema-drift.ts';
import { noteFields, type RowRoute, rowsOfAnswer } from '../http/venue-changes.ts';
import type { Http } from '../http/venue-client.ts';
import type { TradePage, TradeReader } from '../venue.ts';

/** The source type of this venue, and the first part of its instruments’ ids. */
export const VENUE = 'predict';

const WHERE = '/v1/orders/matches';
/** Page size: the largest that known clients of the venue use. */
const FIRST = 100;

/** The route for the matches of a market, with the fields of September 2026. Without one of the required fields, the schema has changed. */
export const MATCHES: RowRoute = {
  venue: VENUE,
  where: WHERE,
  list: 'data',
  required: [
    ['settlementId'],
    ['executedAt'],
    ['priceExecuted'],
    ['amountFilled'],
    ['taker.quoteType'],
    ['taker.outcome.indexSet', 'taker.outcome.onChainId'],
  ],
  fields: { known: ['settlementId', 'executedAt', 'priceExecuted', 'amountFilled', 'transactionHash', 'market', 'taker', 'makers'] },
};

/** Predict.fun’s own id of a market. */
export const marketIdOf = (instrument: Instrument): string => instrument.id.slice(`${VENUE}:`.length);

/**
 * Reads one match. Price and amount are integers scaled by 10^18; `priceExecuted` is the traded price of the taker's outcome,
 * `taker.price` its limit.
 */
export function readMatch(raw: unknown, instrument: Instrument): ReadRow {
  const match: JsonObject = isObject(raw) ? raw : {};
  const taker: JsonObject = isObject(match.taker) ? match.taker : {};
  const outcome: JsonObject = isObject(taker.outcome) ? taker.outcome : {};
  const fields = {
    raw,
    time: readTime(match.executedAt),
    price: readScaled(match.priceExecuted),
    size: readScaled(match.amountFilled),
    side: readSide(taker.quoteType),
    outcome: outcomeIndex(outcome, instrument),
    outcomeName: readName(outcome.name),
    id: readName(match.settlementId),
  };
  return tradeRow(fields, instrument);
}

/** Index (0 or 1) of an outcome, by its id on the chain or else by its index set (1 or 2); −1 for an outcome of another market. */
function outcomeIndex({ onChainId, indexSet }: JsonObject, { outcomeIds }: Instrument): number {
  const id = readName(onChainId);
  if (id !== null) return outcomeIds.indexOf(id);
  const set = readNumber(indexSet).value;
  return set === 1 || set === 2 ? set - 1 : -1;
}

/** Reads one page of matches. @param seen fields that earlier pages of the walk had */
export function readMatchPage(json: unknown, instrument: Instrument, seen?: Set<string>): TradePage {
  const rows = rowsOfAnswer(json, MATCHES, seen).map((row) => readMatch(row, instrument));
  return { rows, next: cursorOf(objectAt(json, { venue: VENUE, where: WHERE })) };
}

/** Reads the pages of `GET /v1/orders/matches`: newest first, by cursor, without a time filter. */
export function matches(api: Http, instrument: Instrument): TradeReader {
  const seen = new Set<string>();
  return {
    async read(cursor) {
      const query = [
        ['marketId', marketIdOf(instrument)],
        ['first', FIRST],
        ...(cursor === null ? [] : ([['after', cursor]] as const)),
      ] as const;
      return readMatchPage(await api.get(WHERE, query, 'trading'), instrument, seen);
    },
  };
}

/** Matches names that the cursor could have after it was renamed. */
const LIKE_A_CURSOR = /cursor|next|after|pag/i;

/**
 * The cursor to older matches; null on the last page, where the venue omits it. A non-empty field with a similar name is a renamed cursor.
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

/** All fields of an order book in recorded answers. */
const BOOK_FIELDS = 'marketId updateTimestampMs bids asks lastOrderSettled orderCount settlementsPending'.split(' ');

/** Reads the levels of an order book, which the venue quotes for the first outcome (index set 1). */
export function readBook(json: unknown): BookLevels {
  const at = { venue: VENUE, where: '/v1/markets/{id}/orderbook' };
  const data = objectAt(objectAt(json, at).data, at);
  const always = ['bids', 'asks', 'updateTimestampMs'];
  noteFields(VENUE, at.where, [data], { known: BOOK_FIELDS, always, neverNull: ['updateTimestampMs'], least: 1 });
  return { bids: listInAnswer(data, 'bids', at), asks: listInAnswer(data, 'asks', at), at: data.updateTimestampMs };
}
