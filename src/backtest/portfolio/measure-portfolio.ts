import { DAY_MS } from '../../contracts/words.ts';
import { PERIODS_PER_YEAR } from '../engine/measure.ts';
import { positionsOf } from '../engine/positions.ts';
import { cagr, DAYS_PER_YEAR } from '../metrics/cagr.ts';
import { calmar } from '../metrics/calmar.ts';
import { dailyReturns } from '../metrics/daily-returns.ts';
import { maxDrawdown } from '../metrics/max-drawdown.ts';
import { separate, undefinedBecause } from '../metrics/measured.ts';
import { momentsOf } from '../metrics/moments.ts';
import { probabilisticSharpe } from '../metrics/probabilistic-sharpe.ts';
import { type Sample, type WeakMetrics, weakMetrics } from '../metrics/sample.ts';
import { sharpe } from '../metrics/sharpe.ts';
import { sharpeError } from '../metrics/sharpe-error.ts';
import { sortino } from '../metrics/sortino.ts';
import { tradeMetrics } from '../metrics/trade-metrics.ts';
import { turnover } from '../metrics/turnover.ts';
import { volatility } from '../metrics/volatility.ts';
import type { PortfolioTrading } from './trade-portfolio.ts';

/** The metrics of one account in many markets; definitions as of a backtest of one. */
export interface PortfolioMetrics {
  readonly totalReturn: number | null;
  readonly cagr: number | null;
  readonly sharpe: number | null;
  readonly sortino: number | null;
  readonly calmar: number | null;
  readonly maxDrawdown: number | null;
  readonly volatility: number | null;
  readonly winRate: number | null;
  readonly profitFactor: number | null;
  readonly expectancy: number | null;
  readonly trades: number | null;
  /** Mean share of the equity that lies in markets. */
  readonly exposure: number | null;
  readonly turnover: number | null;
  readonly fees: number | null;
  readonly finalEquity: number | null;
  readonly settlementPnl: number | null;
  readonly markPnl: number | null;
  readonly probabilisticSharpe: number | null;
}

/** Metrics, and what they rest on. */
export interface PortfolioMeasurement {
  readonly metrics: PortfolioMetrics;
  /** Why a metric is null. */
  readonly undefined: Readonly<Record<string, string>>;
  readonly weak: WeakMetrics;
  readonly sample: Sample;
  readonly standardErrors: { readonly sharpe: number | null };
}

/**
 * Measures what an account did; `exposure` is over moments.
 *
 * @param lastBar of any market; days after it, on which a settlement is waited for, are no more evidence. UTC epoch milliseconds
 */
export function measurePortfolio({ curve, markets }: PortfolioTrading, cash: number, lastBar: number): PortfolioMeasurement {
  const { time, equity } = curve;
  const returns = dailyReturns(cash, time, equity);
  const moments = momentsOf(returns);
  const days = (time[time.length - 1] - time[0]) / DAY_MS;
  const years = days / DAYS_PER_YEAR;
  const locked = Math.floor(time[time.length - 1] / DAY_MS) - Math.floor(lastBar / DAY_MS);
  const finalEquity = equity[equity.length - 1];
  const drawdown = maxDrawdown(cash, equity);
  const growth = returns.length < 2 ? undefinedBecause('needs at least two daily returns') : cagr(finalEquity / cash, years);
  const trades = markets.flatMap((market) => market.trades);
  const pnlOf = (end: string): number => trades.reduce((sum, trade) => (trade.end === end ? sum + trade.pnl : sum), 0);
  const positions = markets.map((market) => positionsOf(market.trades));
  const closed = positions.flatMap((of) => of.closed);
  const notional = markets.reduce((sum, market) => sum + market.notional, 0);
  const shares = equity.map((value, i) => (value > 0 ? 1 - curve.cash[i] / value : 0));
  const { values, reasons } = separate({
    totalReturn: finalEquity / cash - 1,
    cagr: growth,
    sharpe: sharpe(moments, PERIODS_PER_YEAR),
    sortino: sortino(moments, PERIODS_PER_YEAR),
    calmar: calmar(growth, drawdown),
    maxDrawdown: drawdown,
    volatility: volatility(moments, PERIODS_PER_YEAR),
    ...tradeMetrics(closed),
    trades: positions.reduce((sum, { count }) => sum + count, 0),
    exposure: shares.reduce((sum, share) => sum + share, 0) / shares.length,
    turnover: turnover({ notional, equity, years }),
    fees: trades.reduce((sum, { fees }) => sum + fees, 0),
    finalEquity,
    settlementPnl: pnlOf('settlement'),
    markPnl: pnlOf('mark'),
    probabilisticSharpe: probabilisticSharpe(moments),
  });
  const error = sharpeError(moments, PERIODS_PER_YEAR);
  const sample: Sample = { dailyReturns: returns.length, trades: closed.length, days: Math.floor(days * 100) / 100 };
  return {
    metrics: values,
    undefined: reasons,
    weak: weakMetrics(values, { ...sample, returns: sample.dailyReturns, locked, nonZero: moments.nonZero, unit: 'daily return' }),
    sample,
    standardErrors: { sharpe: typeof error === 'number' ? error : null },
  };
}
