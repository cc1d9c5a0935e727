import type { CategoryOverview, Mover, UniverseOverview } from '../../contracts/universe-overview.ts';
import { DAY_MS } from '../../contracts/words.ts';
import { formatAge, formatNumber, formatTime, plural } from '../elements/format.ts';
import { html, type Markup } from '../elements/html.ts';
import { type Column, table } from '../elements/table.ts';
import { tip, unknown } from '../elements/tip.ts';
import { eventAddress } from '../site/event-page.ts';

/** The universes on the page of all runs: their members by category, how fresh and complete these are, and the largest price moves. */
export const universePart = (universes: readonly UniverseOverview[], now: number): Markup =>
  html`${universes.map((universe) => section(universe, now))}`;

const section = ({ universe, listedAt, categories, movers }: UniverseOverview, now: number): Markup => {
  const members = categories.reduce((sum, each) => sum + each.members, 0);
  const old = `listed ${formatTime(listedAt)}`;
  return html`<section><h2>${universe}: ${plural(members, 'market')}, ${tip(html`listed ${formatAge((now - listedAt) / 1000)} ago`, old)}</h2>
<p class="quiet">The search field finds each of them by its title.</p>
${table(categoryColumns(listedAt), categories, { id: `categories-${universe}`, caption: `Markets of ${universe} by category` })}
<h3>Largest moves, ${formatTime(listedAt - DAY_MS)} to ${formatTime(listedAt)}</h3>
${table(MOVER_COLUMNS, movers, { id: `movers-${universe}`, caption: `Markets of ${universe} whose price moved most`, empty: 'no price moved in the day before the listing' })}
</section>`;
};

const categoryColumns = (listedAt: number): readonly Column<CategoryOverview>[] => [
  { head: 'category', align: 'text', about: 'the category or first tag of the venue', cell: ({ category }) => category ?? 'others' },
  { head: 'markets', cell: ({ members }) => formatNumber(members, 0), sortBy: ({ members }) => members },
  { head: 'open', cell: ({ open }) => formatNumber(open, 0), sortBy: ({ open }) => open },
  {
    head: 'quiet',
    about: 'markets whose stated volume has not moved since their last walk',
    cell: ({ quiet }) => formatNumber(quiet, 0),
    sortBy: ({ quiet }) => quiet,
  },
  {
    head: 'seen',
    about: 'time from the last look at half of the open markets to the listing',
    cell: ({ looked }) => ageAt(looked, listedAt),
    sortBy: ({ looked }) => looked,
  },
  {
    head: 'oldest',
    about: 'time from the oldest last look at an open market to the listing',
    cell: ({ oldest }) => ageAt(oldest, listedAt),
    sortBy: ({ oldest }) => oldest,
  },
  {
    head: 'collected',
    about: 'share of the day before the listing that counts as collected, of all open markets',
    cell: ({ covered }) => (covered === null ? unknown('no market is open') : `${formatNumber(covered * 100, 1)} %`),
    sortBy: ({ covered }) => covered,
  },
];

const ageAt = (time: number | null, listedAt: number): Markup =>
  time === null ? unknown('no run has looked at them') : html`${formatAge(Math.max(0, listedAt - time) / 1000)}`;

const MOVER_COLUMNS: readonly Column<Mover>[] = [
  {
    head: 'market',
    align: 'text',
    cell: ({ event, instrument, title }) =>
      event === instrument ? title : html`<a href="${eventAddress(event)}" title="${instrument}">${title}</a>`,
  },
  { head: 'category', align: 'text', cell: ({ category }) => category ?? unknown('its venue states none') },
  { head: 'before', about: 'its first price of the day before the listing', cell: ({ before }) => formatNumber(before, 3) },
  { head: 'last', cell: ({ last }) => formatNumber(last, 3) },
  {
    head: 'change',
    cell: ({ before, last }) => html`${last > before ? '▲' : '▼'} ${formatNumber(Math.abs(last - before), 3)}`,
    sortBy: ({ before, last }) => Math.abs(last - before),
  },
  {
    head: 'volume',
    about: 'what the venue states was traded since the market opened',
    cell: ({ volume }) => (volume === null ? unknown('its venue states none') : formatNumber(volume, 0)),
    sortBy: ({ volume }) => volume,
  },
];
