import type { TimeRange } from '../../contracts/market-data.ts';
import { INTERVAL_MS, type MarketKind } from '../../contracts/words.ts';
import { formatNumber, formatTime } from '../elements/format.ts';
import { html, type Markup, type Part, raw } from '../elements/html.ts';
import type { BacktestTrade, EmbeddedCandles, PageCandle, PricePoint } from '../symbol/symbol-data.ts';
import { linear, padded, timeTicks, valueTicks } from './axis.ts';
import { PLOT_WIDTH, type PlotMark, type PlotOptions, unit } from './plot.ts';
import { gapBands } from './shown-range.ts';

export interface ChartLine {
  readonly name: string;
  readonly tone: string;
  /** `steps` for values that hold until the next bar; `dots` for prices of another market, which are unknown in between. */
  readonly kind: 'steps' | 'dots';
  readonly points: readonly PricePoint[];
}

export interface EventMark {
  readonly at: number;
  readonly text: string;
}

export interface CandleChart {
  readonly series: EmbeddedCandles;
  readonly range: TimeRange;
  readonly gaps: readonly TimeRange[];
  /** Times of quarantined rows, drawn as small ticks on the time axis. */
  readonly quarantineTimes: readonly number[];
  /** Moments of the market's life: its open, announced end and settlement. */
  readonly marks: readonly EventMark[];
  readonly positions: readonly Position[];
  readonly lines: readonly ChartLine[];
  readonly digits: number;
  readonly market: MarketKind;
  readonly height: number;
  /** Approximate number of labels on the time axis. @default 8 */
  readonly timeLabels?: number;
  readonly live?: Part;
}

/** Maximum number of trades that are drawn: the newest ones. */
export const MAX_TRADES = 500;
/** Share of the chart's height that the volume bars take. */
const VOLUME_SHARE = 0.18;
/** Maximum half width of a candle, so that a single candle does not fill the chart. */
const MAX_HALF_WIDTH = 7;

/** Plots candles and volume on a true time axis: empty buckets stay empty, gaps are hatched, and no line joins candles. */
export const candlesPlot = (chart: CandleChart): PlotOptions => {
  const { series, range, height, digits } = chart;
  const candles = series.candles.filter((candle) => candle.openTime >= range.from && candle.openTime < range.to);
  const marks = chart.marks.filter(({ at }) => at >= range.from && at <= range.to);
  const lines = chart.lines.map((line) => ({ ...line, points: line.points.filter(({ time }) => time >= range.from && time < range.to) }));
  const linePrices = lines.flatMap(({ points }) => points.map((point) => point.price));
  const [low, high] = padded(
    Math.min(...candles.map((candle) => candle.low), ...linePrices),
    Math.max(...candles.map((candle) => candle.high), ...linePrices),
  );
  const hasVolume = candles.some((candle) => candle.volume !== null);
  const floor = hasVolume ? VOLUME_SHARE + 0.04 : 0.02;
  const price = linear(low, high);
  const x = linear(range.from, range.to);
  const y = (value: number): number => floor + price(value) * (1 - floor);
  const ticks = valueTicks(low, high, 5, (value) => formatNumber(value, digits)).filter((tick) =>
    isPossible(tick.at * (high - low) + low, chart.market),
  );
  const grid = {
    step: INTERVAL_MS[series.interval],
    across: (time: number) => x(time) * PLOT_WIDTH,
    down: (price: number) => (1 - y(price)) * height,
    height,
  };
  return {
    height,
    label: `${candles.length} candles of ${series.interval} from ${formatTime(range.from)} to ${formatTime(range.to)}`,
    shapes: html`${hasVolume && volumeBars(candles, grid)}${bodies(candles, grid)}${lines.map((line) => lineShape(line, grid))}${quarantineTicks(chart.quarantineTimes, range, grid)}${marks.map(({ at }) => html`<path class="rule" d="M${unit(x(at) * PLOT_WIDTH)} 0V${height}"/>`)}`,
    x: timeTicks(range.from, range.to, chart.timeLabels ?? 8),
    y: ticks.map((tick) => ({ at: floor + tick.at * (1 - floor), label: tick.label })),
    bands: gapBands(chart.gaps, range),
    notes: marks.map(({ at, text }) => ({ at: Math.min(0.9, Math.max(0.1, x(at))), label: text })),
    marks: tradeMarks(tradeArrows(chart.positions, digits), range, x, y),
    live: chart.live,
  };
};

