import { DAY_MS } from '../../contracts/words.ts';
import { curveMetrics, DAYS_PER_YEAR, dailyReturns, PERIODS_PER_YEAR, turnover } from '../metrics/curve-metrics.ts';
import { brier, logLoss } from '../metrics/forecast-scores.ts';
import { type Measured, type MetricName, undefinedBecause } from '../metrics/measured.ts';
import { type Moments, momentsOf, sharpeError } from '../metrics/ratios.ts';
import type { Sample } from '../metrics/sample.ts';
import type { CandleSeries } from './candle-series.ts';
import { barsByClose, type Market, paysAt } from './market.ts';
import { positionsOf } from './trading/positions.ts';
import type { Simulation } from './trading/trade.ts';

/** A simulation's metrics, and the daily returns that they are computed from. */
export interface Measurement {
  /** All metrics except the deflated Sharpe ratio, which depends on the other trials. */
  readonly metrics: Readonly<Record<Exclude<MetricName, 'deflatedSharpe'>, Measured>>;
  readonly returns: Float64Array;
  readonly moments: Moments;
  readonly sample: Sample;
  /** Number of daily returns after the day of the last bar before the market's close: the money is locked until the market pays. */
  readonly lockedDays: number;
  /** Standard error of the annual Sharpe ratio. */
  readonly sharpeError: Measured;
}

/**
 * Measures a backtest: ratios over daily UTC returns, the first relative to the start cash, annualised with 365 days; growth and turnover
 * over calendar time; scores of the market's closing prices against its resolution. A settled position locks its money, so returns, growth
 * and turnover extend to the payout.
 */
export function measure(input: {
  readonly candles: CandleSeries;
  readonly market: Market;
  readonly simulation: Simulation;
  readonly cash: number;
}): Measurement {
  const { candles, market, simulation, cash } = input;
  const { equity, trades } = simulation;
  const { returns, moments, days, traded, lockedDays } = measureDailyReturns(input);
  const years = days / DAYS_PER_YEAR;
  let fees = 0;
  let settlementPnl = 0;
  let markPnl = 0;
  for (const trade of trades) {
    fees += trade.fees;
    if (trade.end === 'settlement') settlementPnl += trade.pnl;
    if (trade.end === 'mark') markPnl += trade.pnl;
  }
  const { count, closed, events } = positionsOf(trades);
  // Object.assign, because V8 adds properties to `{ ...copied, added }` a hundred times as slowly
  const metrics = Object.assign(
    curveMetrics({ start: cash, equity, moments, days: returns.length, years, closed }),
    {
      trades: count,
      exposure: simulation.barsHeld / equity.length,
      turnover: turnover({ notional: simulation.notional, equity, years }),
      fees,
      finalEquity: equity[equity.length - 1],
      settlementPnl,
      markPnl,
    },
    forecastScores(candles.close.subarray(0, traded), market),
  );
  return {
    metrics,
    returns,
    moments,
    sample: { dailyReturns: returns.length, trades: closed.length, events, days: Math.floor(days * 100) / 100 },
    lockedDays,
    sharpeError: sharpeError(moments, PERIODS_PER_YEAR),
  };
}

/** Daily returns of a simulation; `days` = length up to the last bar or the payout, `traded` = number of bars before the market's close. */
export function measureDailyReturns({ candles, market, simulation, cash }: Parameters<typeof measure>[0]): Pick<
  Measurement,
  'returns' | 'moments' | 'lockedDays'
> & {
  readonly days: number;
  readonly traded: number;
} {
  const { openTime, length } = candles;
  const lastBar = openTime[length - 1];
  const end = Math.max(lastBar, simulation.trades.at(-1)?.end === 'settlement' ? paysAt(market) : lastBar);
  const traded = barsByClose(openTime, market);
  const returns = dailyReturns(cash, openTime, simulation.equity, { time: end, lastMark: simulation.lastMark });
  return {
    returns,
    moments: momentsOf(returns),
    days: (end - openTime[0]) / DAY_MS,
    traded,
    lockedDays: Math.floor(end / DAY_MS) - Math.floor(openTime[Math.max(1, traded) - 1] / DAY_MS),
  };
}

/** Scores of a market's closing prices, as forecasts, against the market's resolution. */
function forecastScores(close: Float64Array, { kind, resolution }: Market): { brier: Measured; logLoss: Measured } {
  if (kind === 'asset') {
    const none = undefinedBecause('an asset has no outcome to forecast');
    return { brier: none, logLoss: none };
  }
  if (resolution.kind !== 'settled') {
    const none = undefinedBecause('the market has not resolved');
    return { brier: none, logLoss: none };
  }
  if (resolution.payout !== 0 && resolution.payout !== 1) {
    const none = undefinedBecause('the market paid neither 0 nor 1');
    return { brier: none, logLoss: none };
  }
  if (close.length === 0) {
    const none = undefinedBecause('every bar began after the market had closed');
    return { brier: none, logLoss: none };
  }
  const outcomes = new Float64Array(close.length).fill(resolution.payout);
  return { brier: brier(close, outcomes), logLoss: logLoss(close, outcomes) };
}
