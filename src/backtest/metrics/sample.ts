import type { MetricName } from './measured.ts';

export interface Sample {
  /** Number of UTC days of the equity curve, including days without bars and days of waiting for a settlement. */
  readonly dailyReturns: number;
  /** Number of closed positions that win rate, profit factor and expectancy are computed from. */
  readonly trades: number;
  /** Number of independent draws among the positions, see `independentEvents`. In one market, each position counts as a draw. */
  readonly events: number;
  /** Calendar days that growth is annualised over, up to the settlement of the last position; rounded down to a hundredth. */
  readonly days: number;
}

/** The reason why a metric has a value but rests on too little data, by the metric's name. */
export type WeakMetrics = Partial<Record<MetricName, string>>;

/** How far the metrics of a result can be relied on. */
export interface Reliability {
  /** The reason why a metric is null, by the metric's name. */
  readonly undefined: Readonly<Record<string, string>>;
  readonly weak: Readonly<WeakMetrics>;
  readonly sample: Sample;
  /** Standard error of the Sharpe ratio, in the ratio's unit; null if it is undefined. */
  readonly standardErrors: { readonly sharpe: number | null };
}

/**
 * Minimum amounts of data below which a figure is weak. Ten outcomes at even odds are five of either kind, the usual minimum for the normal
 * interval of a proportion (n·p ≥ 5 and n·(1 − p) ≥ 5).
 */
const MINIMUM = { returns: 30, days: 90, trades: 10, events: 10, outcomes: 10 } as const;

/** Metrics that need several positions as their basis: all daily returns of one long position are a single observation. */
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
const YEARLY = ['cagr', 'calmar', 'turnover'] as const;
const FORECAST_SCORES = ['brier', 'logLoss'] as const;

/** The reason why a forecast score over this many outcomes is weak; undefined if it is not. Many forecasts of one outcome count as one. */
export const weakOutcomes = (outcomes: number): string | undefined =>
  outcomes < MINIMUM.outcomes ? `${count(outcomes, 'outcome')}, fewer than ${MINIMUM.outcomes}` : undefined;

/** The reason why a probability of overfitting over this many days is weak, since it compares their halves; undefined if it is not. */
export const weakHalves = (dailyReturns: number): string | undefined =>
  dailyReturns < 2 * MINIMUM.returns ? `${count(dailyReturns, 'daily return')}, fewer than ${MINIMUM.returns} in each half` : undefined;

/** The reason why forecast scores over this many outcomes are weak, by score; empty if they are not. */
export function weakScores(outcomes: number): Readonly<Record<string, string>> {
  const because = weakOutcomes(outcomes);
  return because === undefined ? {} : { brier: because, logLoss: because, calibrationError: because };
}

/**
 * The metrics that rest on less data than {@link MINIMUM}, with the reason. Ratios are also weak if only one return is not 0, since the
 * Sharpe ratio is then √(A/n) for any gain; ratios and trade statistics are also weak if the positions are in too few events.
 *
 * @param basis.nonZero number of returns that are not 0
 * @param basis.locked number of returns of days after the last bar, which add no evidence. @default 0
 * @param basis.unit name of a return in messages: `daily return`
 */
export function weakMetrics(
  values: Readonly<Partial<Record<MetricName, number | null>>>,
  basis: {
    readonly returns: number;
    readonly nonZero: number;
    readonly days: number;
    /** Number of closed positions. @default enough, as for a return series whose positions are unknown */
    readonly trades?: number;
    /** Number of independent draws among the closed positions. @default enough */
    readonly events?: number;
    readonly locked?: number;
    /** Number of outcomes that were forecast. @default enough, as for a result without forecasts */
    readonly outcomes?: number;
    readonly unit: string;
  },
): WeakMetrics {
  const { returns, nonZero, days, trades = MINIMUM.trades, events = MINIMUM.events, locked = 0, outcomes = MINIMUM.outcomes, unit } = basis;
  const seen = returns - locked;
  const weak: WeakMetrics = {};
  const mark = (names: readonly MetricName[], reason: string | false): void => {
    if (reason === false) return;
    for (const name of names) if (typeof values[name] === 'number') weak[name] ??= reason;
  };
  mark(RATIOS, seen < MINIMUM.returns && `${count(seen, unit)}${locked > 0 ? ' up to the last bar' : ''}, fewer than ${MINIMUM.returns}`);
  mark(RATIOS, seen >= MINIMUM.returns && nonZero === 1 && `only 1 of ${returns} ${unit}s is not 0`);
  // the message rounds days down, because 89.9 days are fewer than 90
  mark(YEARLY, days < MINIMUM.days && `${count(Math.floor(days), 'day')}, fewer than ${MINIMUM.days}`);
  mark(FORECAST_SCORES, weakOutcomes(outcomes) ?? false);
  mark(BY_POSITION, weakPositions(trades, events) ?? false);
  return weak;
}

/** The reason why statistics of this many closed positions in this many independent events are weak; undefined if they are not. */
export function weakPositions(trades: number, events: number): string | undefined {
  if (trades < MINIMUM.trades) return `${count(trades, 'trade')}, fewer than ${MINIMUM.trades}`;
  return events < MINIMUM.events ? `${count(trades, 'trade')} of ${count(events, 'event')}, fewer than ${MINIMUM.events}` : undefined;
}

const count = (number: number, unit: string): string => `${number} ${unit}${number === 1 ? '' : 's'}`;
