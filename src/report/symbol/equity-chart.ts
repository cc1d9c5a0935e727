import type { EquityPoint } from '../../backtest/record/curve-columns.ts';
import type { TimeRange } from '../../contracts/market-data.ts';
import { INTERVAL_MS, type Interval } from '../../contracts/words.ts';
import { MAX_TRADES } from '../charts/candles-svg.ts';
import { type EquityChart, endReturn, equityPlots, leavesScale, type OtherCurve } from '../charts/equity-svg.ts';
import { lineKey, plot } from '../charts/plot.ts';
import { shownRange } from '../charts/shown-range.ts';
import { formatTime, plural, tableNumber } from '../elements/format.ts';
import { html, type Markup } from '../elements/html.ts';
import { dataTable } from '../elements/table.ts';
import type { BacktestRow, BacktestTrade, ChosenBacktest, InstrumentSection, SymbolPageData } from './symbol-data.ts';

/** The returns of the chosen strategy, of holding on the same terms and of other strategies, over the range of the price chart. */
export interface ChosenChart extends EquityChart {
  readonly interval: Interval;
  /** Name of the chosen strategy, with the names of other strategies that have the same curve. */
  readonly name: string;
  /** Time at which all curves start with a return of 0. */
  readonly from: number;
}

/** Maximum number of other strategies that are drawn; the table has all. */
const MAX_OTHERS = 3;

/** The chart of the chosen strategy; `undefined` where there is nothing to draw. */
export const chosenChart = (section: InstrumentSection, asOf: number): ChosenChart | undefined => {
  const { chosen } = section;
  const row = chosen === null ? undefined : section.backtests[chosen.index];
  if (chosen === null || row === undefined || chosen.equity.length === 0) return undefined;
  const { interval } = row;
  const step = INTERVAL_MS[interval];
  const series = section.series.find((one) => one.interval === interval && one.candles.length > 0);
  const first = chosen.equity[0].time;
  const last = chosen.equity.at(-1)?.time ?? first;
  const range = series === undefined ? { from: first, to: last + step } : shownRange(section, series, asOf);
  const [start] = atClose(chosen.equity, step, range);
  if (start === undefined) return undefined;
  const curveOf = (points: readonly EquityPoint[]): readonly EquityPoint[] => fromStart(atClose(points, step, range), start.time);
  const own = { name: strategyName(row), tone: 'own', points: curveOf(chosen.equity) };
  const held = { name: 'buy and hold on the same terms', tone: 'held', points: curveOf(chosen.hold ?? []) };
  const others = (chosen.compared ?? []).slice(0, MAX_OTHERS).flatMap(({ index, equity }, i): OtherCurve[] => {
    const about = section.backtests[index];
    return about === undefined ? [] : [{ name: strategyName(about), tone: `other-${i}`, points: curveOf(equity) }];
  });
  const [{ name, points }, ...distinct] = joined([own, ...[held, ...others].filter((curve) => curve.points.length > 0)]);
  return { points, others: distinct, range, gaps: section.gaps, interval, name, from: start.time };
};

/** A strategy with its parameters: `sma-cross 10/30`. */
export const strategyName = ({ strategy, params }: BacktestRow): string => (params === '' ? strategy : `${strategy} ${params}`);

/** Joins curves that coincide into one with both names, since two lines on top of each other look like one. */
const joined = (curves: readonly OtherCurve[]): readonly OtherCurve[] => {
  const distinct: OtherCurve[] = [];
  for (const curve of curves) {
    const same = distinct.findIndex(({ points }) => coincide(points, curve.points));
    if (same === -1) distinct.push(curve);
    else distinct[same] = { ...distinct[same], name: `${distinct[same].name} = ${curve.name}` };
  }
  return distinct;
};

const coincide = (a: readonly EquityPoint[], b: readonly EquityPoint[]): boolean => {
  const times = new Map(b.map(({ time, equity }) => [time, equity]));
  const common = a.filter(({ time }) => times.has(time));
  return common.length > 1 && common.every(({ time, equity }) => Math.abs((times.get(time) ?? 0) - equity) < 1e-9);
};

/** Moves points to the close of their bars and keeps those inside the range; the last equity before it is placed at its start. */
const atClose = (points: readonly EquityPoint[], step: number, range: TimeRange): readonly EquityPoint[] => {
  const closed = points.map(({ time, equity }) => ({ time: time + step, equity }));
  const inside = closed.filter(({ time }) => time >= range.from && time <= range.to);
  const before = closed.findLast(({ time }) => time < range.from);
  return before === undefined ? inside : [{ time: range.from, equity: before.equity }, ...inside];
};

/** The part of a curve from a time on, as multiples of the equity at that time. */
const fromStart = (points: readonly EquityPoint[], start: number): readonly EquityPoint[] => {
  const shown = points.filter(({ time }) => time >= start);
  const first = points.findLast(({ time }) => time <= start)?.equity ?? shown[0]?.equity ?? 0;
  return first <= 0 ? [] : shown.map(({ time, equity }) => ({ time, equity: equity / first }));
};

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
${chosen.trades.length === 0 && html`<p class="quiet">${noTrades(row, chosen)}</p>`}
${typeof row.terms === 'string' && html`<p class="quiet">${row.terms}</p>`}
${row.passport !== null && html`<p class="quiet">passport <code>${row.passport}</code>: same data, code and parameters give the same bytes; run ${data.backtestRun?.runId ?? data.runId}</p>`}`;
};

/** Text for a strategy that never traded; names the indicators that need more bars than there are. */
const noTrades = (row: BacktestRow, { indicators = [], equity }: ChosenBacktest): string => {
  const short = indicators.filter(({ points }) => points.length === 0).map(({ name }) => name);
  const why = short.length === 0 ? '' : `: ${plural(equity.length, 'bar')} are too few for ${short.join(' and ')}`;
  return `${strategyName(row)} never traded${why}`;
};

const legend = (chart: ChosenChart): Markup =>
  html`<p class="legend"><span>${lineKey('own')}${chart.name} <b>${endReturn(chart.points)}</b></span>${chart.others.map((other) => html`<span>${lineKey(other.tone)}${other.name} <b>${endReturn(other.points)}</b>${leavesScale(other.points, chart) && ' (leaves the scale)'}</span>`)}<span>returns since ${formatTime(chart.from)}, after costs</span></p>`;
