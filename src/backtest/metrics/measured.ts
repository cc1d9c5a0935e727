/** A metric's value, or the reason why it is undefined. */
export type Measured = number | Undefined;

/** The reason why a metric is undefined; users see it as `undefined: { sharpe: "…" }`. */
export interface Undefined {
  readonly because: string;
}

/** An undefined metric with its reason. */
export const undefinedBecause = (because: string): Undefined => ({ because });

/** Splits measured values into numbers (null if undefined) and the reasons. Values that overflowed are undefined too. */
export function separate<Name extends string>(
  measured: Readonly<Record<Name, Measured>>,
): {
  readonly values: Record<Name, number | null>;
  readonly reasons: Partial<Record<Name, string>>;
} {
  const values = {} as Record<Name, number | null>;
  const reasons: Partial<Record<Name, string>> = {};
  for (const name of Object.keys(measured) as Name[]) {
    const value = measured[name];
    if (typeof value === 'number' && Number.isFinite(value)) {
      values[name] = value;
    } else {
      values[name] = null;
      reasons[name] = typeof value === 'number' ? 'too large for a number' : value.because;
    }
  }
  return { values, reasons };
}

/** Names of the metrics of a backtest in the order of display; the file of each metric defines it. */
export const METRIC_NAMES = [
  'totalReturn',
  'cagr',
  'sharpe',
  'sortino',
  'calmar',
  'maxDrawdown',
  'volatility',
  'winRate',
  'profitFactor',
  'expectancy',
  'trades',
  'exposure',
  'turnover',
  'fees',
  'finalEquity',
  'settlementPnl',
  'markPnl',
  'brier',
  'logLoss',
  'probabilisticSharpe',
  'deflatedSharpe',
] as const;
export type MetricName = (typeof METRIC_NAMES)[number];

/** The metrics of a backtest; null if a metric is undefined for it. */
export type BacktestMetrics = Readonly<Record<MetricName, number | null>>;
