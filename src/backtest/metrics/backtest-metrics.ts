/** The metrics of a backtest, in the order they are listed; see `metric.ts` files for definitions. */
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

/** null where a metric is undefined for this backtest. */
export type BacktestMetrics = Readonly<Record<MetricName, number | null>>;
