import type { EquityPoint } from '../../backtest/record/curve-columns.ts';
import { formatNumber } from '../elements/format.ts';
import { html, raw } from '../elements/html.ts';
import { linear, padded, timeTicks, valueTicks } from './axis.ts';
import { steps } from './equity-svg.ts';
import { PLOT_WIDTH, type PlotOptions, unit } from './plot.ts';

export interface WalkForwardChart {
  /** The equity of all tests one after the other, starting from 1. */
  readonly outOfSample: readonly EquityPoint[];
  /** The equity of each window's pick on its training days, ending where its test begins. */
  readonly inSample: readonly (readonly EquityPoint[])[];
  /** Start times of the tests. */
  readonly begins: readonly number[];
}

const HEIGHT = 150;
/** With more tests than this, the borders between them are left out. */
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
  const borders = begins.length > MAX_BORDERS ? '' : begins.map((time) => `M${unit(x(time) * PLOT_WIDTH)} 0V${HEIGHT}`).join('');
  return {
    height: HEIGHT,
    label: `out of sample from 1 to ${formatNumber(outOfSample.at(-1)?.equity, 2)} over ${begins.length} tests; in grey each pick on its training days`,
    shapes: html`<path class="hair" d="${raw(borders)}"/>${inSample.map((points) => html`<path class="line in-sample" d="${raw(steps(points, x, y, HEIGHT))}"/>`)}<path class="line own" d="${raw(steps(outOfSample, x, y, HEIGHT))}"/>`,
    x: timeTicks(from, to, 8),
    y: valueTicks(low, high, 4, (value) => formatNumber(value, 2)),
  };
};
