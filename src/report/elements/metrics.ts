import { formatNumber, formatPercent } from './format.ts';

export interface MetricColumn {
  /** Key of the metric in a result's JSON. */
  readonly key: string;
  readonly head: string;
  /** Explanation of the metric (definition, window, unit), shown on hover and focus. */
  readonly about: string;
  readonly write: (value: number) => string;
}

const DAILY = 'r = returns of the equity sampled on a fixed UTC day grid; a year has 365 days';

const number =
  (digits: number) =>
  (value: number): string =>
    formatNumber(value, digits);
const percent = (value: number): string => formatPercent(value);

/** Every metric of the contract, the ones that are read first on the left. */
export const METRIC_COLUMNS: readonly MetricColumn[] = [
  { key: 'totalReturn', head: 'return', about: 'Final equity over start equity, minus 1; fees included.', write: percent },
  { key: 'sharpe', head: 'sharpe', about: `mean(r) / std(r, ddof 1) · √365. ${DAILY}.`, write: number(2) },
  { key: 'sortino', head: 'sortino', about: `mean(r) / √mean(min(r, 0)²) · √365 over all days. ${DAILY}.`, write: number(2) },
  {
    key: 'maxDrawdown',
    head: 'maxDD',
    about: 'Deepest fall from the highest equity so far, the start equity included; a negative fraction.',
    write: percent,
  },
  { key: 'calmar', head: 'calmar', about: 'cagr / |maxDD|', write: number(2) },
  {
    key: 'trades',
    head: 'trades',
    about: 'Positions that were taken, settled and marked ones included; one that left in parts counts once.',
    write: number(0),
  },
  { key: 'winRate', head: 'winRate', about: 'Positions with a profit after fees / closed positions.', write: percent },
  { key: 'profitFactor', head: 'profitF', about: 'Sum of gains / |sum of losses|, over closed positions after fees.', write: number(2) },
  { key: 'expectancy', head: 'expect', about: 'Mean profit or loss of a closed position after fees, in units of cash.', write: number(2) },
  { key: 'fees', head: 'fees', about: 'Fees paid on both sides, in units of cash.', write: number(2) },
  { key: 'settlementPnl', head: 'settled', about: 'Profit or loss from positions paid out by the market’s resolution.', write: number(2) },
  {
    key: 'markPnl',
    head: 'marked',
    about: 'Profit or loss from positions still open at the end, at their last price: not earned yet.',
    write: number(2),
  },
  {
    key: 'brier',
    head: 'brier',
    about: 'Mean (price − outcome)² over the bars of a resolved market; 0 is perfect, 0.25 is a coin.',
    write: number(3),
  },
  {
    key: 'logLoss',
    head: 'logLoss',
    about: 'Mean −ln of the probability given to what happened; 0 is perfect, 0.693 is a coin.',
    write: number(3),
  },
  {
    key: 'probabilisticSharpe',
    head: 'PSR',
    about: 'Probability that the true Sharpe ratio is above 0, given its length, skew and kurtosis.',
    write: number(2),
  },
  {
    key: 'deflatedSharpe',
    head: 'DSR',
    about: 'Probability that the true Sharpe ratio is above what the best of that many trials would show by luck.',
    write: number(2),
  },
  { key: 'cagr', head: 'cagr', about: '(final / start equity)^(365.25 / days) − 1', write: percent },
  { key: 'volatility', head: 'vol', about: `std(r, ddof 1) · √365. ${DAILY}.`, write: percent },
  { key: 'exposure', head: 'exposure', about: 'Bars with an open position / all bars.', write: percent },
  { key: 'turnover', head: 'turnover', about: 'Notional traded / mean equity / years.', write: number(1) },
  { key: 'finalEquity', head: 'equity', about: 'Equity at the last bar, in units of cash.', write: number(0) },
];
