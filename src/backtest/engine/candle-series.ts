import { badInput } from '../../contracts/errors.ts';
import type { MarketKind } from '../../contracts/words.ts';

/**
 * Candles of one instrument and interval as columns of equal length, oldest first; empty buckets are absent. `openTime` is UTC epoch
 * milliseconds and strictly rising; `volume` is NaN where the ticks had no size.
 */
export interface CandleSeries {
  readonly length: number;
  readonly openTime: Float64Array;
  readonly open: Float64Array;
  readonly high: Float64Array;
  readonly low: Float64Array;
  readonly close: Float64Array;
  readonly volume: Float64Array;
  /** The series that these bars are a part of, and the bar at which they start. The default half-spread depends on the bars before. */
  readonly within?: { readonly candles: CandleSeries; readonly from: number };
}

/** The columns that hold prices. */
export const PRICE_COLUMNS = ['open', 'high', 'low', 'close'] as const;
const COLUMNS = ['openTime', ...PRICE_COLUMNS, 'volume'] as const;

/** Length of a bar where none is stated, in milliseconds: the smallest step between two bars; 0 for fewer than two bars. */
export function barLength({ openTime, length }: Pick<CandleSeries, 'openTime' | 'length'>): number {
  let least = Number.POSITIVE_INFINITY;
  for (let i = 1; i < length; i++) least = Math.min(least, openTime[i] - openTime[i - 1]);
  return length < 2 ? 0 : least;
}

/** Length after which a bar has certainly closed: days with a change to or from daylight saving last up to 25 hours. Milliseconds. */
export function longestBar({ openTime, length }: Pick<CandleSeries, 'openTime' | 'length'>): number {
  const least = barLength({ openTime, length });
  let most = least;
  for (let i = 1; i < length; i++) {
    const step = openTime[i] - openTime[i - 1];
    if (step > most && step < 1.5 * least) most = step;
  }
  return most;
}

/** The last `length` bars of a series, or all of its bars if there are fewer; shares memory with `candles`. */
export const lastCandles = (candles: CandleSeries, length: number): CandleSeries =>
  candles.length <= length ? candles : candlesBetween(candles, candles.length - length, candles.length);

/** The bars `[from, to)` of a series; shares memory with `candles`. */
export const candlesBetween = (candles: CandleSeries, from: number, to: number): CandleSeries => ({
  length: to - from,
  openTime: candles.openTime.subarray(from, to),
  open: candles.open.subarray(from, to),
  high: candles.high.subarray(from, to),
  low: candles.low.subarray(from, to),
  close: candles.close.subarray(from, to),
  volume: candles.volume.subarray(from, to),
});

/** The bars `[from, to)` of a series that is traded from `from` on; the earlier bars stay known. */
export const partOf = (candles: CandleSeries, from: number, to: number): CandleSeries => ({
  ...candlesBetween(candles, from, to),
  within: { candles, from },
});

/** Returns the reason why a series cannot be backtested: the first bad bar and what to do; undefined for a valid series. */
export function candleProblem(candles: CandleSeries, market: MarketKind | 'any', whereOf: (bar: number) => string): string | undefined {
  for (const column of COLUMNS) {
    if (candles[column].length !== candles.length) return `the column ${column} has ${candles[column].length} rows, not ${candles.length}`;
  }
  for (let i = firstSuspect(candles, market); i < candles.length; i++) {
    const time = candles.openTime[i];
    if (!Number.isFinite(time)) return `${whereOf(i)}: open_time is not a time; give ISO 8601 in UTC`;
    if (i > 0 && time <= candles.openTime[i - 1]) return disorder(candles, i, whereOf);
    for (const column of PRICE_COLUMNS) {
      const price = candles[column][i];
      if (!Number.isFinite(price)) return `${whereOf(i)}: ${column} is not a number; repair or remove the bar`;
      if (market === 'probability' && (price < 0 || price > 1)) {
        return `${whereOf(i)}: ${column} ${price} is outside 0..1; probabilities are fractions, use the market kind asset for other prices`;
      }
      if (market === 'asset' && price <= 0) return `${whereOf(i)}: ${column} ${price} is not a positive price; repair or remove the bar`;
    }
    if (market !== 'any' && candles.high[i] < candles.low[i])
      return `${whereOf(i)}: high ${candles.high[i]} is below low ${candles.low[i]}; repair or remove the bar`;
    if (candles.volume[i] < 0) return `${whereOf(i)}: volume ${candles.volume[i]} is negative; repair or remove the bar`;
  }
  return undefined;
}

/** Error text for a bar that is not later than the bar before it. Sorting helps unless two bars of the same time differ. */
function disorder(candles: CandleSeries, bar: number, whereOf: (bar: number) => string): string {
  const firstOfTime = new Map<number, number>();
  for (const [i, time] of candles.openTime.entries()) {
    const first = firstOfTime.get(time) ?? i;
    if (first < i && Number.isFinite(time) && PRICE_COLUMNS.some((column) => candles[column][i] !== candles[column][first]))
      return `${whereOf(i)}: an earlier bar has the same open_time and other prices; keep the bars of one instrument and interval`;
    firstOfTime.set(time, first);
  }
  return candles.openTime[bar] === candles.openTime[bar - 1]
    ? `${whereOf(bar)}: open_time repeats the bar before; keep one bar for each time`
    : `${whereOf(bar)}: open_time is earlier than the bar before; sort the bars by time`;
}

/** Index of the first bar that may be bad. Every backtest runs this check, so it takes one pass and builds no messages. */
function firstSuspect({ length, openTime, open, high, low, close, volume }: CandleSeries, market: MarketKind | 'any'): number {
  const least = market === 'asset' ? Number.MIN_VALUE : market === 'probability' ? 0 : -Number.MAX_VALUE;
  const most = market === 'probability' ? 1 : Number.MAX_VALUE;
  let before = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < length; i++) {
    const time = openTime[i];
    const good =
      time > before &&
      open[i] >= least &&
      open[i] <= most &&
      low[i] >= least &&
      high[i] >= low[i] &&
      high[i] <= most &&
      close[i] >= least &&
      close[i] <= most &&
      // also accepts NaN, the volume of bars whose ticks have no size
      !(volume[i] < 0);
    if (!good) return i;
    before = time;
  }
  return Number.isFinite(before) ? length : 0;
}

/** Checks that a series can be backtested. @throws PredictLabError BadInput for fewer than two bars or a bad bar */
export function requireTradable(candles: CandleSeries, market: MarketKind, names: SeriesNames = PLAIN_NAMES): void {
  if (candles.length < 2) {
    const has = candles.length === 0 ? 'are no bars' : 'is one bar';
    throw badInput(`${names.series}: a backtest needs at least two bars (it decides on one and fills on the next), there ${has}`);
  }
  const problem = candleProblem(candles, market, names.whereOf);
  if (problem !== undefined) throw badInput(problem);
}

/** Names of a series and its bars in messages: `candles.csv`, `candles.csv, line 12`. */
export interface SeriesNames {
  readonly series: string;
  readonly whereOf: (bar: number) => string;
}

const PLAIN_NAMES: SeriesNames = { series: 'the candles', whereOf: (bar) => `bar ${bar}` };
