import type { TimeRange } from '../../contracts/market-data.ts';
import { INTERVAL_MS } from '../../contracts/words.ts';
import {
  type CandleChart,
  type ChartLine,
  candlesPlot,
  drawnPositions,
  type EventMark,
  MAX_TRADES,
  type Position,
  tradeArrows,
} from '../charts/candles-svg.ts';
import { plot } from '../charts/plot.ts';
import { drawnGaps, shownRange, within } from '../charts/shown-range.ts';
import { formatDay, formatNumber, formatRange, formatTime, plural, tableNumber } from '../elements/format.ts';
import { html, jsonIsland, type Markup } from '../elements/html.ts';
import { dataTable } from '../elements/table.ts';
import { chosenChart } from './equity-chart.ts';
import type { EmbeddedCandles, InstrumentSection, PageCandle } from './symbol-data.ts';

const HEIGHT = 360;
/** A chart of fewer buckets is narrower than the page, so that a single candle does not fill it. */
const FEW_BUCKETS = 24;
const BUCKET_PX = 40;
/** Width that is reserved for one label of the time axis, in pixels. */
const LABEL_PX = 90;

export interface CandlePanel {
  readonly section: InstrumentSection;
  readonly series: EmbeddedCandles;
  readonly asOf: number;
  readonly symbol: string;
  /** Id of the panel, unique on the page. */
  readonly id: string;
}

/** One interval of one instrument: legend, chart and data table. */
export const candlePanel = ({ section, series, asOf, symbol, id }: CandlePanel): Markup => {
  const last = series.candles.at(-1);
  if (last === undefined) return html`<p class="none">no candles of ${series.interval} up to ${formatTime(asOf)}</p>`;
  const range = shownRange(section, series, asOf);
  const digits = priceDigits(section);
  const positions = tradedPositions(section, series);
  const lines = linesOf(section, series);
  const buckets = Math.round((range.to - range.from) / INTERVAL_MS[series.interval]);
  const width = buckets < FEW_BUCKETS ? Math.max(280, buckets * BUCKET_PX) : undefined;
  const picture = plot(
    candlesPlot({
      ...candleChart(section, series, asOf),
      ...(width !== undefined && { timeLabels: Math.floor(width / LABEL_PX) }),
      live: html`<div class="live" data-chart="${id}"></div>`,
    }),
  );
  const cut = series.candles.length < series.total || (series.candles[0]?.openTime ?? 0) < range.from;
  return html`<p class="legend"><span class="values">${formatTime(last.openTime)}  open ${formatNumber(last.open, digits)}  high ${formatNumber(last.high, digits)}  low ${formatNumber(last.low, digits)}  close ${formatNumber(last.close, digits)}${last.volume !== null && `  volume ${formatNumber(last.volume, 2)}`}${!last.complete && '  (still open)'}</span></p>
<div${width !== undefined && html` style="max-width:${width}px"`}>${picture}</div>
<p class="legend">${within(section.gaps, range).length > 0 && html`<span><span class="key"><span class="hatched"></span></span>not collected</span>`}${section.quality.quarantineTimes.length > 0 && html`<span class="down">| quarantined row</span>`}${positions.length > 0 && html`<span><span class="up">▲</span> <span class="down">▼</span> ${(section.chosen?.trades.length ?? 0) > MAX_TRADES && `last ${MAX_TRADES} `}entries and exits of the chosen strategy, sized by value</span>`}${lines.map((line) => html`<span><svg class="key" viewBox="0 0 12 10"><path class="line ${line.tone} ${line.kind}" d="${line.kind === 'dots' ? 'M3 5h.01M9 5h.01' : 'M0 5H12'}"/></svg>${line.name}</span>`)}<span>empty: collected, no ${section.priceType === 'price' ? 'price points' : 'trades'}</span></p>
${cut && html`<p class="quiet">last ${plural(series.candles.length, 'candle')} of ${formatNumber(series.total)}; <code>predictlab export candles --symbol ${symbol} --interval ${series.interval}</code> has all</p>`}
${candleTable(series, digits, id)}
${jsonIsland(id, { ...chartData(section, series, asOf, positions), lines: lines.map((line) => chartLine(line, range, INTERVAL_MS[series.interval])) })}`;
};

/** The candle chart of one interval. */
export const candleChart = (section: InstrumentSection, series: EmbeddedCandles, asOf: number): CandleChart => ({
  series,
  range: shownRange(section, series, asOf),
  gaps: section.gaps,
  quarantineTimes: section.quality.quarantineTimes,
  marks: marksOf(section),
  positions: tradedPositions(section, series),
  lines: linesOf(section, series),
  digits: priceDigits(section),
  market: section.market,
  height: HEIGHT,
});

/** Lines over the candles: the chosen strategy's indicators, if this is the strategy's interval, and the prices of twins. */
const linesOf = (section: InstrumentSection, { interval }: EmbeddedCandles): readonly ChartLine[] => {
  const traded = section.chosen === null ? undefined : section.backtests[section.chosen.index]?.interval;
  const indicators = traded === interval ? (section.chosen?.indicators ?? []) : [];
  const twins = section.twins.flatMap(({ source, closes }) => {
    const points = closes?.find((one) => one.interval === interval)?.points ?? [];
    return points.length === 0 ? [] : [{ name: `${source} (twin)`, points }];
  });
  return [
    ...indicators.map(({ name, points }, i): ChartLine => ({ name, points, kind: 'steps', tone: `looks-${i % 3}` })),
    ...twins.map(({ name, points }, i): ChartLine => ({ name, points, kind: 'dots', tone: `twin-${i}` })),
  ];
};

