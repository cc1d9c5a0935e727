import { hashData } from '../proof/passport.ts';
import type { IndicatorCache } from './bars-so-far.ts';
import { barLength, type CandleSeries, requireTradable, type SeriesNames } from './candle-series.ts';
import type { Market } from './market.ts';

/** A checked series and its market, with what all trials on it share. The series must not change afterwards. */
export interface BacktestData {
  readonly candles: CandleSeries;
  readonly market: Market;
  /** {@link hashData} */
  readonly hash: string;
  readonly indicators: IndicatorCache;
  /** {@link barLength} */
  readonly barMs: number;
}

/**
 * Checks a series once, for any number of trials.
 *
 * @param names the series in the reader's words, for messages
 * @throws PredictLabError BadInput, see {@link requireTradable}
 */
export function backtestData(candles: CandleSeries, market: Market, names?: SeriesNames): BacktestData {
  requireTradable(candles, market.kind, names);
  return { candles, market, hash: hashData(candles, market), indicators: new Map(), barMs: barLength(candles) };
}
