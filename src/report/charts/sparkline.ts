import { html, type Markup, raw } from '../elements/html.ts';
import type { PricePoint } from '../symbol/symbol-data.ts';
import { linear, padded } from './axis.ts';
import { unit } from './plot.ts';

/** The newest price and the recent prices of a symbol's most active instrument, or of a market. */
export interface RecentPrices {
  /** Newest tick; `null` when there is none. */
  readonly last: PricePoint | null;
  /** Closing prices of the last seven days, oldest first. */
  readonly spark: readonly PricePoint[];
  /** Milliseconds between two closing prices of `spark`. */
  readonly sparkStep: number;
}

const WIDTH = 96;
const HEIGHT = 20;

/**
 * Draws a word-sized line of prices. Points are joined only where no bucket between them is empty.
 * @param points oldest first
 * @param window the range of time that the width covers, and the length of one bucket; milliseconds
 */
export const sparkline = (
  points: readonly PricePoint[],
  window: { readonly from: number; readonly to: number; readonly step: number },
  label: string,
): Markup => {
  const inside = points.filter((point) => point.time >= window.from && point.time <= window.to);
  const last = inside.at(-1);
  if (last === undefined) return html``;
  const prices = inside.map((point) => point.price);
  const x = linear(window.from, window.to);
  const y = linear(...padded(Math.min(...prices), Math.max(...prices), 0.1));
  let path = '';
  let previous = Number.NEGATIVE_INFINITY;
  for (const point of inside) {
    const place = `${unit(x(point.time) * WIDTH)} ${unit((1 - y(point.price)) * HEIGHT)}`;
    path += point.time - previous <= window.step * 1.5 ? `L${place}` : `M${place}h0.01`;
    previous = point.time;
  }
  const end = html`<circle class="end" cx="${unit(x(last.time) * WIDTH)}" cy="${unit((1 - y(last.price)) * HEIGHT)}" r="1.8"/>`;
  return html`<svg class="spark" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${label}"><path d="${raw(path)}"/>${end}</svg>`;
};
