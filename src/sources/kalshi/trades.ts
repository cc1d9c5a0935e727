import { z } from 'zod';
import type { Instrument } from '../../contracts/market-data.ts';
import { DAY_MS } from '../../contracts/words.ts';
import type { BookLevels } from '../book.ts';
import { type ReadRow, tradeRow } from '../candidate.ts';
import { readName, readNumber, readTime } from '../catalogue/scalars.ts';
import { isObject, listInAnswer, objectAt, parsedBy } from '../catalogue/schema-drift.ts';
import { remembered } from '../http/listing.ts';
import { type RowRoute, rowsOfAnswer } from '../http/venue-changes.ts';
import type { Http } from '../http/venue-client.ts';
import { VenueError } from '../http/venue-error.ts';
import type { TradePage, TradeReader } from '../venue.ts';
import { VENUE } from './markets.ts';

/** Largest page of trades. */
const LIMIT = 1000;

const TRADES: RowRoute = {
  venue: VENUE,
  where: '/markets/trades',
  list: 'trades',
  required: [['trade_id'], ['ticker'], ['yes_price_dollars'], ['count_fp'], ['created_time'], ['taker_outcome_side', 'taker_side']],
  fields: {
    known:
      'trade_id ticker count_fp yes_price_dollars no_price_dollars taker_side taker_outcome_side taker_book_side created_time is_block_trade'.split(
        ' ',
      ),
    always: ['trade_id', 'count_fp', 'yes_price_dollars', 'taker_outcome_side', 'created_time'],
  },
};

/** Kalshi’s own id of a market. */
export const tickerOf = ({ id }: Instrument): string => id.slice(`${VENUE}:`.length);

/**
 * Reads one trade. The price is that of Yes; a taker who is positioned for No has sold Yes at that price.
 * `taker_side` is the older name of `taker_outcome_side`.
 */
export function readTrade(raw: unknown, instrument: Instrument): ReadRow {
  const row = isObject(raw) ? raw : {};
  const taker = readName(row.taker_outcome_side ?? row.taker_side)?.toLowerCase();
  const isOurs = row.ticker === undefined || row.ticker === tickerOf(instrument);
  const fields = {
    raw,
    time: readTime(row.created_time),
    price: readNumber(row.yes_price_dollars),
    size: readNumber(row.count_fp),
    side: taker === 'yes' ? ('buy' as const) : taker === 'no' ? ('sell' as const) : null,
    outcome: isOurs ? 0 : -1,
    outcomeName: taker === 'no' ? 'No' : 'Yes',
    id: readName(row.trade_id),
    block: row.is_block_trade === true,
  };
  return tradeRow(fields, instrument);
}

/** Reads one page of trades. @param seen fields that earlier pages of the walk had */
export function readTradePage(json: unknown, instrument: Instrument, seen?: Set<string>): TradePage {
  const rows = rowsOfAnswer(json, TRADES, seen).map((row) => readTrade(row, instrument));
  return { rows, next: readName(objectAt(json, { venue: VENUE, where: TRADES.where }).cursor) };
}

/** A cursor into the older trades, with the cutoff below which they are. */
const OLDER = /^historical:(\d+):(.*)$/s;
/** Time after which the cutoff, which moves, is read again. */
const CUTOFF_MS = 3_600_000;
const time = z
  .unknown()
  .transform((value) => readTime(value).value)
  .pipe(z.number('a time'));
const cutoffSchema = z.object({ trades_created_ts: time, market_settled_ts: time });
/** Largest step by which the cutoff may have moved since it was read. */
const STEP_MS = 30 * DAY_MS;

/**
 * Time below which the venue shows markets and trades by its historical routes only; UTC epoch milliseconds.
 *
 * @throws PredictLabError SourceSchemaChanged without such times
 */
export const cutoffOf = (api: Http, maxAgeMs = CUTOFF_MS): Promise<{ readonly trades: number; readonly markets: number }> =>
  remembered(api, 'cutoff', maxAgeMs, async () => {
    const at = { venue: VENUE, where: '/historical/cutoff' };
    const { trades_created_ts, market_settled_ts } = parsedBy(cutoffSchema, await api.get(at.where), at);
    return { trades: trades_created_ts, markets: market_settled_ts };
  });

/**
 * Reads the pages of a market's trades, newest first: those of the live route, then those below the cutoff. The cutoff may move forward
 * meanwhile: a trade that moves is on a live page already or on a historical one, and its id makes it one trade on both. Where it moves
 * back, trades may be on neither route, so the cutoff of the last live page is a part of the cursor into the older ones.
 */
export function trades(api: Http, instrument: Instrument): TradeReader {
  const seen = new Set<string>();
  const pageAt = async (cursor: string | null): Promise<TradePage> => {
    const [, cutoff, older] = OLDER.exec(cursor ?? '') ?? [];
    const at = older ?? cursor ?? '';
    const query = [['ticker', tickerOf(instrument)] as const, ['limit', LIMIT] as const, ...(at === '' ? [] : [['cursor', at] as const])];
    const route = cutoff === undefined ? '/markets/trades' : '/historical/trades';
    const { rows, next } = readTradePage(await api.get(route, query), instrument, seen);
    if (older === '') await refuseStepBack(api, instrument, Number(cutoff));
    if (next !== null) return { rows, next: cutoff === undefined ? next : `historical:${cutoff}:${next}` };
    if (cutoff !== undefined || (instrument.opensAt ?? 0) >= (await cutoffOf(api)).trades + STEP_MS) return { rows, next: null };
    const before = (await cutoffOf(api)).trades;
    const below = `historical:${Math.max(before, (await cutoffOf(api, 0)).trades)}:`;
    return rows.length > 0 ? { rows, next: below } : await pageAt(below);
  };
  return { read: pageAt };
}

/** @throws PredictLabError SourceUnavailable where the cutoff lies before that of the last live page */
async function refuseStepBack(api: Http, { id }: Instrument, before: number): Promise<void> {
  const now = (await cutoffOf(api, 0)).trades;
  if (now >= before) return;
  const [from, to] = [before, now].map((time) => new Date(time).toISOString());
  const what = `kalshi moved the cutoff of its older trades back from ${from} to ${to} while those of ${id} were read`;
  throw new VenueError('SourceUnavailable', `${what}, so some may be on neither side; trying again later`, { status: 200 });
}

/** Reads the levels of an order book, which has only bids. */
export function readBook(json: unknown): BookLevels {
  const at = { venue: VENUE, where: '/markets/{ticker}/orderbook' };
  const book = objectAt(objectAt(json, at).orderbook_fp, at);
  // a side without orders may be null or absent
  const side = (name: string): readonly unknown[] => (book[name] === null || book[name] === undefined ? [] : listInAnswer(book, name, at));
  return { bids: side('yes_dollars'), asks: [], secondBids: side('no_dollars') };
}
