import type { MetricName } from './backtest-metrics.ts';

/** How much a result rests on. */
export interface Sample {
  /** UTC days of the equity curve, days without bars and days that a settlement was waited for included: what the ratios are computed from. */
  readonly dailyReturns: number;
  /** Closed positions: what win rate, profit factor and expectancy are computed from. */
  readonly trades: number;
  /**
   * Independent draws among the closed positions. Positions of one event that overlap in time, or were all held to its result, are one
   * draw; round trips one after the other are one each.
   */
  readonly events: number;
  /** Calendar days from the first bar to the last, or to the settlement that was waited for, to a hundredth: what growth is annualised over. */
  readonly days: number;
}

/** Why a metric that has a value should not be relied on, by its name. */
export type WeakMetrics = Partial<Record<MetricName, string>>;

/**
 * Below these a number is shown as weak: a month of days, a quarter of a year, ten positions over ten events, ten outcomes. Ten outcomes at even odds are five
 * of either kind, the least for which the normal interval of a proportion is usually trusted (n·p ≥ 5 and n·(1 − p) ≥ 5).
 */
const LEAST = { returns: 30, days: 90, trades: 10, events: 10, outcomes: 10 } as const;

/** What positions are the evidence for: days on which one position waits say the same thing many times. */
const BY_POSITION = [
  'sharpe',
  'sortino',
  'calmar',
  'probabilisticSharpe',
  'deflatedSharpe',
  'winRate',
  'profitFactor',
  'expectancy',
] as const;
const RATIOS = ['sharpe', 'sortino', 'volatility', 'probabilisticSharpe', 'deflatedSharpe'] as const;
/** What is scaled to a year. */
const YEARLY = ['cagr', 'calmar', 'turnover'] as const;
const FORECAST_SCORES = ['brier', 'logLoss'] as const;

/** Why a score of forecasts of so many outcomes is weak; undefined where it is not. Many forecasts of one outcome are one. */
export const weakOutcomes = (outcomes: number): string | undefined =>
  outcomes < LEAST.outcomes ? `${count(outcomes, 'outcome')}, fewer than ${LEAST.outcomes}` : undefined;

/**
 * Why a probability of overfitting over so many daily returns is weak; undefined where it is not. It compares Sharpe ratios of either half.
 */
export const weakHalves = (dailyReturns: number): string | undefined =>
  dailyReturns < 2 * LEAST.returns ? `${count(dailyReturns, 'daily return')}, fewer than ${LEAST.returns} in each half` : undefined;

/** Names what is weak of scores of forecasts that each have an outcome of their own. */
export function weakScores(outcomes: number): Readonly<Record<string, string>> {
  const because = weakOutcomes(outcomes);
  return because === undefined ? {} : { brier: because, logLoss: because, calibrationError: because };
}

/**
 * Names the metrics that rest on too little: ratios on fewer than 30 returns (or on a single one that is not 0: then the
 * Sharpe ratio is √(A/n) whatever happened), growth and turnover on fewer than 90 days, ratios and trade statistics on fewer than 10 closed
 * positions or on positions in fewer than 10 events, scores of forecasts on fewer than 10 outcomes.
 *
 * @param basis.nonZero returns that are not 0
 * @param basis.locked of the returns: those of days after the last bar, which are no more evidence. @default 0
 * @param basis.unit what a return is called: `daily return`
 */
export function weakMetrics(
  values: Readonly<Partial<Record<MetricName, number | null>>>,
  basis: {
    readonly returns: number;
    readonly nonZero: number;
    readonly days: number;
    /** Closed positions, and the independent events among them. @default enough: returns from elsewhere say nothing of positions */
    readonly trades?: number;
    readonly events?: number;
    readonly locked?: number;
    /** Outcomes that were forecast. @default enough: there are no forecasts */
    readonly outcomes?: number;
    readonly unit: string;
  },
): WeakMetrics {
  const { returns, nonZero, days, trades = LEAST.trades, events = LEAST.events, locked = 0, outcomes = LEAST.outcomes, unit } = basis;
  const seen = returns - locked;
  const weak: WeakMetrics = {};
  const mark = (names: readonly MetricName[], reason: string | false): void => {
    if (reason === false) return;
    for (const name of names) if (typeof values[name] === 'number') weak[name] ??= reason;
  };
  mark(RATIOS, seen < LEAST.returns && `${count(seen, unit)}${locked > 0 ? ' up to the last bar' : ''}, fewer than ${LEAST.returns}`);
  mark(RATIOS, seen >= LEAST.returns && nonZero === 1 && `only 1 of ${returns} ${unit}s is not 0`);
  // the whole days that are full: 89.9 days are not yet 90
  mark(YEARLY, days < LEAST.days && `${count(Math.floor(days), 'day')}, fewer than ${LEAST.days}`);
  mark(FORECAST_SCORES, weakOutcomes(outcomes) ?? false);
  mark(BY_POSITION, weakPositions(trades, events) ?? false);
  return weak;
}

/** Why statistics of so many closed positions in so many independent events are weak; undefined where they are not. */
export function weakPositions(trades: number, events: number): string | undefined {
  if (trades < LEAST.trades) return `${count(trades, 'trade')}, fewer than ${LEAST.trades}`;
  return events < LEAST.events ? `${count(trades, 'trade')} of ${count(events, 'event')}, fewer than ${LEAST.events}` : undefined;
}

const count = (number: number, unit: string): string => `${number} ${unit}${number === 1 ? '' : 's'}`;