/** Whether the price of an axis label is possible: no probability is below 0 or above 1. */
const isPossible = (price: number, market: MarketKind): boolean => market === 'asset' || (price > -1e-9 && price < 1 + 1e-9);

/** Maps times and prices to coordinates of the drawing. */
interface Grid {
  /** Milliseconds of one candle. */
  readonly step: number;
  readonly across: (time: number) => number;
  readonly down: (price: number) => number;
  readonly height: number;
}

const halfWidth = ({ across, step }: Grid): number => Math.min(MAX_HALF_WIDTH, Math.max(0.4, (across(step) - across(0)) * 0.35));

const bodies = (candles: readonly PageCandle[], grid: Grid): Markup => {
  const { step, across, down } = grid;
  const half = halfWidth(grid);
  const paths = { upWick: '', upBody: '', downWick: '', downBody: '' };
  for (const candle of candles) {
    const rising = candle.close >= candle.open;
    const middle = across(candle.openTime + step / 2);
    const top = Math.max(candle.open, candle.close);
    const bottom = Math.min(candle.open, candle.close);
    const tall = Math.max(1, down(bottom) - down(top));
    // A wick is drawn only if the high or the low lies outside of the body.
    const wick = candle.high > top || candle.low < bottom ? `M${unit(middle)} ${unit(down(candle.high))}V${unit(down(candle.low))}` : '';
    if (rising) {
      paths.upWick += wick;
      paths.upBody += `M${unit(middle)} ${unit(down(top))}v${unit(tall)}`;
    } else {
      paths.downWick += wick;
      paths.downBody += `M${unit(middle - half)} ${unit(down(top))}h${unit(half * 2)}v${unit(tall)}h${unit(-half * 2)}z`;
    }
  }
  return html`<path class="up-line" d="${raw(paths.upWick)}"/><path class="down-line" d="${raw(paths.downWick)}"/><path class="up-body" stroke-width="${unit(half * 2)}" d="${raw(paths.upBody)}"/><path class="down-body" d="${raw(paths.downBody)}"/>`;
};

const lineShape = ({ tone, kind, points }: ChartLine, { step, across, down }: Grid): Markup => {
  const path = points.map(({ time, price }, i) => {
    const [x, y] = [unit(across(time + step / 2)), unit(down(price))];
    if (kind === 'dots') return `M${x} ${y}h.01`;
    return i === 0 ? `M${x} ${y}` : `H${x}V${y}`;
  });
  return html`<path class="line ${tone} ${kind}" d="${raw(path.join(''))}"/>`;
};

const volumeBars = (candles: readonly PageCandle[], grid: Grid): Markup => {
  const { step, across, height } = grid;
  const most = Math.max(...candles.map(({ volume }) => volume ?? 0)) || 1;
  const bars = candles.flatMap(({ openTime, volume }) =>
    (volume ?? 0) > 0 ? [`M${unit(across(openTime + step / 2))} ${height}v${unit(-((volume ?? 0) / most) * VOLUME_SHARE * height)}`] : [],
  );
  return html`<path class="volume" stroke-width="${unit(halfWidth(grid) * 2)}" d="${raw(bars.join(''))}"/>`;
};

