import { DAY_MS } from '../../contracts/words.ts';
import { sparkline } from '../charts/sparkline.ts';
import { formatAge, formatNumber, formatPercent, formatTime, plural } from '../elements/format.ts';
import { html, type Markup, type Part } from '../elements/html.ts';
import { type Column, table } from '../elements/table.ts';
import { STATE_GLYPHS, stateMark, tip, unknown, withError } from '../elements/tip.ts';
import type { RunPageData, RunSymbolRow } from './run-data.ts';
import type { GroupedTasks, SymbolTasks } from './symbol-tasks.ts';
import { MAX_FOLDED, MAX_ROWS, mostUrgentRows } from './task-grid.ts';

const WEEK = 7 * DAY_MS;
const HOUR = 3_600_000;

interface Row extends SymbolTasks {
  readonly facts: RunSymbolRow | undefined;
}

/** The table of the run's symbols: verdict, rows, freshness, prices, best strategy. */
export const runSymbols = (data: RunPageData, groups: GroupedTasks, live: boolean): Markup => {
  const facts = new Map(data.symbols.map((row) => [row.symbol, row]));
  const shown = mostUrgentRows(groups.symbols, MAX_ROWS);
  const kept = new Set(shown);
  const rest = groups.symbols.filter((row) => !kept.has(row));
  const rows = shown.map((row): Row => ({ ...row, facts: facts.get(row.symbol) }));
  const now = data.config?.asOf ?? Date.parse(data.result.finishedAt ?? data.result.startedAt);
  return html`${table(columnsAt(now), rows, {
    id: 'symbols',
    caption: 'Symbols of the run',
    className: 'symbols wide',
    empty: 'no symbols in this run',
    ...(live ? { rowKey: (row: Row) => row.symbol } : {}),
  })}
${rest.length > 0 && html`<details><summary>${plural(rest.length, 'more symbol')}; those that need attention stand above</summary><p class="names">${rest.slice(0, MAX_FOLDED).map((row) => folded(row, facts.get(row.symbol)?.href ?? null))}</p>${rest.length > MAX_FOLDED && html`<p class="quiet">the first ${formatNumber(MAX_FOLDED)} of them; <code>predictlab status ${data.result.runId} --json</code> has all</p>`}</details>`}`;
};

const folded = ({ symbol, verdict }: SymbolTasks, href: string | null): Markup =>
  html`<span><span class="${verdict}" title="${verdict}">${STATE_GLYPHS[verdict]}</span> ${href === null ? symbol : html`<a href="${href}">${symbol}</a>`}</span><br>\n`;

const columnsAt = (now: number): readonly Column<Row>[] => [
  {
    head: 'symbol',
    align: 'text',
    sortBy: (row) => row.symbol,
    cell: (row) => {
      const title = row.facts?.title ?? '';
      const name =
        row.facts?.href === null || row.facts?.href === undefined ? row.symbol : html`<a href="${row.facts.href}">${row.symbol}</a>`;
      return html`${name}${title !== '' && title !== row.symbol && html` <span class="title quiet" title="${title}">${title}</span>`}`;
    },
  },
  { head: 'verdict', align: 'text', sortBy: (row) => row.verdict, cell: (row) => stateMark(row.verdict) },
  number('rows in', 'Rows that this run collected, before cleaning.', (row) => row.facts?.rowsIn ?? null, 'collect did not finish'),
  number(
    'quarantined',
    'Rows set aside with a reason by this run; export quarantine lists them.',
    (row) => row.facts?.quarantined ?? null,
    'clean did not finish',
  ),
  {
    head: 'freshness',
    about: 'Age of the newest tick at the run’s asOf.',
    sortBy: (row) => (row.facts?.last ? now - row.facts.last.time : null),
    cell: (row) =>
      known(row.facts?.last, 'no ticks yet', (last) =>
        tip(formatAge((now - last.time) / 1000), `newest tick ${formatTime(last.time, 'second')}`, false),
      ),
  },
  {
    head: 'last',
    about: 'Newest price of the symbol’s most active instrument; a probability for prediction markets.',
    sortBy: (row) => row.facts?.last?.price ?? null,
    cell: (row) => known(row.facts?.last, 'no ticks yet', (last) => formatNumber(last.price, Math.abs(last.price) > 1 ? 2 : 3)),
  },
  {
    head: '7 d',
    about: 'Hourly closes of the last seven days; missing hours had no ticks or were not collected.',
    align: 'text',
    cell: (row) => weekOf(row, now),
  },
  {
    head: 'best strategy',
    about: 'Strategy with the highest Sharpe ratio in this run, among those with at least 30 daily returns.',
    align: 'text',
    sortBy: (row) => row.facts?.best?.strategy ?? null,
    cell: (row) => known(row.facts?.best, noBest(row), (best) => best.strategy),
  },
  metric('sharpe', 'mean(r) / std(r, ddof 1) · √365 over daily UTC returns.', (value) => formatNumber(value, 2)),
  metric('maxDrawdown', 'Deepest fall from the highest equity so far.', (value) => formatPercent(value), 'maxDD'),
];

/** Cache of drawn sparklines by row: a live page is often rendered from the same rows, and sparklines are most of that work. */
const weeks = new WeakMap<RunSymbolRow, { readonly now: number; readonly drawn: Markup }>();

function weekOf({ symbol, facts }: Row, now: number): Markup {
  const before = facts === undefined ? undefined : weeks.get(facts);
  if (before?.now === now) return before.drawn;
  const range = { from: now - WEEK, to: now, step: facts?.sparkStep ?? HOUR };
  const drawn = sparkline(facts?.spark ?? [], range, `prices of ${symbol} over seven days`);
  if (facts !== undefined) weeks.set(facts, { now, drawn });
  return drawn;
}

const known = <T>(value: T | null | undefined, reason: string, write: (value: T) => Part): Part =>
  value === null || value === undefined ? unknown(reason) : write(value);

const number = (head: string, about: string, value: (row: Row) => number | null, reason: string): Column<Row> => ({
  head,
  about,
  sortBy: value,
  cell: (row) => known(value(row), reason, (count) => formatNumber(count)),
});

const metric = (key: 'sharpe' | 'maxDrawdown', about: string, write: (value: number) => string, head: string = key): Column<Row> => ({
  head,
  about,
  sortBy: (row) => row.facts?.best?.[key] ?? null,
  cell: (row) => {
    const best = row.facts?.best ?? null;
    if (best === null) return unknown(noBest(row));
    const error = key === 'sharpe' ? (best.sharpeError ?? null) : null;
    return known(best[key], best.undefined[key] ?? 'undefined', (value) => (error === null ? write(value) : withError(value, error)));
  },
});

const noBest = (row: Row): string => row.facts?.unranked ?? 'no backtest in this run';
