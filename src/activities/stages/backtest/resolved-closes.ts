import type { BacktestData } from '../../../backtest/engine/backtest-data.ts';
import { barsByClose } from '../../../backtest/engine/market.ts';
import { calibrationOfMarkets, type MarketForecasts, marketForecasts } from '../../../backtest/metrics/calibration.ts';
import { encodeCalibration } from '../../../backtest/record/metrics-column.ts';
import type { Json } from '../../../contracts/run/pipeline-input.ts';
import type { Interval } from '../../../contracts/words.ts';

/** Minimum number of markets for a calibration, because all closes of one market have the same outcome. */
const MIN_MARKETS = 2;

/** A market's closes, up to its end, as forecasts of its outcome; undefined when the outcome is neither 0 nor 1. */
export function closesAsForecasts({ candles, market }: BacktestData): MarketForecasts | undefined {
  const { resolution } = market;
  if (resolution.kind !== 'settled' || (resolution.payout !== 0 && resolution.payout !== 1)) return undefined;
  const bars = barsByClose(candles.openTime, market);
  return bars === 0 ? undefined : marketForecasts(candles.close.subarray(0, bars), resolution.payout, market.event ?? undefined);
}

/** The closes of a symbol's resolved markets as forecasts of their outcomes, by interval. */
export class ResolvedCloses {
  private readonly byInterval = new Map<Interval, MarketForecasts[]>();

  add(interval: Interval, forecasts: MarketForecasts | undefined): void {
    if (forecasts === undefined) return;
    const markets = this.byInterval.get(interval);
    if (markets === undefined) this.byInterval.set(interval, [forecasts]);
    else markets.push(forecasts);
  }

  /** A calibration table for each interval with enough markets. */
  *tables(): Generator<{ readonly interval: Interval; readonly bins: Json }> {
    for (const [interval, markets] of this.byInterval)
      if (markets.length >= MIN_MARKETS) yield { interval, bins: encodeCalibration(calibrationOfMarkets(markets)) };
  }
}
