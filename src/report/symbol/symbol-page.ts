import { calibrationSection } from '../charts/calibration-svg.ts';
import { formatNumber, formatRange, formatTime, plural } from '../elements/format.ts';
import { html } from '../elements/html.ts';
import { LIVE_CHART_SCRIPT } from '../elements/live-chart-script.ts';
import type { PageScript } from '../elements/page/page.ts';
import { stateMark } from '../elements/tip.ts';
import { sitePage } from '../site/site-page.ts';
import { instrumentSection } from './instrument-section.ts';
import { overview, shortMarkets } from './overview.ts';
import type { SymbolPageData } from './symbol-data.ts';

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
