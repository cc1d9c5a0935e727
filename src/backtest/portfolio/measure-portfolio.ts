import { DAY_MS } from '../../contracts/words.ts';
import { independentEvents, positionsOf } from '../engine/trading/positions.ts';
import { curveMetrics, DAYS_PER_YEAR, dailyReturns, PERIODS_PER_YEAR, turnover } from '../metrics/curve-metrics.ts';
import { type BacktestMetrics, separate } from '../metrics/measured.ts';
import { momentsOf, sharpeError } from '../metrics/ratios.ts';
import { type Sample, type WeakMetrics, weakMetrics } from '../metrics/sample.ts';
import type { PortfolioTrading } from './trade-portfolio.ts';

/** Metrics of a portfolio's account, the same as for one market; `exposure` is the mean share of the equity that is in markets. */
export type PortfolioMetrics = Omit<BacktestMetrics, 'brier' | 'logLoss' | 'deflatedSharpe'>;

export interface PortfolioMeasurement {
  readonly metrics: PortfolioMetrics;
  /** The reason why a metric is null, by the metric's name. */
  readonly undefined: Readonly<Record<string, string>>;
  readonly weak: WeakMetrics;
  readonly sample: Sample;
  readonly standardErrors: { readonly sharpe: number | null };
}

/**
 * Measures the trading of a portfolio. `exposure` is the mean share of the equity in markets, over the points of the curve.
 * @param traded event and open times of the bars of each market, in the order of `markets`
 * @param lastBar open time of the last bar of any market before its close, UTC epoch milliseconds; later days add no evidence
 */
export function measurePortfolio(
  { curve, markets }: PortfolioTrading,
  traded: readonly { readonly event: string; readonly openTime: Float64Array }[],
  cash: number,
  lastBar: number,
): PortfolioMeasurement {
  const { time, equity } = curve;
  const returns = dailyReturns(cash, time, equity);
  const moments = momentsOf(returns);
  const days = (time[time.length - 1] - time[0]) / DAY_MS;
  const years = days / DAYS_PER_YEAR;
  const locked = Math.floor(time[time.length - 1] / DAY_MS) - Math.floor(lastBar / DAY_MS);
  const trades = markets.flatMap((market) => market.trades);
  const pnlOf = (end: string): number => trades.reduce((sum, trade) => (trade.end === end ? sum + trade.pnl : sum), 0);
  const positions = markets.map((market) => positionsOf(market.trades));
  const closed = positions.flatMap((of) => of.closed);
  const events = independentEvents(
    positions.flatMap((own, index) => {
      const { event, openTime } = traded[index];
      return own.positions.map(({ entryBar, exitBar, settled }) => ({ event, from: openTime[entryBar], to: openTime[exitBar], settled }));
    }),
  );
  const notional = markets.reduce((sum, market) => sum + market.notional, 0);
  const shares = equity.map((value, i) => (value > 0 ? 1 - curve.cash[i] / value : 0));
  const { values, reasons } = separate({
    ...curveMetrics({ start: cash, equity, moments, days: returns.length, years, closed }),
    trades: positions.reduce((sum, { count }) => sum + count, 0),
    exposure: shares.reduce((sum, share) => sum + share, 0) / shares.length,
    turnover: turnover({ notional, equity, years }),
    fees: trades.reduce((sum, { fees }) => sum + fees, 0),
    finalEquity: equity[equity.length - 1],
    settlementPnl: pnlOf('settlement'),
    markPnl: pnlOf('mark'),
  });
  const error = sharpeError(moments, PERIODS_PER_YEAR);
  const sample: Sample = { dailyReturns: returns.length, trades: closed.length, events, days: Math.floor(days * 100) / 100 };
  return {
    metrics: values,
    undefined: reasons,
    weak: weakMetrics(values, { ...sample, returns: sample.dailyReturns, locked, nonZero: moments.nonZero, unit: 'daily return' }),
    sample,
    standardErrors: { sharpe: typeof error === 'number' ? error : null },
  };
}
