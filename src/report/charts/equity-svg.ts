import type { EquityPoint } from '../../backtest/record/curve-columns.ts';
import type { TimeRange } from '../../contracts/market-data.ts';
import { formatNumber, formatPercent, formatTime } from '../elements/format.ts';
import { html, type Markup, raw } from '../elements/html.ts';
import { linear, padded, timeTicks, valueTicks } from './axis.ts';
import { PLOT_WIDTH, type PlotOptions, unit } from './plot.ts';
import { gapBands } from './shown-range.ts';

/** A curve for comparison, as a multiple of its start. */
export interface OtherCurve {
  readonly name: string;
  readonly tone: string;
  readonly points: readonly EquityPoint[];
}

export interface EquityChart {
  readonly points: readonly EquityPoint[];
  readonly others: readonly OtherCurve[];
  readonly range: TimeRange;
  readonly gaps: readonly TimeRange[];
}

/** The drawdown at each point: a fraction ≤ 0 of the highest equity so far. */
export const drawdowns = (points: readonly EquityPoint[]): readonly number[] => {
  let peak = Number.NEGATIVE_INFINITY;
  return points.map((point) => {
    peak = Math.max(peak, point.equity);
    return peak > 0 ? point.equity / peak - 1 : 0;
  });
};

/** Maximum number of points of a drawn curve; longer curves are thinned. */
const MAX_POINTS = 2000;

/** Keeps the first, last, lowest and highest point of each group, so that the curve loses no peak or trough. */
export const thinnedKeepingExtremes = (points: readonly EquityPoint[], most = MAX_POINTS): readonly EquityPoint[] => {
  if (points.length <= most) return points;
  const stretch = Math.ceil(points.length / (most / 4));
  const kept: EquityPoint[] = [];
  for (let start = 0; start < points.length; start += stretch) {
    const part = points.slice(start, start + stretch);
    const indices = [0, part.length - 1, extreme(part, 1), extreme(part, -1)];
    for (const index of [...new Set(indices)].sort((a, b) => a - b)) {
      const point = part[index];
      if (point !== undefined) kept.push(point);
    }
  }
  return kept;
};

const extreme = (points: readonly EquityPoint[], sign: 1 | -1): number =>
  points.reduce((best, point, i) => (sign * point.equity > sign * (points[best]?.equity ?? 0) ? i : best), 0);

const EQUITY_HEIGHT = 150;
const FALL_HEIGHT = 56;

/** The return at the end of a curve that starts at 1, with its sign: `+0.41 %`. */
export const endReturn = (points: readonly EquityPoint[]): string => {
  const earned = (points.at(-1)?.equity ?? 1) - 1;
  return `${earned > 0 ? '+' : ''}${formatPercent(earned, 2)}`;
};

/** Minimum share of the height that the strategy's own curve fills. */
const OWN_SHARE = 0.4;
/** Minimum range of the return scale (0.001 = 0.1 %), so that a flat line has readable labels. */
const MIN_SPAN = 0.001;

/** Range of the scale: that of the strategy's curve, widened to other curves as long as the strategy's keeps `OWN_SHARE` of the height. */
const returnScale = (own: readonly EquityPoint[], others: readonly OtherCurve[]): readonly [low: number, high: number] => {
  const rangeOf = (points: readonly EquityPoint[]): readonly [number, number] => {
    const values = points.map(({ equity }) => equity);
    return [Math.min(1, ...values), Math.max(1, ...values)];
  };
  let [low, high] = rangeOf(own);
  const span = Math.max(high - low, MIN_SPAN);
  for (const { points } of others) {
    const [bottom, top] = rangeOf(points);
    const [widerLow, widerHigh] = [Math.min(low, bottom), Math.max(high, top)];
    if (span / (widerHigh - widerLow) >= OWN_SHARE) [low, high] = [widerLow, widerHigh];
  }
  const missing = Math.max(0, span - (high - low)) / 2;
  return padded(low - missing, high + missing);
};

/** Whether a curve leaves the scale of its chart. */
export const leavesScale = (points: readonly EquityPoint[], { points: own, others }: Pick<EquityChart, 'points' | 'others'>): boolean => {
  const [low, high] = returnScale(own, others);
  return points.some(({ equity }) => equity < low || equity > high);
};

