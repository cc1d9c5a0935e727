import { formatNumber, formatPercent } from '../elements/format.ts';
import { html, type Markup } from '../elements/html.ts';
import { METRIC_COLUMNS, type MetricColumn } from '../elements/metrics.ts';
import { type Column, table } from '../elements/table.ts';
import { tip, unknown, withError } from '../elements/tip.ts';
import type { BacktestRow } from './symbol-data.ts';

/** Maximum rows: a grid of parameters can have thousands. */
const MAX_ROWS = 60;

/** Every backtest of an instrument with every metric; a dash tells why there is no number. Press a head to sort. */
export const strategyTable = (rows: readonly BacktestRow[], chosen: number | null, id: string): Markup => {
  const shown = best(rows, chosen);
  // a column that no row has a number for still stands there when a row gives a reason: its absence is information
  const columns: Column<BacktestRow>[] = [
    {
      head: 'strategy',
      align: 'text',
      sortBy: (row) => `${row.strategy} ${row.params}`,
      cell: (row) => name(row, rows.indexOf(row) === chosen),
    },
    { head: 'interval', align: 'text', cell: (row) => row.interval },
    ...METRIC_COLUMNS.map(metricColumn),
    {
      head: 'hold',
      about: 'Return of buying at the second bar and holding, on the same terms: what the return is to be held against.',
      sortBy: (row) => ranked(row, row.benchmark?.holdReturn, 'buyAndHold.totalReturn'),
      cell: (row) => benchmark(row, row.benchmark?.holdReturn, 'buyAndHold.totalReturn', formatPercent),
    },
    {
      head: 'skill',
      about:
        'Whether it knew better than the price: 1 − Brier score of the belief that its holdings imply / Brier score of the closes. 0 is the market’s own price, 1 is certain and right; only of resolved markets.',
      sortBy: (row) => ranked(row, row.benchmark?.skill, 'skill'),
      cell: (row) => benchmark(row, row.benchmark?.skill, 'skill', (value) => formatNumber(value, 3)),
    },
    {
      head: 'cut',
      about: 'Entries that the volume cap made smaller; beside them the orders that did not fill.',
      sortBy: (row) => row.cut ?? null,
      cell: cut,
    },
    {
      head: 'proof',
      about: 'Look-ahead proof: decisions that changed when the strategy was run again without its future.',
      align: 'text',
      cell: proof,
    },
  ];
  return html`${table(columns, shown, { id, caption: 'Backtests', className: 'strategies', empty: 'no backtest: this symbol’s backtest stage has not run, or had no candles' })}${failures(rows)}
${shown.length < rows.length && html`<p class="quiet">the ${shown.length} best of ${formatNumber(rows.length)} trials by Sharpe ratio; <code>predictlab export backtests</code> has all</p>`}`;
};

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

/** Maximum error sentences below the table. */
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

/** A metric that may be shown and ranked; null where it is undefined or weak. */
const shownValue = (row: BacktestRow, key: string): number | null => (row.weak?.[key] === undefined ? (row.metrics[key] ?? null) : null);

const metricColumn = (metric: MetricColumn): Column<BacktestRow> => ({
  head: metric.head,
  about: metric.about,
  sortBy: (row) => shownValue(row, metric.key),
  cell: (row) => {
    const value = shownValue(row, metric.key);
    if (value === null) return unknown(row.weak?.[metric.key] ?? row.undefined[metric.key] ?? 'not computed for this backtest');
    const error = metric.key === 'sharpe' ? (row.sharpeError ?? null) : null;
    return error === null ? metric.write(value) : withError(value, error);
  },
});

const benchmark = (row: BacktestRow, value: number | null | undefined, name: string, write: (value: number) => string): Markup | string => {
  const shown = ranked(row, value, name);
  return shown === null
    ? unknown(row.failed ?? row.benchmark?.weak?.[name] ?? row.benchmark?.undefined[name] ?? 'no benchmark was computed')
    : write(shown);
};

/** A benchmark figure that may be shown and ranked; null where it is undefined or weak. */
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
  return row.proof.changed === 0 ? words : html`<span class="failed">✕ ${words}</span>`;
};
