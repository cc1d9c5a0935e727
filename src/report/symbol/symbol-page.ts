import { linear } from '../charts/axis.ts';
import { calibrationSection } from '../charts/calibration-svg.ts';
import { unit } from '../charts/plot.ts';
import { formatAge, formatClock, formatNumber, formatRange, formatTime, plural } from '../elements/format.ts';
import { html, type Markup, raw } from '../elements/html.ts';
import { LIVE_CHART_SCRIPT } from '../elements/live-chart-script.ts';
import type { PageScript } from '../elements/page/page.ts';
import { type Column, dataTable, table } from '../elements/table.ts';
import { stateMark, tip, unknown } from '../elements/tip.ts';
import { sitePage } from '../site/site-page.ts';
import { instrumentSection } from './instrument-section.ts';
import type { InstrumentSummary, ShortMarket, SymbolPageData } from './symbol-data.ts';

/** The notice that the licence of the chart library requires. */
const CHART_NOTICE = html`Charts: TradingView Lightweight Charts™, Copyright (c) 2025 TradingView, Inc., <a href="https://www.tradingview.com/" rel="noreferrer noopener">https://www.tradingview.com/</a>, Apache License 2.0`;

/**
 * A symbol's page, complete without script and in print: every chart is a still picture first.
 * @param chartLibrary lightweight-charts' standalone build, as text or as a file next to the page; null: still pictures only
 */
export const renderSymbolPage = (data: SymbolPageData, chartLibrary: PageScript | null): string => {
  const served = data.isServed === true;
  const charts = data.instruments.some((instrument) => instrument.series.length > 0) && chartLibrary !== null;
  const missing = Object.entries(data.missingSources);
  return sitePage({
    title: `${data.symbol} · ${data.runId}`,
    current: 'symbols',
    isServed: served,
    scripts: charts ? [chartLibrary, LIVE_CHART_SCRIPT] : [],
    body: html`<header><div class="over"><span class="kind">Symbol</span><h1>${data.symbol}</h1>${data.title !== '' && html`<span>“${data.title}”</span>`}<span class="links"><button type="button" class="zone" hidden>local time</button><a href="${served ? `/runs/${encodeURIComponent(data.runId)}` : 'index.html'}">run</a></span></div>
<p class="facts"><span>run <b>${data.runId}</b></span><span>as of <b>${formatTime(data.asOf, 'second')}</b></span><span>window ${formatRange(data.window.from, data.window.to)}</span><span>${plural(data.instrumentCount, 'instrument')}</span>${data.secondLook !== undefined && html`<span>coverage confirmed by a second look: <b>${formatNumber(data.secondLook.confirmed)}</b> of ${plural(data.secondLook.marketHours, 'market-hour')}</span>`}</p></header>
<main>
${missing.length > 0 && html`<ul class="causes warned">${missing.map(([source, why]) => html`<li>${stateMark('degraded')}data of <b>${source}</b> is missing from this run: ${why}</li>`)}</ul>`}
${data.instruments.length === 0 && html`<p class="none">No instrument matched this symbol’s selectors in the window; <code>predictlab symbols show ${data.symbol}</code> prints them.</p>`}
${(data.shortMarkets?.length ?? 0) > 0 && shortMarkets(data.shortMarkets ?? [])}
${data.calibration.length > 0 && (data.shortMarkets?.length ?? 0) > 0 && calibrationSection(data.calibration)}
${data.instrumentCount > 1 && overview(data)}
${data.instruments.map((instrument, i) => instrumentSection(instrument, data, `i${i}`))}
${data.calibration.length > 0 && (data.shortMarkets?.length ?? 0) === 0 && calibrationSection(data.calibration)}
</main>`,
    footer: html`${data.madeBy} · <span class="zone-words">times are UTC</span> · prices of prediction markets are probabilities of the first outcome${charts && html`<br>${CHART_NOTICE}`}`,
  });
};

/** The table of a symbol's instruments, most active first, with links to those that are drawn below. */
const overview = (data: SymbolPageData): Markup => {
  const rows: readonly Row[] = [
    ...data.instruments.map((row, i) => ({ row, anchor: `#i${i}-title` })),
    ...data.others.map((row) => ({ row, anchor: null })),
  ];
  const unlisted = data.instrumentCount - rows.length;
  const all = table(columnsAt(data.asOf), rows, { id: 'all', caption: 'Instruments of the symbol, most active first' });
  // For a series the table is folded, since the small charts already show most of it.
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

const WIDTH = 120;
const HEIGHT = 44;

/** Draws a series of short markets as small charts with one scale: time from open to close, price from 0 to 1. */
const shortMarkets = (markets: readonly ShortMarket[]): Markup =>
  html`<section><h2>The series, market by market</h2>
<p class="quiet">The newest ${plural(markets.length, 'market')} on one scale: from open to close, 0 at the bottom, 1 at the top; the line in the middle is 0.5. A step is the last price of a thirtieth of the market’s time. ● paid 1, ○ paid 0.</p>
<ol class="multiples">${markets.map(picture)}</ol>
${dataTable<ShortMarket>(
  [
    { head: 'closes', align: 'text', cell: ({ closesAt }) => formatTime(closesAt) },
    { head: 'market', align: 'text', cell: ({ title, id }) => title || id },
    { head: 'first', cell: ({ path }) => formatNumber(path[0]?.price, 3) },
    { head: 'last', cell: ({ path }) => formatNumber(path.at(-1)?.price, 3) },
    { head: 'paid', cell: ({ resolution }) => (resolution.kind === 'settled' ? String(resolution.payout) : resolution.kind) },
  ],
  markets,
  { id: 'short', caption: 'Markets of the series' },
)}</section>`;

const picture = ({ id, title, opensAt, closesAt, resolution, path }: ShortMarket): Markup => {
  const x = linear(opensAt, closesAt);
  const steps = path.map(({ time, price }, i) => {
    const across = unit(x(time) * WIDTH);
    const up = unit((1 - Math.min(1, Math.max(0, price))) * HEIGHT);
    return i === 0 ? `M${across} ${up}h.01` : `H${across}V${up}`;
  });
  const last = path.at(-1);
  const paid = resolution.kind === 'settled' ? resolution.payout : null;
  const end = paid === null ? '' : paid >= 0.5 ? '●' : '○';
  const about = `${title || id}: ${last === undefined ? 'no trades' : `last ${formatNumber(last.price, 3)}`}${paid === null ? '' : `, paid ${paid}`}`;
  return html`<li title="${about}"><svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${about}"><path class="hair" d="M0 ${HEIGHT / 2}H${WIDTH}"/><path class="line own" d="${raw(steps.join(''))}"/></svg><span>${formatTime(closesAt).slice(5, 10)} ${formatClock(closesAt)}</span> <b>${last === undefined ? '–' : formatNumber(last.price, 2)}</b>${end !== '' && html` <span class="${paid !== null && paid >= 0.5 ? 'up' : 'down'}">${end}</span>`}</li>
`;
};
