import { PredictLabError } from '../../contracts/errors.ts';
import { INTERVAL_MS } from '../../contracts/words.ts';
import { hashData, hashText } from '../proof/passport.ts';
import { barLength, type CandleSeries, requireTradable, type SeriesNames } from './candle-series.ts';
import type { Market } from './market.ts';
import type { IndicatorCache } from './window/bars-so-far.ts';

/** A checked series and its market, with what all trials on it share. The series must not change afterwards. */
export interface BacktestData {
  readonly candles: CandleSeries;
  readonly market: Market;
  /** {@link hashData} */
  readonly hash: string;
  readonly indicators: IndicatorCache;
  /** How long a bar lasts; milliseconds. */
  readonly barMs: number;
}

/**
 * Checks a series once, for any number of trials.
 *
 * @param names the series in the reader's words, for messages
 * @param barMs how long a bar lasts, where that is known: bars of a market that is seldom traded are never one after the other;
 *   milliseconds. @default {@link barLength}
 * @throws PredictLabError BadInput, see {@link requireTradable}, or when bars overlap
 */
export function backtestData(candles: CandleSeries, market: Market, names?: SeriesNames, barMs?: number): BacktestData {
  requireTradable(candles, market.kind, names);
  const least = barLength(candles);
  const lasts = barMs ?? least;
  if (lasts > least)
    throw new PredictLabError(
      'BadInput',
      `${names?.series ?? 'the candles'}: bars that are ${least / INTERVAL_MS['1m']} minutes apart do not last ${lasts / INTERVAL_MS['1m']}; name their own interval`,
    );
  const hash = hashData(candles, market);
  return { candles, market, hash: lasts === least ? hash : hashText(`${hash} ${lasts}`), indicators: new Map(), barMs: lasts };
}
