import { calibrationSection } from './calibration-section.ts';
import { formatAge, formatNumber, formatRange, formatTime, plural } from './format.ts';
import { html, type Markup } from './html.ts';
import { instrumentSection } from './instrument-section.ts';
import { LIVE_CHART_SCRIPT } from './live-chart-script.ts';
import { page } from './page.ts';
import { PAGE_SCRIPT } from './page-script.ts';
import type { InstrumentSummary, SymbolPageData } from './symbol-page-data.ts';
import { table } from './table.ts';
import { tip, unknown } from './tip.ts';

/** The notice that the licence of the charts asks for. */
const CHART_NOTICE = html`Charts: TradingView Lightweight Charts™, Copyright (c) 2025 TradingView, Inc., <a href="https://www.tradingview.com/" rel="noreferrer noopener">https://www.tradingview.com/</a>, Apache License 2.0`;

/**
 * A symbol's page. Complete without script and in print: every chart is a still picture first.
 *
 * @param chartLibrary text of lightweight-charts' standalone build; without it the page has its still pictures only
 */
export const renderSymbolPage = (data: SymbolPageData, chartLibrary: string | null): string => {
  const charts = data.instruments.some((instrument) => instrument.series.length > 0) && chartLibrary !== null;
  return page({
    title: `${data.symbol} · ${data.runId}`,
    scripts: [PAGE_SCRIPT, ...(charts ? [chartLibrary, LIVE_CHART_SCRIPT] : [])],
    body: html`<header><div class="over"><span class="kind">Symbol</span><h1>${data.symbol}</h1>${data.title !== '' && html`<span>“${data.title}”</span>`}<span class="links"><a href="index.html">run</a></span></div>
<p class="facts"><span>run <b>${data.runId}</b></span><span>as of <b>${formatTime(data.asOf, 'second')}</b></span><span>window ${formatRange(data.window.from, data.window.to)}</span><span>${plural(data.instrumentCount, 'instrument')}</span></p></header>
<main>
${data.instruments.length === 0 && html`<p class="none">No instrument matched this symbol’s selectors in the window; <code>predictlab symbols show ${data.symbol}</code> prints them.</p>`}
${data.instruments.map((instrument, i) => instrumentSection(instrument, data, `i${i}`))}
${data.calibration.length > 0 && calibrationSection(data.calibration)}
${data.others.length > 0 && others(data)}
</main>`,
    footer: html`${data.madeBy} · times are UTC · prices of prediction markets are probabilities of the first outcome${charts && html`<br>${CHART_NOTICE}`}`,
  });
};

const others = (data: SymbolPageData): Markup => {
  const unlisted = data.instrumentCount - data.instruments.length - data.others.length;
  return html`<section><h2>Other instruments</h2>
<p class="quiet">The ${data.instruments.length} most active of ${formatNumber(data.instrumentCount)} instruments are drawn above.${unlisted > 0 && ` ${formatNumber(unlisted)} less active ones are not listed; predictlab symbols show ${data.symbol} has all.`}</p>
${table<InstrumentSummary>(
  [
    {
      head: 'instrument',
      align: 'text',
      sortBy: (row) => row.title || row.id,
      cell: (row) => html`<span class="title" title="${row.id}">${row.title || row.id}</span>`,
    },
    { head: 'source', align: 'text', sortBy: (row) => row.source, cell: (row) => row.source },
    { head: 'ticks', sortBy: (row) => row.ticks, cell: (row) => formatNumber(row.ticks) },
    {
      head: 'last',
      sortBy: (row) => row.last?.price ?? null,
      cell: (row) => (row.last === null ? unknown('no ticks yet') : formatNumber(row.last.price, 3)),
    },
    {
      head: 'newest tick',
      align: 'text',
      sortBy: (row) => row.last?.time ?? null,
      cell: (row) =>
        row.last === null
          ? unknown('no ticks yet')
          : tip(formatTime(row.last.time), `${formatAge((data.asOf - row.last.time) / 1000)} before asOf`, false),
    },
    { head: 'state', align: 'text', sortBy: (row) => row.resolution.kind, cell: (row) => stateOf(row) },
    {
      head: 'best sharpe',
      sortBy: (row) => row.bestSharpe,
      cell: (row) => (row.bestSharpe === null ? unknown('no backtest with a Sharpe ratio') : formatNumber(row.bestSharpe, 2)),
    },
  ],
  data.others,
  { id: 'others', caption: 'Other instruments of the symbol' },
)}</section>`;
};

const stateOf = (row: InstrumentSummary): string => {
  if (row.resolution.kind === 'settled') return `settled at ${row.resolution.payout}`;
  if (row.resolution.kind === 'unresolved') return `unresolved: ${row.resolution.reason}`;
  return row.closesAt === null ? 'open' : `closes ${formatTime(row.closesAt)}`;
};
