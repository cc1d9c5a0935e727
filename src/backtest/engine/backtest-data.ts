import { PredictLabError } from '../../contracts/errors.ts';
import { INTERVAL_MS } from '../../contracts/words.ts';
import { hashData, hashText } from '../proof/passport.ts';
import { barLength, type CandleSeries, longestBar, requireTradable, type SeriesNames } from './candle-series.ts';
import type { Market } from './market.ts';
import type { IndicatorCache } from './window/series-view.ts';
import type { TwinSeries } from './window/twin-bars.ts';

/** A checked series and its market, with what all trials on it share. The series must not change afterwards. */
export interface BacktestData {
  readonly candles: CandleSeries;
  readonly market: Market;
  /** {@link hashData} */
  readonly hash: string;
  readonly indicators: IndicatorCache;
  /** How long a bar lasts; milliseconds. */
  readonly barMs: number;
  readonly twin: TwinSeries | null;
}

/** What is known of a series beside its bars. */
interface SeriesFacts {
  /** The series in the reader's words, for messages. */
  readonly names?: SeriesNames;
  /** How long a bar lasts, where that is known: bars of a market that is seldom traded are never one after the other; milliseconds. @default {@link barLength} */
  readonly barMs?: number | undefined;
  /** The same question at another venue. @default none is known */
  readonly twin?: TwinInput | null;
}

/** A twin's bars, before they are checked. */
export interface TwinInput extends Pick<TwinSeries, 'id' | 'candles'> {
  /** @default their largest step that is no gap: a bar is not known before its time is over; milliseconds */
  readonly barMs?: number;
  /** @default the twin, by its id */
  readonly names?: SeriesNames;
}

/**
 * Checks a series once, for any number of trials.
 *
 * @throws PredictLabError BadInput, see {@link requireTradable}, or when bars overlap
 */
export function backtestData(candles: CandleSeries, market: Market, { names, barMs, twin = null }: SeriesFacts = {}): BacktestData {
  requireTradable(candles, market.kind, names);
  const least = barLength(candles);
  const lasts = barMs ?? least;
  if (lasts > least)
    throw new PredictLabError(
      'BadInput',
      `${names?.series ?? 'the candles'}: bars that are ${least / INTERVAL_MS['1m']} minutes apart do not last ${lasts / INTERVAL_MS['1m']}; name their own interval`,
    );
  const hash = hashData(candles, market);
  const known = twin === null ? null : checkedTwin(twin, market);
  return { candles, market, hash: lasts === least ? hash : hashText(`${hash} ${lasts}`), indicators: new Map(), barMs: lasts, twin: known };
}

function checkedTwin({ id, candles, barMs, names }: TwinInput, { kind }: Market): TwinSeries {
  if (candles.length < 2)
    throw new PredictLabError(
      'BadInput',
      `${names?.series ?? `the twin ${id}`}: ${candles.length === 0 ? 'there are no bars' : 'one bar does not say how long it lasts'}; give at least two, or leave the twin out`,
    );
  requireTradable(candles, kind, names ?? { series: `the twin ${id}`, whereOf: (bar) => `the twin ${id}, bar ${bar}` });
  return { id, candles, barMs: barMs ?? longestBar(candles), indicators: new Map() };
}
