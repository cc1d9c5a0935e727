import type { IndicatorCache } from './bars-so-far.ts';
import { type CandleSeries, requireTradable } from './candle-series.ts';
import type { Market } from './market.ts';
import { hashCandles } from './passport.ts';

/** A checked series and its market, with what all trials on it share. The series must not change afterwards. */
export interface BacktestData {
  readonly candles: CandleSeries;
  readonly market: Market;
  /** {@link hashCandles} */
  readonly hash: string;
  readonly indicators: IndicatorCache;
}

/**
 * Checks a series once, for any number of trials.
 *
 * @param whereOf names a bar in the reader's words, for messages (`candles.csv, line 12`)
 * @throws PredictLabError BadInput, see {@link requireTradable}
 */
export function backtestData(candles: CandleSeries, market: Market, whereOf?: (bar: number) => string): BacktestData {
  requireTradable(candles, market.kind, whereOf);
  return { candles, market, hash: hashCandles(candles), indicators: new Map() };
}