/** Decimals for about five significant digits: 63 402, 41.07, 0.0002317. The table has exact prices. */
const assetDigits = (price: number): number =>
  price >= 1000 ? 0 : price >= 1 ? 2 : Math.min(8, Math.ceil(-Math.log10(Math.max(price, 1e-8))) + 3);

/** Decimals of an instrument's prices, from its tick size. */
export const priceDigits = (section: InstrumentSection): number => {
  if (section.market === 'asset') return assetDigits(section.last?.price ?? 1);
  if (section.tickSize === null || section.tickSize <= 0) return 3;
  return Math.min(4, Math.max(2, Math.round(-Math.log10(section.tickSize))));
};

const marksOf = ({ resolution, opensAt, closesAt, endsAt }: InstrumentSection): readonly EventMark[] => {
  const end = endsAt ?? closesAt;
  return [
    ...(opensAt === null ? [] : [{ at: opensAt, text: `opened ${formatDay(opensAt)}` }]),
    ...(end === null ? [] : [{ at: end, text: `announced end ${formatDay(end)}` }]),
    ...(resolution.kind === 'settled' && resolution.at !== null
      ? [{ at: resolution.at, text: `settled at ${resolution.payout} on ${formatTime(resolution.at)}` }]
      : []),
  ];
};

/** Returns in percent of the chosen strategy and of holding, on the candles of the strategy's interval. */
const returnLines = (section: InstrumentSection, { interval }: EmbeddedCandles, asOf: number): readonly object[] => {
  const chart = chosenChart(section, asOf);
  if (chart === undefined || chart.interval !== interval) return [];
  const step = INTERVAL_MS[interval];
  const held = chart.others.filter(({ tone }) => tone === 'held');
  return [{ name: chart.name, tone: 'own', points: chart.points }, ...held].map(({ name, tone, points }) => {
    // A point stands at the close of its bar; the chart places it by the bar's open.
    const shown = points.filter(({ time }) => time > chart.range.from && time <= chart.range.to);
    const place = ({ time }: (typeof shown)[number]): number => Math.round((time - chart.range.from) / step) - 1;
    return { name, tone, i: shown.map(place), p: shown.map(({ equity }) => Math.round((equity - 1) * 1e6) / 1e4) };
  });
};

/** The positions of the chosen backtest, which every interval's chart shows. */
const tradedPositions = (section: InstrumentSection, series: EmbeddedCandles): readonly Position[] =>
  series.candles.length === 0 ? [] : drawnPositions((section.chosen?.trades ?? []).slice(-MAX_TRADES));

const candleTable = (series: EmbeddedCandles, digits: number, id: string): Markup => {
  const exact = (value: number): string => (digits >= 0 ? tableNumber(value) : '');
  return dataTable<PageCandle>(
    [
      { head: 'open_time', align: 'text', cell: (c) => formatTime(c.openTime) },
      { head: 'open', cell: (c) => exact(c.open) },
      { head: 'high', cell: (c) => exact(c.high) },
      { head: 'low', cell: (c) => exact(c.low) },
      { head: 'close', cell: (c) => exact(c.close) },
      { head: 'volume', cell: (c) => tableNumber(c.volume) },
      { head: 'trades', cell: (c) => c.trades },
      { head: 'complete', cell: (c) => (c.complete ? 'yes' : 'no') },
    ],
    series.candles,
    { id: `${id}-table`, caption: `Candles ${series.interval}` },
  );
};

const chartLine = ({ tone, kind, points }: ChartLine, { from, to }: TimeRange, step: number): object => {
  const shown = points.filter(({ time }) => time >= from && time < to);
  return { tone, kind, i: shown.map(({ time }) => Math.round((time - from) / step)), p: shown.map(({ price }) => price) };
};

const chartData = (section: InstrumentSection, series: EmbeddedCandles, asOf: number, positions: readonly Position[]): object => {
  const range = shownRange(section, series, asOf);
  const digits = priceDigits(section);
  const step = INTERVAL_MS[series.interval];
  const candles = series.candles.filter((candle) => candle.openTime >= range.from && candle.openTime < range.to);
  const bucket = (time: number): number => (range.from + Math.floor((time - range.from) / step) * step) / 1000;
  const arrows = tradeArrows(positions, digits)
    .map(({ time, buys, share, about }) => [bucket(time), buys ? 1 : 0, 0.5 + share / 2, about] as const)
    .filter(([time]) => time >= range.from / 1000 && time < range.to / 1000);
  return {
    step,
    from: range.from,
    to: range.to,
    digits,
    probability: section.market === 'probability',
    i: candles.map((candle) => Math.round((candle.openTime - range.from) / step)),
    o: candles.map((candle) => candle.open),
    h: candles.map((candle) => candle.high),
    l: candles.map((candle) => candle.low),
    c: candles.map((candle) => candle.close),
    v: candles.some((candle) => candle.volume !== null) ? candles.map((candle) => candle.volume) : null,
    gaps: drawnGaps(section.gaps, range).map((gap) => [gap.from, gap.to, `not collected ${formatRange(gap.from, gap.to)}`]),
    quarantine: section.quality.quarantineTimes.filter((time) => time >= range.from && time <= range.to),
    marks: marksOf(section).flatMap(({ at, text }) => (at >= range.from && at <= range.to ? [[at, text]] : [])),
    returns: returnLines(section, series, asOf),
    trades: arrows,
  };
};
