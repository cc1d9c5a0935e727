import { DAY_MS } from '../../contracts/words.ts';
import { type Measured, undefinedBecause } from './measured.ts';
import { calmar, type Moments, probabilisticSharpe, sharpe, sortino, volatility } from './ratios.ts';

/** Days per year of markets that never close: the factor A of every annualised ratio. */
export const PERIODS_PER_YEAR = 365;

/** Metrics of an equity curve. `start`: equity before the first point; `days`: number of daily returns; `closed`: net profits of positions. */
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
  const { winRate, profitFactor, expectancy } = tradeMetrics(closed);
  return {
    totalReturn: growth - 1,
    cagr: annual,
    sharpe: sharpe(moments, PERIODS_PER_YEAR),
    sortino: sortino(moments, PERIODS_PER_YEAR),
    calmar: calmar(annual, drawdown),
    maxDrawdown: drawdown,
    volatility: volatility(moments, PERIODS_PER_YEAR),
    winRate,
    profitFactor,
    expectancy,
    probabilisticSharpe: probabilisticSharpe(moments),
  };
}

/**
 * Daily returns of an equity curve: each UTC day's last value, carried over days without bars, relative to the previous day's (the first
 * day's: to the start), so n days give n returns. An equity of 0 returns 0; if it becomes positive again (the price of the position was 0),
 * that day's return is NaN.
 *
 * @param start equity before the first bar
 * @param openTime UTC epoch milliseconds, rising; equity[i] belongs to the day of openTime[i]
 * @param end time of the last equity value if it is on a later day than the last bar, and `lastMark`, the equity until then
 */
export function dailyReturns(
  start: number,
  openTime: Float64Array,
  equity: Float64Array,
  end?: { readonly time: number; readonly lastMark: number },
): Float64Array {
  const bars = openTime.length;
  if (bars === 0) return new Float64Array(0);
  const firstDay = Math.floor(openTime[0] / DAY_MS);
  const lastBarDay = Math.floor(openTime[bars - 1] / DAY_MS);
  const lastDay = Math.max(lastBarDay, Math.floor((end?.time ?? Number.NEGATIVE_INFINITY) / DAY_MS));
  const returns = new Float64Array(lastDay - firstDay + 1);
  // an equity so small that only rounding left it counts as 0
  const dust = start * 1e-12;
  let before = start;
  let barsOfDay = 1;
  for (let i = 0; i < bars; ) {
    const first = i;
    const day = Math.floor(openTime[i] / DAY_MS);
    const midnight = (day + 1) * DAY_MS;
    // skips a whole day at once, since most days have as many bars as the day before
    if (i + barsOfDay <= bars && openTime[i + barsOfDay - 1] < midnight) i += barsOfDay;
    while (i < bars && openTime[i] < midnight) i++;
    barsOfDay = i - first;
    const value = end !== undefined && i === bars && lastDay > lastBarDay ? end.lastMark : equity[i - 1];
    returns[day - firstDay] = returnOf(before, value, dust);
    before = value;
  }
  if (lastDay > lastBarDay) returns[lastDay - firstDay] = returnOf(before, equity[bars - 1], dust);
  return returns;
}

const returnOf = (before: number, value: number, dust: number): number =>
  before > dust ? value / before - 1 : value > dust ? Number.NaN : 0;

/** Days per calendar year; used by `cagr` and `turnover`. */
export const DAYS_PER_YEAR = 365.25;

/** Compound annual growth rate: growth^(1/years) − 1; years as in backtesting.py (days/365.25) or in empyrical (periods/A). */
export function cagr(growth: number, years: number): Measured {
  if (!(years > 0)) return undefinedBecause('the series spans no time');
  return growth ** (1 / years) - 1;
}

/** Maximum drawdown: min(E / cummax(E) − 1), where the start equity is the first peak; a fraction in [−1, 0]. */
export function maxDrawdown(start: number, equity: ArrayLike<number>): number {
  let peak = start;
  let deepest = 0;
  let floor = peak;
  for (let i = 0; i < equity.length; i++) {
    const value = equity[i];
    if (value > peak) peak = value;
    else if (value < floor) deepest = value / peak - 1;
    else continue;
    floor = peak * (1 + deepest);
  }
  return deepest;
}

/** Turnover: Σ |size·price| of all fills / mean equity / years, the number of times per year that the whole account is traded. */
export function turnover({ notional, equity, years }: { notional: number; equity: Float64Array; years: number }): Measured {
  if (!(years > 0)) return undefinedBecause('the series spans no time');
  let sum = 0;
  for (let i = 0; i < equity.length; i++) sum += equity[i];
  return notional === 0 ? 0 : notional / (sum / equity.length) / years;
}

export interface TradeMetrics {
  /** Share of closed positions with a net profit above 0, in [0, 1]. */
  readonly winRate: Measured;
  /** Profit factor: Σ gains / |Σ losses|. */
  readonly profitFactor: Measured;
  /** Mean net profit per position, in units of the cash. */
  readonly expectancy: Measured;
}

/** Computes trade metrics from the net profit of each closed position (see `positionsOf`). */
export function tradeMetrics(pnls: readonly number[]): TradeMetrics {
  if (pnls.length === 0) {
    const none = undefinedBecause('no trade was closed');
    return { winRate: none, profitFactor: none, expectancy: none };
  }
  let wins = 0;
  let gains = 0;
  let losses = 0;
  for (const pnl of pnls) {
    if (pnl > 0) {
      wins++;
      gains += pnl;
    } else {
      losses -= pnl;
    }
  }
  return {
    winRate: wins / pnls.length,
    profitFactor: losses === 0 ? undefinedBecause('no trade lost money') : gains / losses,
    expectancy: (gains - losses) / pnls.length,
  };
}