/** Plots returns over time and the drawdown, as steps: nothing is known between two points. */
export const equityPlots = ({ points, others, range, gaps }: EquityChart): readonly [equity: PlotOptions, drawdown: PlotOptions] => {
  const shown = thinnedKeepingExtremes(points);
  const x = linear(range.from, range.to);
  const [low, high] = returnScale(shown, others);
  const y = linear(low, high);
  const digits = high - low < 0.02 ? 2 : high - low < 0.2 ? 1 : 0;
  const falls = drawdowns(shown);
  const deepest = Math.min(...falls, -0.001);
  const ticks = timeTicks(range.from, range.to, 8);
  const curves = others.map(
    (other) => html`<path class="line ${other.tone}" d="${raw(steps(thinnedKeepingExtremes(other.points), x, y, EQUITY_HEIGHT))}"/>`,
  );
  return [
    {
      height: EQUITY_HEIGHT,
      label: `return ${endReturn(shown)}${others.map((other) => `; ${other.name} ${endReturn(other.points)}`).join('')}`,
      shapes: html`<svg class="cut" width="${PLOT_WIDTH}" height="${EQUITY_HEIGHT}">${curves}<path class="line own" d="${raw(steps(shown, x, y, EQUITY_HEIGHT))}"/></svg>`,
      x: ticks,
      y: valueTicks(low - 1, high - 1, 4, (value) => formatPercent(value, digits)),
      xLabels: false,
      bands: gapBands(gaps, range),
    },
    {
      height: FALL_HEIGHT,
      label: `drawdown, deepest ${formatPercent(deepest)} before ${formatTime(range.to)}`,
      shapes: fallShape(shown, falls, x, deepest),
      x: ticks,
      y: [
        { at: 1, label: '0' },
        { at: 0, label: formatPercent(deepest) },
      ],
    },
  ];
};

/** An SVG path that connects the points with steps. */
export const steps = (points: readonly EquityPoint[], x: (time: number) => number, y: (value: number) => number, height: number): string =>
  points
    .map((point, i) => {
      const across = unit(x(point.time) * PLOT_WIDTH);
      const up = unit((1 - y(point.equity)) * height);
      return i === 0 ? `M${across} ${up}` : `H${across}V${up}`;
    })
    .join('');

/** The drawdown curve as a line, and the area between that line and zero. */
const fallShape = (points: readonly EquityPoint[], falls: readonly number[], x: (time: number) => number, deepest: number): Markup => {
  const fallen = points.map(({ time }, i) => ({ time, equity: falls[i] }));
  const line = steps(fallen, x, (fall) => 1 - fall / deepest, FALL_HEIGHT);
  const first = unit(x(points[0]?.time ?? 0) * PLOT_WIDTH);
  return html`<path class="under" d="${raw(`${line}V0H${first}z`)}"/><path class="line fall" d="${raw(line)}"/>`;
};

export interface WalkForwardChart {
  /** The equity of all tests one after the other, starting from 1. */
  readonly outOfSample: readonly EquityPoint[];
  /** The equity of each window's pick on its training days, ending where its test begins. */
  readonly inSample: readonly (readonly EquityPoint[])[];
  readonly begins: readonly number[];
}

const WALK_HEIGHT = 150;
/** Maximum number of tests between which borders are drawn; with more, the chart has no borders. */
const MAX_BORDERS = 40;

/** Plots a walk-forward: training days in grey, tests solid. */
export const walkForwardPlot = ({ outOfSample, inSample, begins }: WalkForwardChart): PlotOptions => {
  const all = [...inSample.flat(), ...outOfSample];
  const times = all.map(({ time }) => time);
  const values = all.map(({ equity }) => equity);
  const [from, to] = [Math.min(...times), Math.max(...times)];
  const x = linear(from, to);
  const [low, high] = padded(Math.min(...values), Math.max(...values));
  const y = linear(low, high);
  const borders = begins.length > MAX_BORDERS ? '' : begins.map((time) => `M${unit(x(time) * PLOT_WIDTH)} 0V${WALK_HEIGHT}`).join('');
  return {
    height: WALK_HEIGHT,
    label: `out of sample from 1 to ${formatNumber(outOfSample.at(-1)?.equity, 2)} over ${begins.length} tests; in grey each pick on its training days`,
    shapes: html`<path class="hair" d="${raw(borders)}"/>${inSample.map((points) => html`<path class="line in-sample" d="${raw(steps(points, x, y, WALK_HEIGHT))}"/>`)}<path class="line own" d="${raw(steps(outOfSample, x, y, WALK_HEIGHT))}"/>`,
    x: timeTicks(from, to, 8),
    y: valueTicks(low, high, 4),
  };
};
