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

/** Days per year of markets that never close: the factor A of every annualised ratio. */
export const PERIODS_PER_YEAR = 365;

/**
 * Metrics of an equity curve: of a backtest in one market, of consecutive stretches, or of an account in many markets.
 *
 * @param curve.start equity before the first point, in the unit of `equity`
 * @param curve.moments moments of the curve's daily returns
 * @param curve.days number of daily returns
 * @param curve.closed net profits of closed positions
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
