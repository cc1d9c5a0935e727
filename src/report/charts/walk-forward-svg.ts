import type { EquityPoint } from '../../backtest/record/curve-columns.ts';
import { formatNumber } from '../elements/format.ts';
import { html, raw } from '../elements/html.ts';
import { linear, padded, timeTicks, valueTicks } from './axis.ts';
import { steps } from './equity-svg.ts';
import { PLOT_WIDTH, type PlotOptions, unit } from './plot.ts';

export interface WalkForwardChart {
  /** What the tests brought one after the other, of 1; marked at the moment named. */
  readonly outOfSample: readonly EquityPoint[];
  /** What each window's pick brought on the days it was picked on, ending where its test begins. */
  readonly inSample: readonly (readonly EquityPoint[])[];
  /** When the tests begin. */
  readonly begins: readonly number[];
}

const HEIGHT = 150;
/** Borders between more tests than this would be a grid of their own. */
const MOST_BORDERS = 40;

/** A walk-forward: grey what was seen when picking, solid what came of it. */
export const walkForwardPlot = ({ outOfSample, inSample, begins }: WalkForwardChart): PlotOptions => {
  const all = [...inSample.flat(), ...outOfSample];
  const times = all.map(({ time }) => time);
  const values = all.map(({ equity }) => equity);
  const [from, to] = [Math.min(...times), Math.max(...times)];
  const x = linear(from, to);
  const [low, high] = padded(Math.min(...values), Math.max(...values));
  const y = linear(low, high);
  const borders = begins.length > MOST_BORDERS ? '' : begins.map((time) => `M${unit(x(time) * PLOT_WIDTH)} 0V${HEIGHT}`).join('');
  return {
    height: HEIGHT,
    label: `out of sample from 1 to ${formatNumber(outOfSample.at(-1)?.equity, 2)} over ${begins.length} tests; grey what each pick had brought on the days it was picked on`,
    shapes: html`<path class="hair" d="${raw(borders)}"/>${inSample.map((points) => html`<path class="line in-sample" d="${raw(steps(points, x, y, HEIGHT))}"/>`)}<path class="line own" d="${raw(steps(outOfSample, x, y, HEIGHT))}"/>`,
    x: timeTicks(from, to, 8),
    y: valueTicks(low, high, 4, (value) => formatNumber(value, 2)),
  };
};
