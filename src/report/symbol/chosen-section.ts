import { endReturn, equityPlots, leavesScale } from '../charts/equity-svg.ts';
import { plot } from '../charts/plot.ts';
import { formatTime, tableNumber } from '../elements/format.ts';
import { html, type Markup } from '../elements/html.ts';
import { dataTable } from '../elements/table.ts';
import { MAX_TRADES } from './candle-panel.ts';
import { type ChosenChart, chosenChart, strategyName } from './equity-chart.ts';
import type { BacktestTrade, ChosenBacktest, InstrumentSection, SymbolPageData } from './symbol-data.ts';

/** The chosen backtest: equity, drawdown, trades and terms. */
export const chosenSection = (section: InstrumentSection, data: SymbolPageData, id: string): Markup | false => {
  const { chosen } = section;
  const row = chosen === null ? undefined : section.backtests[chosen.index];
  if (chosen === null || row === undefined || chosen.equity.length === 0) return false;
  const chart = chosenChart(section, data.asOf);
  return html`<h3>Return and drawdown: ${strategyName(row)} on ${row.interval}</h3>
${chart === undefined ? html`<p class="none">no equity in the time that the price chart shows</p>` : html`${equityPlots(chart).map((one) => plot(one))}${legend(chart)}`}
${dataTable<ChosenBacktest['equity'][number]>(
  [
    { head: 'time', align: 'text', cell: (point) => formatTime(point.time) },
    { head: 'equity', cell: (point) => tableNumber(point.equity) },
  ],
  chosen.equity,
  { id: `${id}-e`, caption: 'Equity', limit: 1000 },
)}
${dataTable<BacktestTrade>(
  [
    { head: 'entry_time', align: 'text', cell: (trade) => formatTime(trade.entryTime) },
    { head: 'exit_time', align: 'text', cell: (trade) => formatTime(trade.exitTime) },
    { head: 'side', align: 'text', cell: (trade) => trade.side },
    { head: 'size', cell: (trade) => tableNumber(trade.size) },
    { head: 'entry_price', cell: (trade) => tableNumber(trade.entryPrice) },
    { head: 'exit_price', cell: (trade) => tableNumber(trade.exitPrice) },
    { head: 'pnl', cell: (trade) => tableNumber(trade.pnl) },
    { head: 'fees', cell: (trade) => tableNumber(trade.fees) },
  ],
  chosen.trades,
  { id: `${id}-t`, caption: 'Trades', limit: MAX_TRADES, empty: 'no trades' },
)}
${typeof row.terms === 'string' && html`<p class="quiet">${row.terms}</p>`}
${row.passport !== null && html`<p class="quiet">passport <code>${row.passport}</code>: same data, code and parameters give the same bytes; run ${data.backtestRun?.runId ?? data.runId}</p>`}`;
};

const legend = (chart: ChosenChart): Markup =>
  html`<p class="legend"><span>${key('own')}${chart.name} <b>${endReturn(chart.points)}</b></span>${chart.others.map((other) => html`<span>${key(other.tone)}${other.name} <b>${endReturn(other.points)}</b>${leavesScale(other.points, chart) && ' (leaves the scale)'}</span>`)}<span>returns since ${formatTime(chart.from)}, after costs</span></p>`;

const key = (tone: string): Markup => html`<svg class="key" viewBox="0 0 12 10"><path class="line ${tone}" d="M0 5H12"/></svg>`;
