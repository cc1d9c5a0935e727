import { linear } from '../charts/axis.ts';
import { unit } from '../charts/plot.ts';
import { formatClock, formatNumber, formatTime, plural } from '../elements/format.ts';
import { html, type Markup, raw } from '../elements/html.ts';
import { dataTable } from '../elements/table.ts';
import type { ShortMarket } from './symbol-data.ts';

const WIDTH = 120;
const HEIGHT = 44;

/** A series of short markets as small charts of one scale: time from open to close, price from 0 to 1. */
export const shortMarkets = (markets: readonly ShortMarket[]): Markup =>
  html`<section><h2>The series, market by market</h2>
<p class="quiet">The newest ${plural(markets.length, 'market')} on one scale: from open to close, 0 at the bottom, 1 at the top; the line in the middle is 0.5. A step is the last price of a thirtieth of the market’s time. ● paid 1, ○ paid 0.</p>
<ol class="multiples">${markets.map(picture)}</ol>
${dataTable<ShortMarket>(
  [
    { head: 'closes', align: 'text', cell: ({ closesAt }) => formatTime(closesAt) },
    { head: 'market', align: 'text', cell: ({ title, id }) => title || id },
    { head: 'first', cell: ({ path }) => formatNumber(path[0]?.price, 3) },
    { head: 'last', cell: ({ path }) => formatNumber(path.at(-1)?.price, 3) },
    { head: 'paid', cell: ({ resolution }) => (resolution.kind === 'settled' ? String(resolution.payout) : resolution.kind) },
  ],
  markets,
  { id: 'short', caption: 'Markets of the series' },
)}</section>`;

const picture = ({ id, title, opensAt, closesAt, resolution, path }: ShortMarket): Markup => {
  const x = linear(opensAt, closesAt);
  const steps = path.map(({ time, price }, i) => {
    const across = unit(x(time) * WIDTH);
    const up = unit((1 - Math.min(1, Math.max(0, price))) * HEIGHT);
    return i === 0 ? `M${across} ${up}h.01` : `H${across}V${up}`;
  });
  const last = path.at(-1);
  const paid = resolution.kind === 'settled' ? resolution.payout : null;
  const end = paid === null ? '' : paid >= 0.5 ? '●' : '○';
  const about = `${title || id}: ${last === undefined ? 'no trades' : `last ${formatNumber(last.price, 3)}`}${paid === null ? '' : `, paid ${paid}`}`;
  return html`<li title="${about}"><svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${about}"><path class="hair" d="M0 ${HEIGHT / 2}H${WIDTH}"/><path class="line own" d="${raw(steps.join(''))}"/></svg><span>${formatTime(closesAt).slice(5, 10)} ${formatClock(closesAt)}</span> <b>${last === undefined ? '–' : formatNumber(last.price, 2)}</b>${end !== '' && html` <span class="${paid !== null && paid >= 0.5 ? 'up' : 'down'}">${end}</span>`}</li>
`;
};
