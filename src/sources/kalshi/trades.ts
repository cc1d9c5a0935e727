import type { Instrument, TimeRange } from '../../contracts/market-data.ts';
import type { TimedVolume } from '../../market/second-witness.ts';
import { type BookLevels, bidsOfBoth } from '../book.ts';
import { type ReadRow, tradeRow } from '../candidate.ts';
import { readName, readNumber, readTime } from '../catalogue/scalars.ts';
import { isObject, objectAt, timesIn, valueAt } from '../catalogue/schema-drift.ts';
import { itemsByName, remembered, undefinedIfRefused } from '../http/listing.ts';
import { type RowRoute, rowsOfAnswer } from '../http/venue-changes.ts';
import type { Http, QueryPairs } from '../http/venue-client.ts';
import type { SharedLook } from '../source.ts';
import type { SharedTrades, TradeReader } from '../venue.ts';
import { splitHistory } from '../walk/split-history.ts';
import { sharedFromTape } from '../walk/venue-tape.ts';
import { VENUE } from './markets.ts';

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
 * Reads one trade. The price is that of Yes; a taker who bought No has sold Yes at that price. `taker_side` is the older name of
 * `taker_outcome_side`.
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

/** Reads trades as the venue sends them, newest first: recent ones on one route, those below the cutoff on the historical one. */
function history(api: Http, of: string, query: QueryPairs, from: number) {
  const seen = new Set<string>();
  return splitHistory({
    venue: VENUE,
    of,
    from,
    cutoff: async (isNew) => (await cutoffOf(api, isNew ? 0 : undefined)).trades,
    async page(isOlder, cursor) {
      const limited: QueryPairs = [...query, ['limit', 1000], ...(cursor === null ? [] : [['cursor', cursor] as const])];
      const json = await api.get(isOlder ? '/historical/trades' : TRADES.where, limited);
      return { rows: rowsOfAnswer(json, TRADES, seen), next: readName(objectAt(json, { venue: VENUE, where: TRADES.where }).cursor) };
    },
  });
}

/** Reads the trades of one market. */
export function trades(api: Http, instrument: Instrument): TradeReader {
  const pages = history(api, instrument.id, [['ticker', tickerOf(instrument)]], instrument.opensAt ?? 0);
  return {
    async read(cursor) {
      const { rows, next } = await pages.read(cursor);
      return { rows: rows.map((row) => readTrade(row, instrument)), next };
    },
  };
}

/** Reads the trades of several markets by reading those of the whole exchange. */
export const sharedTrades = (api: Http, instruments: readonly Instrument[], look: SharedLook): Promise<SharedTrades | undefined> =>
  sharedFromTape(api, instruments, look, {
    ...history(api, 'all markets', [], 0),
    placeOf: ({ ticker, created_time: at }) => ({ market: readName(ticker), time: readTime(at).value }),
    readTrade,
  });

/** Time after which the cutoff is read again, because it moves. */
const CUTOFF_MS = 3_600_000;

/** Cutoffs in epoch milliseconds: older trades and markets are on historical routes alone. @throws PredictLabError SourceSchemaChanged */
export const cutoffOf = (api: Http, maxAgeMs = CUTOFF_MS): Promise<{ readonly trades: number; readonly markets: number }> =>
  remembered(api, 'cutoff', maxAgeMs, async () => {
    const at = { venue: VENUE, where: '/historical/cutoff' };
    const [trades, markets] = timesIn(await api.get(at.where), ['trades_created_ts', 'market_settled_ts'], at);
    return { trades, markets };
  });

/** Reads the volume of each hour in a range. The candlesticks of a market that settled before the cutoff are on a historical route. */
export async function hourlyVolumes(api: Http, instrument: Instrument, range: TimeRange): Promise<readonly TimedVolume[]> {
  const ticker = tickerOf(instrument);
  const period = Object.entries({ start_ts: range.from / 1000, end_ts: range.to / 1000, period_interval: 60 });
  const of = { names: [ticker], parameter: 'market_tickers', most: 1, query: period };
  const [listed] = await itemsByName(api, '/markets/candlesticks', 'markets', of);
  const volumes = hourVolumes(listed?.candlesticks, { end: 'end_period_ts', volume: 'volume_fp' }, range);
  if (volumes.length > 0) return volumes;
  const settled = await undefinedIfRefused(api.get(`/historical/markets/${encodeURIComponent(ticker)}/candlesticks`, period));
  return hourVolumes(valueAt(settled, 'candlesticks'), { end: 'end_period_ts', volume: 'volume' }, range);
}

/** Reads the levels of an order book, which has only bids. */
export const readBook = (json: unknown): BookLevels =>
  bidsOfBoth(json, { venue: VENUE, where: '/markets/{ticker}/orderbook' }, ['orderbook_fp', 'yes_dollars', 'no_dollars']);

const HOUR_MS = 3_600_000;

/**
 * Reads the volumes of the hourly candlesticks in a range. An hour between the first and the last of them without a candlestick had no
 * trades. Candlesticks outside the range are ignored, however far away they are.
 */
export function hourVolumes(
  candles: unknown,
  fields: { readonly end: string; readonly volume: string },
  range: TimeRange,
): readonly TimedVolume[] {
  const volumes = new Map<number, number>();
  for (const candle of Array.isArray(candles) ? candles.filter(isObject) : []) {
    const [{ value: end }, { value: volume }] = [readTime(candle[fields.end]), readNumber(candle[fields.volume])];
    // an unreadable candlestick may belong to any missing hour, so the volume of no hour is certain
    if (end === null || end % HOUR_MS !== 0 || volume === null) return [];
    if (end > range.from && end <= range.to) volumes.set(end, volume);
  }
  const ends = [...volumes.keys()];
  const [first, last] = [Math.min(...ends), Math.max(...ends)];
  const stated: TimedVolume[] = [];
  for (let to = first; to <= last; to += HOUR_MS) stated.push({ from: to - HOUR_MS, to, volume: volumes.get(to) ?? 0 });
  return stated;
}
