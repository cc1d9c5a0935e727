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
