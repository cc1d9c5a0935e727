import type { EquityPoint } from '../../backtest/record/curve-columns.ts';
import type { TimeRange } from '../../contracts/market-data.ts';
import { formatNumber, formatPercent, formatTime } from '../elements/format.ts';
import { html, type Markup, raw } from '../elements/html.ts';
import { linear, padded, timeTicks, valueTicks } from './axis.ts';
import { gapBands } from './gap-bands.ts';
import { PLOT_WIDTH, type PlotOptions, unit } from './plot.ts';

/** A curve for comparison. */
export interface OtherCurve {
  readonly name: string;
  /** CSS class of the line and of its key in the legend. */
  readonly tone: string;
  readonly points: readonly EquityPoint[];
}

export interface EquityChart {
  /** Each point is the equity at its time. */
  readonly points: readonly EquityPoint[];
  /** Curves for comparison, drawn below the main one. */
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

/** Maximum points of a drawn curve; longer ones are thinned. */
const MAX_POINTS = 2000;

/** Keeps the first, last, lowest and highest point of each stretch, so that the curve loses no peak or trough. */
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

/** Plots equity over time and its drawdown, as steps: nothing is known between two points. */
export const equityPlots = ({ points, others, range, gaps }: EquityChart): readonly [equity: PlotOptions, drawdown: PlotOptions] => {
  const shown = thinnedKeepingExtremes(points);
  const x = linear(range.from, range.to);
  const equity = shown.map((point) => point.equity);
  const all = [...equity, ...others.flatMap((other) => other.points.map((point) => point.equity))];
  const [low, high] = padded(Math.min(...all), Math.max(...all));
  const y = linear(low, high);
  const falls = drawdowns(shown);
  const deepest = Math.min(...falls, -0.001);
  const ticks = timeTicks(range.from, range.to, 8);
  const curves = others.map(
    (other) => html`<path class="line ${other.tone}" d="${raw(steps(thinnedKeepingExtremes(other.points), x, y, EQUITY_HEIGHT))}"/>`,
  );
  return [
    {
      height: EQUITY_HEIGHT,
      label: `equity from ${formatNumber(equity[0], 2)} to ${formatNumber(equity.at(-1), 2)}${others.map((other) => `; ${other.name} to ${formatNumber(other.points.at(-1)?.equity, 2)}`).join('')}`,
      shapes: html`${curves}<path class="line own" d="${raw(steps(shown, x, y, EQUITY_HEIGHT))}"/>`,
      x: ticks,
      y: valueTicks(low, high, 4, (value) => formatNumber(value, high - low < 5 ? 2 : 0)),
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

/** An SVG path of steps through the points. */
export const steps = (points: readonly EquityPoint[], x: (time: number) => number, y: (value: number) => number, height: number): string =>
  points
    .map((point, i) => {
      const across = unit(x(point.time) * PLOT_WIDTH);
      const up = unit((1 - y(point.equity)) * height);
      return i === 0 ? `M${across} ${up}` : `H${across}V${up}`;
    })
    .join('');

const fallShape = (points: readonly EquityPoint[], falls: readonly number[], x: (time: number) => number, deepest: number): Markup => {
  const line = falls.map((fall, i) => {
    const across = unit(x(points[i]?.time ?? 0) * PLOT_WIDTH);
    const down = unit((fall / deepest) * FALL_HEIGHT);
    return i === 0 ? `M${across} ${down}` : `H${across}V${down}`;
  });
  const first = unit(x(points[0]?.time ?? 0) * PLOT_WIDTH);
  return html`<path class="under" d="${raw(`${line.join('')}V0H${first}z`)}"/><path class="line fall" d="${raw(line.join(''))}"/>`;
};
