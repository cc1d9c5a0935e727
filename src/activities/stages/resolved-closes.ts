import type { BacktestData } from '../../backtest/engine/backtest-data.ts';
import { calibration } from '../../backtest/metrics/calibration.ts';
import { encodeCalibration } from '../../backtest/record/metrics-column.ts';
import type { Json } from '../../contracts/pipeline-input.ts';
import type { Interval } from '../../contracts/words.ts';

/** Fewer markets say nothing about how often a forecast comes true: all of a market's closes share its one outcome. */
const FEWEST_MARKETS = 2;

/** The closes of a symbol's resolved markets as forecasts of their outcomes, by interval. */
export class ResolvedCloses {
  private readonly byInterval = new Map<Interval, { markets: number; forecasts: number[]; outcomes: number[] }>();

  /** Takes a market's closes if it paid 0 or 1. */
  add(interval: Interval, { candles, market }: BacktestData): void {
    const { resolution } = market;
    if (resolution.kind !== 'settled' || (resolution.payout !== 0 && resolution.payout !== 1)) return;
    const closes = this.byInterval.get(interval) ?? { markets: 0, forecasts: [], outcomes: [] };
    closes.markets++;
    for (const close of candles.close) {
      closes.forecasts.push(close);
      closes.outcomes.push(resolution.payout);
    }
    this.byInterval.set(interval, closes);
  }

  /** A calibration table for each interval with enough markets. */
  *tables(): Generator<{ readonly interval: Interval; readonly bins: Json }> {
    for (const [interval, { markets, forecasts, outcomes }] of this.byInterval) {
      if (markets < FEWEST_MARKETS) continue;
      const bins = calibration(Float64Array.from(forecasts), Float64Array.from(outcomes));
      yield { interval, bins: encodeCalibration(bins) };
    }
  }
}
