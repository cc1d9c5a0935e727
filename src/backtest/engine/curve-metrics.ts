import { cagr } from '../metrics/cagr.ts';
import { calmar } from '../metrics/calmar.ts';
import { maxDrawdown } from '../metrics/max-drawdown.ts';
import { undefinedBecause } from '../metrics/measured.ts';
import type { Moments } from '../metrics/moments.ts';
import { probabilisticSharpe } from '../metrics/probabilistic-sharpe.ts';
import { sharpe } from '../metrics/sharpe.ts';
import { sortino } from '../metrics/sortino.ts';
import { tradeMetrics } from '../metrics/trade-metrics.ts';
import { volatility } from '../metrics/volatility.ts';

/** Days of a year without closing hours: A of every annualised ratio. */
export const PERIODS_PER_YEAR = 365;

/**
 * What an equity curve earned, whatever produced it: one market's backtest, stretches one after the other, an account in many markets.
 *
 * @param curve.start money before the first point; `equity` in the same unit
 * @param curve.moments of its daily returns, of which there are `days`
 * @param curve.closed profits of closed positions
 */
export function curveMetrics(curve: {
  readonly start: number;
  readonly equity: ArrayLike<number>;
  readonly moments: Moments;
  readonly days: number;
  readonly years: number;
  readonly closed: readonly number[];
}) {
  const { start, equity, moments, days, years, closed } = curve;
  const growth = equity[equity.length - 1] / start;
  const annual = days < 2 ? undefinedBecause('needs at least two daily returns') : cagr(growth, years);
  const drawdown = maxDrawdown(start, equity);
  return {
    totalReturn: growth - 1,
    cagr: annual,
    sharpe: sharpe(moments, PERIODS_PER_YEAR),
    sortino: sortino(moments, PERIODS_PER_YEAR),
    calmar: calmar(annual, drawdown),
    maxDrawdown: drawdown,
    volatility: volatility(moments, PERIODS_PER_YEAR),
    ...tradeMetrics(closed),
    probabilisticSharpe: probabilisticSharpe(moments),
  };
}
