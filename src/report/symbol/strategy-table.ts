import { groupedBy } from '../../contracts/grouped-by.ts';
import { formatNumber, formatPercent, plural } from '../elements/format.ts';
import { html, type Markup } from '../elements/html.ts';
import { type Column, table } from '../elements/table.ts';
import { tip, unknown, withError } from '../elements/tip.ts';
import type { BacktestRow } from './symbol-data.ts';

interface MetricColumn {
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

/** Maximum number of rows: a grid of parameters can have thousands of trials. */
const MAX_ROWS = 60;

/** The metrics that are read first. With the return of holding and the skill, they are the columns of the table that is not folded. */
const FIRST = ['totalReturn', 'trades', 'exposure', 'maxDrawdown', 'sharpe'] as const;

/** The backtests of an instrument: the first metrics in a table, the others folded, and sentences on why a metric is missing or weak. */
export const strategyTable = (rows: readonly BacktestRow[], chosen: number | null, id: string): Markup => {
  const shown = best(rows, chosen);
  if (shown.length === 0) return html`<p class="none">no backtest</p>`;
  const strategy: Column<BacktestRow> = {
    head: 'strategy',
    align: 'text',
    sortBy: (row) => `${row.strategy} ${row.params}`,
    cell: (row) => name(row, rows.indexOf(row) === chosen),
  };
  const interval: Column<BacktestRow> = { head: 'interval', align: 'text', cell: (row) => row.interval };
  const ofKey = (key: string): ReasonedColumn => metricColumn(METRIC_COLUMNS.find((column) => column.key === key) as MetricColumn);
  const [totalReturn, ...others] = FIRST.map(ofKey);
  const [first, missing] = split(shown, [totalReturn, HOLD, ...others, SKILL]);
  const rest = METRIC_COLUMNS.filter(({ key }) => !(FIRST as readonly string[]).includes(key)).map(metricColumn);
  const [known, unknownOnes] = split(shown, rest);
  return html`${table([strategy, interval, ...first], shown, { id, caption: 'Backtests', className: 'strategies' })}${missingSentences(shown, missing)}${failures(rows)}
<details><summary>all metrics</summary>${table([strategy, interval, ...known, CUT, PROOF], shown, { id: `${id}-all`, caption: 'All metrics of the backtests', className: 'strategies' })}${missingSentences(shown, unknownOnes)}</details>
${shown.length < rows.length && html`<p class="quiet">the ${shown.length} best of ${formatNumber(rows.length)} trials by Sharpe ratio; <code>predictlab export backtests</code> has all</p>`}`;
};

const HOLD: ReasonedColumn = {
  head: 'hold',
  about: 'Return of buying at the second bar and holding, on the same terms: compare the return with it.',
  sortBy: (row) => ranked(row, row.benchmark?.holdReturn, 'buyAndHold.totalReturn'),
  cell: (row) => benchmark(row, row.benchmark?.holdReturn, 'buyAndHold.totalReturn', formatPercent),
  why: (row) => whyNoBenchmark(row, 'buyAndHold.totalReturn'),
};

const SKILL: ReasonedColumn = {
  head: 'skill',
  about:
    'Whether the strategy knew better than the price: 1 − Brier score of the belief that its holdings imply / Brier score of the closes. 0 is the market’s own price, 1 is certain and right; only for resolved markets.',
  sortBy: (row) => ranked(row, row.benchmark?.skill, 'skill'),
  cell: (row) => benchmark(row, row.benchmark?.skill, 'skill', (value) => formatNumber(value, 3)),
  why: (row) => whyNoBenchmark(row, 'skill'),
};

const CUT: Column<BacktestRow> = {
  head: 'cut',
  about: 'Entries that the volume cap made smaller, and orders that did not fill.',
  sortBy: (row) => row.cut ?? null,
  cell: (row) => cut(row),
};

const PROOF: Column<BacktestRow> = {
  head: 'proof',
  about: 'Look-ahead proof: decisions that changed when the strategy was run again without its future.',
  align: 'text',
  cell: (row) => proof(row),
};

/** Splits the columns into those in which some row has a value, and the others. */
const split = (rows: readonly BacktestRow[], columns: readonly ReasonedColumn[]): readonly [ReasonedColumn[], ReasonedColumn[]] => {
  const known = columns.filter(({ sortBy }) => rows.some((row) => (sortBy?.(row) ?? null) !== null));
  return [known, columns.filter((column) => !known.includes(column))];
};

/** Names the columns without any value in one sentence per reason, so that the table has no columns full of dashes. */
const missingSentences = (rows: readonly BacktestRow[], columns: readonly ReasonedColumn[]): Markup => {
  const row = rows.find(({ failed }) => typeof failed !== 'string');
  const reasons = row === undefined ? [] : [...groupedBy(columns, ({ why }) => why(row))];
  const lines = reasons.map(([because, of]) => html`<p class="quiet">not shown: ${of.map(({ head }) => head).join(', ')} (${because})</p>`);
  const more = lines.length - MAX_REASONS;
  return html`${lines.slice(0, MAX_REASONS)}${more > 0 && html`<p class="quiet">and ${plural(more, 'more reason')}; <code>predictlab export backtests</code> has all</p>`}`;
};

interface ReasonedColumn extends Column<BacktestRow> {
  readonly why: (row: BacktestRow) => string;
}

/** Maximum number of reasons below a table, each one sentence. */
const MAX_REASONS = 4;

const best = (rows: readonly BacktestRow[], chosen: number | null): readonly BacktestRow[] => {
  if (rows.length <= MAX_ROWS) return rows;
  const ranked = rows.map((row, index) => ({
    row,
    rank: index === chosen ? Number.POSITIVE_INFINITY : (shownValue(row, 'sharpe') ?? Number.NEGATIVE_INFINITY),
  }));
  return ranked
    .sort((a, b) => (b.rank === a.rank ? 0 : b.rank - a.rank))
    .slice(0, MAX_ROWS)
    .map(({ row }) => row);
};

const name = (row: BacktestRow, chosen: boolean): Markup =>
  html`${row.strategy}${row.params !== '' && ` ${row.params}`}${chosen && html` ${tip('◆', drawnBecause(row))}`}${typeof row.failed === 'string' && html` <span class="failed">✕ failed</span>`}`;

/** Maximum number of errors below the table, each one sentence. */
const MAX_FAILURES = 5;

/** The errors of failed strategies, each once. */
const failures = (rows: readonly BacktestRow[]): Markup => {
  const sentences = [...new Set(rows.flatMap(({ interval, failed }) => (typeof failed === 'string' ? [`${interval}: ${failed}`] : [])))];
  const more = sentences.length - MAX_FAILURES;
  return html`${sentences.slice(0, MAX_FAILURES).map((sentence) => html`<p class="failed">✕ ${sentence}</p>`)}${more > 0 && html`<p class="quiet">and ${formatNumber(more)} more</p>`}`;
};

const drawnBecause = (row: BacktestRow): string =>
  shownValue(row, 'sharpe') === null
    ? 'drawn in the charts: the first one, since none has a Sharpe ratio that rests on enough'
    : 'drawn in the charts: the highest Sharpe ratio of this instrument';

const shownValue = (row: BacktestRow, key: string): number | null => (row.weak?.[key] === undefined ? (row.metrics[key] ?? null) : null);

const metricColumn = (metric: MetricColumn): ReasonedColumn => ({
  head: metric.head,
  about: metric.about,
  sortBy: (row) => shownValue(row, metric.key),
  cell: (row) => {
    const value = shownValue(row, metric.key);
    if (value === null) return unknown(whyNoMetric(row, metric.key));
    const error = metric.key === 'sharpe' ? (row.sharpeError ?? null) : null;
    return error === null ? metric.write(value) : withError(value, error);
  },
  why: (row) => whyNoMetric(row, metric.key),
});

const whyNoMetric = (row: BacktestRow, key: string): string => row.weak?.[key] ?? row.undefined[key] ?? 'not computed for this backtest';

const whyNoBenchmark = ({ failed, benchmark }: BacktestRow, name: string): string =>
  failed ?? benchmark?.weak?.[name] ?? benchmark?.undefined[name] ?? 'no benchmark was computed';

const benchmark = (row: BacktestRow, value: number | null | undefined, name: string, write: (value: number) => string): Markup | string => {
  const shown = ranked(row, value, name);
  return shown === null ? unknown(whyNoBenchmark(row, name)) : write(shown);
};

const ranked = (row: BacktestRow, value: number | null | undefined, name: string): number | null =>
  row.benchmark?.weak?.[name] === undefined ? (value ?? null) : null;

const UNFILLED: Readonly<Record<string, string>> = {
  beyondTick: 'beyond the last tick: there is no order at that price',
  noVolume: 'the volume cap left nothing',
  expired: 'orders whose time was over, or whose market closed',
  heldBack: 'exits that the volume cap spread over later bars',
};

const cut = (row: BacktestRow): Markup | string => {
  if (row.cut === null || row.cut === undefined) return unknown(row.failed ?? 'not counted');
  const unfilled = Object.entries(row.unfilled ?? {}).map(([reason, count]) => `${formatNumber(count)} ${UNFILLED[reason] ?? reason}`);
  const entries = formatNumber(row.cut);
  return unfilled.length === 0 ? entries : tip(html`${entries} <span class="quiet">+ unfilled</span>`, `unfilled: ${unfilled.join('; ')}`);
};

const proof = (row: BacktestRow): Markup | string => {
  if (row.proof === null) return unknown(row.failed ?? 'this backtest carries no look-ahead proof');
  const words = `${formatNumber(row.proof.changed)} of ${formatNumber(row.proof.decisions)} changed`;
  if (row.proof.changed > 0) return html`<span class="failed">✕ ${words}</span>`;
  const { notProvable = [] } = row.proof;
  return notProvable.length === 0 ? words : tip(html`${words} <span class="quiet">not provable</span>`, notProvable.join('; '));
};