const quarantineTicks = (times: readonly number[], range: TimeRange, { across, height }: Grid): Markup => {
  const inside = times.filter((time) => time >= range.from && time <= range.to);
  return html`<path class="down-line" d="${raw(inside.map((time) => `M${unit(across(time))} ${height}v-7`).join(''))}"/>`;
};

/** An arrow of a chart: the entry of a position, or its exit. */
export interface TradeArrow {
  readonly time: number;
  readonly price: number;
  readonly buys: boolean;
  /** Value of the position as a share of the largest position's value, in [0, 1]; sets the arrow's size. */
  readonly share: number;
  /** Text for hover: the trade with all its fills. */
  readonly about: string;
}

/** Two arrows per position, at its entry and at its last exit, oldest first. */
export const tradeArrows = (positions: readonly Position[], digits: number): readonly TradeArrow[] => {
  const largest = Math.max(...positions.map(({ size, entryPrice }) => size * entryPrice), Number.MIN_VALUE);
  const fill = ({ time, price, size }: Position['exits'][number]): string =>
    `${formatNumber(size, 2)} at ${formatNumber(price, digits)} on ${formatTime(time)}`;
  return positions
    .flatMap((position): TradeArrow[] => {
      const { side, size, entryTime, entryPrice, exits } = position;
      const share = Math.sqrt((size * entryPrice) / largest);
      const entry = fill({ time: entryTime, price: entryPrice, size });
      const fills =
        exits.length === 1 ? fill(exits[0]) : `${formatNumber(size, 2)} in ${exits.length} fills: ${exits.map(fill).join('; ')}`;
      return [
        { time: entryTime, price: entryPrice, buys: side === 'long', share, about: `enter ${side} ${entry}` },
        { time: exits[exits.length - 1].time, price: exitPrice(position), buys: side !== 'long', share, about: `exit ${side} ${fills}` },
      ];
    })
    .sort((a, b) => a.time - b.time);
};

const tradeMarks = (
  arrows: readonly TradeArrow[],
  range: TimeRange,
  x: (time: number) => number,
  y: (price: number) => number,
): readonly PlotMark[] =>
  arrows
    .filter(({ time }) => time >= range.from && time <= range.to)
    .map(({ time, price, buys, share, about }) => ({
      x: x(time),
      y: Math.min(0.96, Math.max(0.04, y(price))) + (buys ? -0.035 : 0.035),
      sign: buys ? '▲' : '▼',
      tone: buys ? 'up' : 'down',
      size: 7 + Math.round(7 * share),
      about,
    }));

/** A position from its entry to its last exit; it has several exits if it was closed in parts. */
export interface Position {
  readonly side: BacktestTrade['side'];
  readonly size: number;
  readonly entryTime: number;
  readonly entryPrice: number;
  /** The exits of the position, oldest first. */
  readonly exits: readonly { readonly time: number; readonly price: number; readonly size: number }[];
}

/**
 * Joins trades with the same entry into positions: a position that was closed in parts has one trade per part.
 * @param trades in the order of their entries
 */
export const drawnPositions = (trades: readonly BacktestTrade[]): readonly Position[] => {
  const groups: BacktestTrade[][] = [];
  for (const trade of trades) {
    const last = groups.at(-1);
    const first = last?.[0];
    if (first?.entryTime === trade.entryTime && first.side === trade.side && first.entryPrice === trade.entryPrice) last?.push(trade);
    else groups.push([trade]);
  }
  return groups.map((parts) => ({
    side: parts[0].side,
    size: parts.reduce((sum, { size }) => sum + size, 0),
    entryTime: parts[0].entryTime,
    entryPrice: parts[0].entryPrice,
    exits: parts.map(({ exitTime, exitPrice, size }) => ({ time: exitTime, price: exitPrice, size })).sort((a, b) => a.time - b.time),
  }));
};

/** The size-weighted mean price of a position's exits. */
export const exitPrice = ({ exits, size }: Position): number => exits.reduce((sum, exit) => sum + exit.price * exit.size, 0) / size;
