import { INTERVAL_MS } from '../../contracts/words.ts';
import type { BasisPoint } from '../../market/twin-basis.ts';
import { linear, padded, timeTicks, valueTicks } from '../charts/axis.ts';
import { lineKey, PLOT_WIDTH, type PlotOptions, plot, unit } from '../charts/plot.ts';
import { formatSigned, formatTime, tableNumber } from '../elements/format.ts';
import { html, type Markup, raw } from '../elements/html.ts';
import { dataTable } from '../elements/table.ts';
import { unknown } from '../elements/tip.ts';
import type { InstrumentSection, TwinQuote } from './symbol-data.ts';

const HEIGHT = 120;
/** Maximum number of rows of the table, the newest ones; `export basis` has all. */
const MAX_ROWS = 200;

/** Profit per unit of the more profitable direction; null if neither is known. */
const better = ({ buy, sell }: BasisPoint): number | null => (buy === null || sell === null ? (buy ?? sell) : Math.max(buy, sell));

/** The difference of the closes, and what is left of it after costs: a dash per bar, since nothing is known between two bars. */
export const basisPlot = ({ interval, points }: NonNullable<TwinQuote['basis']>): PlotOptions => {
  const step = INTERVAL_MS[interval];
  const [from, to] = [(points[0]?.time ?? step) - step, points.at(-1)?.time ?? step];
  const profits = points.flatMap((point) => better(point) ?? []);
  const values = [0, ...points.map(({ difference }) => difference), ...profits];
  const [low, high] = padded(Math.min(...values), Math.max(...values));
  const [x, y] = [linear(from, to), linear(low, high)];
  const dashes = (valueOf: (point: BasisPoint) => number | null): string =>
    points
      .map((point) => {
        const value = valueOf(point);
        if (value === null) return '';
        return `M${unit(x(point.time - step) * PLOT_WIDTH)} ${unit((1 - y(value)) * HEIGHT)}H${unit(x(point.time) * PLOT_WIDTH)}`;
      })
      .join('');
  return {
    height: HEIGHT,
    label: `difference ${formatSigned(points.at(-1)?.difference ?? 0)} at ${formatTime(to)}, from ${formatSigned(Math.min(...values))} to ${formatSigned(Math.max(...values))}`,
    shapes: html`<path class="line held" d="${raw(dashes(better))}"/><path class="line own" d="${raw(dashes(({ difference }) => difference))}"/>`,
    x: timeTicks(from, to, 8),
    y: valueTicks(low, high, 4),
  };
};

/** A chart per twin: the difference of the prices over time, and the profit that is left after spreads and fees. */
export const basisCharts = (section: InstrumentSection, symbol: string, id: string): readonly Markup[] =>
  section.twins.flatMap(({ id: twin, source, basis }, i) => {
    const last = basis?.points.at(-1);
    if (basis === undefined || last === undefined) return [];
    const way = (last.buy ?? -Infinity) >= (last.sell ?? -Infinity) ? [section.source, source] : [source, section.source];
    const profit = better(last);
    const left =
      profit === null
        ? unknown('no run has recorded both books by then')
        : html`<b>${formatSigned(profit)}</b> (buy at ${way[0]}, sell at ${way[1]})`;
    return [
      html`<h3>Basis to ${source} on ${basis.interval}</h3>
${plot(basisPlot(basis))}
<p class="legend"><span>${lineKey('own')}price here minus price of the twin ${twin}: <b>${formatSigned(last.difference)}</b></span><span>${lineKey('held')}profit per unit of the better way, after half of both spreads and both taker fees: ${left}</span><span>at ${formatTime(last.time)}, the newest bar that is complete at both</span></p>
${dataTable<BasisPoint>(
  [
    { head: 'time', align: 'text', cell: ({ time }) => formatTime(time) },
    { head: 'price', cell: ({ price }) => tableNumber(price) },
    { head: 'twin_price', cell: ({ twinPrice }) => tableNumber(twinPrice) },
    { head: 'difference', cell: ({ difference }) => tableNumber(difference) },
    { head: 'buy', cell: ({ buy }) => tableNumber(buy) },
    { head: 'sell', cell: ({ sell }) => tableNumber(sell) },
  ],
  basis.points.slice(-MAX_ROWS),
  { id: `${id}-b${i}`, caption: `Basis to ${source}` },
)}
<p class="quiet"><code>predictlab export basis --symbol ${symbol} --interval ${basis.interval}</code> has all bars</p>`,
    ];
  });
