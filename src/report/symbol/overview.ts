import { formatAge, formatNumber, formatTime, plural } from '../elements/format.ts';
import { html, type Markup } from '../elements/html.ts';
import { type Column, table } from '../elements/table.ts';
import { tip, unknown } from '../elements/tip.ts';
import type { InstrumentSummary, SymbolPageData } from './symbol-data.ts';

/** The table of a symbol's instruments, most active first, with links to those that are drawn below. */
export const overview = (data: SymbolPageData): Markup => {
  const rows: readonly Row[] = [
    ...data.instruments.map((row, i) => ({ row, anchor: `#i${i}-title` })),
    ...data.others.map((row) => ({ row, anchor: null })),
  ];
  const unlisted = data.instrumentCount - rows.length;
  const all = table(columnsAt(data.asOf), rows, { id: 'all', caption: 'Instruments of the symbol, most active first' });
  // the small charts of a series already show most of it
  const isSeries = (data.shortMarkets?.length ?? 0) > 0;
  return html`<section><h2>Instruments</h2>${isSeries ? html`<details><summary>${plural(rows.length, 'instrument')} as a table</summary>${all}</details>` : all}
${data.others.length > 0 && html`<p class="quiet">${data.instruments.length === 1 ? 'The most active' : `The ${data.instruments.length} most active`} of ${formatNumber(data.instrumentCount)} instruments ${data.instruments.length === 1 ? 'is' : 'are'} drawn in full below.${unlisted > 0 && ` ${formatNumber(unlisted)} less active ones are not listed; predictlab symbols show ${data.symbol} has all.`}</p>`}</section>`;
};

interface Row {
  readonly row: InstrumentSummary;
  readonly anchor: string | null;
}

const columnsAt = (asOf: number): readonly Column<Row>[] => [
  {
    head: 'instrument',
    align: 'text',
    sortBy: ({ row }) => row.title || row.id,
    cell: ({ row, anchor }) => {
      const name = html`<span class="title" title="${row.id}">${row.title || row.id}</span>`;
      return anchor === null ? name : html`<a href="${anchor}">${name}</a>`;
    },
  },
  { head: 'source', align: 'text', sortBy: ({ row }) => row.source, cell: ({ row }) => row.source },
  {
    head: 'last',
    sortBy: ({ row }) => row.last?.price ?? null,
    cell: ({ row }) => (row.last === null ? unknown('no ticks yet') : formatNumber(row.last.price, 3)),
  },
  { head: 'ticks', about: 'Ticks in the run’s window.', sortBy: ({ row }) => row.ticks, cell: ({ row }) => formatNumber(row.ticks) },
  {
    head: 'newest tick',
    align: 'text',
    sortBy: ({ row }) => row.last?.time ?? null,
    cell: ({ row }) =>
      row.last === null
        ? unknown('no ticks yet')
        : tip(formatTime(row.last.time), `${formatAge((asOf - row.last.time) / 1000)} before asOf`, false),
  },
  { head: 'state', align: 'text', sortBy: ({ row }) => row.resolution.kind, cell: ({ row }) => stateOf(row) },
  {
    head: 'best sharpe',
    about: 'Highest Sharpe ratio of this run’s backtests of the instrument, among those with at least 30 daily returns.',
    sortBy: ({ row }) => row.bestSharpe,
    cell: ({ row }) =>
      row.bestSharpe === null ? unknown('no backtest has a Sharpe ratio from at least 30 daily returns') : formatNumber(row.bestSharpe, 2),
  },
];

const stateOf = (row: InstrumentSummary): string => {
  if (row.resolution.kind === 'settled') return `settled at ${row.resolution.payout}`;
  if (row.resolution.kind === 'unresolved') return `unresolved: ${row.resolution.reason}`;
  return row.closesAt === null ? 'open' : `closes ${formatTime(row.closesAt)}`;
};
