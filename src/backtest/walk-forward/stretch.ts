import { DAY_MS } from '../../contracts/words.ts';
import type { CandleSeries } from '../engine/candle-series.ts';
import type { DecisionInput, Decisions } from '../engine/decisions.ts';
import type { BacktestOptions } from '../engine/options.ts';
import { type SpreadCounts, spreadsTogether } from '../engine/trading/half-spread.ts';
import { positionsOf } from '../engine/trading/positions.ts';
import type { Simulation, Trade } from '../engine/trading/trade.ts';
import { curveMetrics, DAYS_PER_YEAR, dailyReturns, PERIODS_PER_YEAR } from '../metrics/curve-metrics.ts';
import { type BacktestMetrics, separate } from '../metrics/measured.ts';
import { deflatedSharpe, type Moments, momentsOf, sharpeError, type Trials } from '../metrics/ratios.ts';
import { type Reliability, weakMetrics } from '../metrics/sample.ts';

export interface StretchMetrics
  extends Omit<
      BacktestMetrics,
      'trades' | 'exposure' | 'turnover' | 'fees' | 'finalEquity' | 'settlementPnl' | 'markPnl' | 'brier' | 'logLoss'
    >,
    Reliability {
  readonly trades: number;
  readonly spreads: SpreadCounts;
}

export interface Stretch extends Pick<Simulation, 'spreads'> {
  readonly returns: Float64Array;
  readonly moments: Moments;
  /** Open times of the bars, UTC epoch milliseconds. */
  readonly openTime: Float64Array;
  readonly equity: Float64Array;
  readonly cash: number;
  readonly pnls: readonly number[];
  readonly trades: number;
  /** Number of independent draws among the closed positions. */
  readonly events: number;
  /** Side of the closed position that was entered at the first possible bar; undefined if none was. */
  readonly startsWith: Trade['side'] | undefined;
  /** Side of the position that was closed only because the stretch ends; undefined if none was. */
  readonly endsWith: Trade['side'] | undefined;
  /** The decisions of a strategy that was started again for this stretch. */
  readonly decided?: { readonly decisions: Decisions; readonly part: Required<Pick<DecisionInput, 'from' | 'to' | 'market'>> };
}

/** Daily Sharpe ratio; NaN if it is undefined. */
export const ratioOf = ({ mean, deviation }: Moments): number => (deviation > 0 ? mean / deviation : Number.NaN);

/** A range of UTC days `[from, to)`, in days since the epoch. */
export interface DayRange {
  readonly from: number;
  readonly to: number;
}

/** Converts the times `[from, to)`, UTC epoch milliseconds at midnight, to a range of days. */
export const daysOf = (from: number, to: number): DayRange => ({ from: from / DAY_MS, to: to / DAY_MS });

/** Measures a stretch. @param days days of the stretch; days without bars return 0. @default from its first to its last bar */
export function stretchOf(candles: CandleSeries, simulation: Simulation, options: BacktestOptions, days?: DayRange): Stretch {
  const traded = dailyReturns(options.cash, candles.openTime, simulation.equity);
  const returns = days === undefined ? traded : new Float64Array(days.to - days.from);
  if (days !== undefined) returns.set(traded, Math.floor(candles.openTime[0] / DAY_MS) - days.from);
  const { count, closed, events, positions } = positionsOf(simulation.trades);
  const { equity, trades } = simulation;
  const [first, last] = [trades.at(0), trades.at(-1)];
  return {
    returns,
    moments: momentsOf(returns),
    openTime: candles.openTime,
    equity,
    cash: options.cash,
    pnls: closed,
    trades: count,
    events,
    startsWith: positions.at(0)?.entryBar === 1 ? first?.side : undefined,
    endsWith: last?.end === 'end' ? last.side : undefined,
    spreads: simulation.spreads,
  };
}

/** Computes the metrics of consecutive stretches as if they were one. */
export function metricsOf(stretches: readonly Stretch[], trials: Trials = { count: 1 }): StretchMetrics {
  const returns = Float64Array.from(stretches.flatMap((one) => [...one.returns]));
  const pnls = stretches.flatMap((one) => one.pnls);
  const moments = stretches.length === 1 ? stretches[0].moments : momentsOf(returns);
  let growth = 1;
  const curve: number[] = [];
  for (const stretch of stretches) {
    for (const value of stretch.equity) curve.push((growth * value) / stretch.cash);
    growth = curve[curve.length - 1];
  }
  const days = returns.length;
  const metrics = curveMetrics({ start: 1, equity: curve, moments, days, years: days / DAYS_PER_YEAR, closed: pnls });
  const { values, reasons } = separate(Object.assign(metrics, { deflatedSharpe: deflatedSharpe(moments, trials) }));
  const error = sharpeError(moments, PERIODS_PER_YEAR);
  // a position held across the boundary of two parts is one draw, although each part counts it
  const isHeldOn = (at: number): boolean =>
    stretches[at].startsWith !== undefined && stretches[at].startsWith === stretches[at - 1]?.endsWith;
  const events = stretches.reduce((sum, one, at) => sum + one.events - (isHeldOn(at) ? 1 : 0), 0);
  return {
    ...values,
    trades: stretches.reduce((sum, one) => sum + one.trades, 0),
    spreads: spreadsTogether(stretches.map(({ spreads }) => spreads)),
    undefined: reasons,
    weak: weakMetrics(values, { returns: days, nonZero: moments.nonZero, days, trades: pnls.length, events, unit: 'daily return' }),
    sample: { dailyReturns: days, trades: pnls.length, events, days },
    standardErrors: { sharpe: typeof error === 'number' ? error : null },
  };
}
