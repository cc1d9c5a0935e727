import { badInput } from '../../contracts/errors.ts';
import { INTERVAL_MS } from '../../contracts/words.ts';
import { hashData, hashText } from '../proof/passport.ts';
import { barLength, type CandleSeries, longestBar, requireTradable, type SeriesNames } from './candle-series.ts';
import { booksSeen, type Market } from './market.ts';
import type { IndicatorCache } from './window/series-view.ts';
import type { TwinSeries } from './window/twin-bars.ts';

/** A checked series and its market, with the values that all trials on the series share. The series must not change afterwards. */
export interface BacktestData {
  readonly candles: CandleSeries;
  readonly market: Market;
  /** Hash of the series and its market, see {@link hashData}. */
  readonly hash: string;
  readonly indicators: IndicatorCache;
  readonly barMs: number;
  readonly twin: TwinSeries | null;
}

interface SeriesFacts {
  /** Names of the series and its bars in messages. */
  readonly names?: SeriesNames;
  /** Length of a bar; milliseconds. A rarely traded market may have no two adjacent bars to measure it by. @default {@link barLength} */
  readonly barMs?: number | undefined;
  /** The market's twin: the same question at another venue. @default no twin */
  readonly twin?: TwinInput | null;
}

/** A twin's bars before they are checked. */
export interface TwinInput extends Pick<TwinSeries, 'id' | 'candles'> {
  /** Length of a bar; milliseconds. @default {@link longestBar}, so that a bar counts as known only once it has closed */
  readonly barMs?: number;
  /** Names of the twin and its bars in messages. @default the twin's id */
  readonly names?: SeriesNames;
}

/** Checks a series once for any number of trials. @throws PredictLabError BadInput for fewer than two bars, or bad or overlapping bars */
export function backtestData(candles: CandleSeries, market: Market, { names, barMs, twin = null }: SeriesFacts = {}): BacktestData {
  requireTradable(candles, market.kind, names);
  const least = barLength(candles);
  const barLengthMs = barMs ?? least;
  if (barLengthMs > least)
    throw badInput(
      `${names?.series ?? 'the candles'}: bars that open ${least / INTERVAL_MS['1m']} minutes apart cannot last ${barLengthMs / INTERVAL_MS['1m']} minutes; give the interval of the bars`,
    );
  const hash = hashData(candles, market);
  const known = twin === null ? null : checkedTwin(twin, market);
  return {
    candles,
    // order books that no bar can see are dropped: they would change only the passport
    market: market.books.length === 0 ? market : { ...market, books: booksSeen(market.books, candles, barLengthMs) },
    hash: barLengthMs === least ? hash : hashText(`${hash} ${barLengthMs}`),
    indicators: new Map(),
    barMs: barLengthMs,
    twin: known,
  };
}

function checkedTwin({ id, candles, barMs, names }: TwinInput, { kind }: Market): TwinSeries {
  if (candles.length < 2)
    throw badInput(
      `${names?.series ?? `the twin ${id}`}: ${candles.length === 0 ? 'there are no bars' : 'the length of a single bar is unknown'}; give at least two, or leave the twin out`,
    );
  requireTradable(candles, kind, names ?? { series: `the twin ${id}`, whereOf: (bar) => `the twin ${id}, bar ${bar}` });
  return { id, candles, barMs: barMs ?? longestBar(candles), indicators: new Map() };
}
