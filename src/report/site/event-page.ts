import type { EventHead, Instrument } from '../../contracts/market-data.ts';
import { DAY_MS } from '../../contracts/words.ts';
import { MAX_APART_MS, twinBasis } from '../../market/twin-basis.ts';
import { type RecentPrices, sparkline } from '../charts/sparkline.ts';
import { formatAge, formatDuration, formatNumber, formatSigned, formatTime, plural } from '../elements/format.ts';
import { html, type Markup, type Part, webLink } from '../elements/html.ts';
import { type Column, dataTable, table } from '../elements/table.ts';
import { tip, unknown } from '../elements/tip.ts';
import { signsOf } from '../symbol/instrument-section.ts';
import { eventTitle, type GroupPrices, groupPrices, type PriceDifference, type PricedMarket } from './event-prices.ts';
import { sitePage } from './site-page.ts';

/** A market of an event with its prices; times are UTC epoch milliseconds. */
export interface EventQuote extends RecentPrices {
  readonly instrument: Omit<Instrument, 'outcomeIds'> & PricedMarket;
  readonly symbols: readonly string[];
}

export interface EventPageData {
  /** Id of the event: its source type and the venue’s own id. */
  readonly event: string;
  readonly now: number;
  /** One list per outcome or strike: its market of this event, then its twins at other venues. */
  readonly outcomes: readonly (readonly EventQuote[])[];
  readonly madeBy: string;
}

const BASIS = 'Profit per unit of buying at one venue’s ask and selling at its twin’s bid, both taker fees deducted; the better direction.';

/** The address of an event's page. */
export const eventAddress = (event: string): string => `/events/${encodeURIComponent(event)}`;

/** The page of an event: all outcomes and strikes, their twins, the sum of the prices, and what settles them. */
export const renderEventPage = (data: EventPageData): string => {
  const { event, now, outcomes, madeBy } = data;
  const quotes = outcomes.flat();
  const sources = [...new Set(quotes.map(({ instrument }) => instrument.source))];
  const ends = outcomes.flatMap(([{ instrument }]) => (instrument.closed ? [] : (instrument.closesAt ?? [])));
  const next = ends.length === 0 ? null : Math.min(...ends);
  const titles = outcomes.map(([{ instrument }]) => instrument.title);
  const title = eventTitle(event, titles);
  return sitePage({
    title: `${title} · event`,
    current: 'events',
    isWide: true,
    body: html`<header><div class="over"><span class="kind">Event</span><h1>${title}</h1></div>
<p class="facts"><span>${event}</span><span>${plural(outcomes.length, 'outcome or strike', 'outcomes and strikes')}</span><span>${plural(sources.length, 'venue')}: ${sources.join(', ')}</span><span>${next === null ? 'no open market' : endText(next, now)}</span><span>as of <b>${formatTime(now, 'second')}</b></span></p></header>
<main><section><h2>Outcomes and strikes</h2>${table(columnsOf(sources, now), outcomes, { id: 'outcomes', caption: 'Outcomes of the event with the quotes of each venue' })}
<p class="quiet">Quotes are the best bid and ask that a run last recorded, × the size offered there where the venue states it; levels behind them are not recorded.</p></section>
<section><h2>Sum of the prices</h2>${sums(groupPrices(quotes.map(({ instrument }) => instrument)))}</section>
<section><h2>Settlement</h2><p class="quiet">A result is final once two independent signs agree, such as the venue’s result, the oracle’s record, the price rule and the last trade.</p>${table(SETTLEMENT, quotes, { id: 'settlement', caption: 'Settlement of each market' })}</section></main>`,
    footer: html`${madeBy} · times are UTC`,
  });
};

const endText = (end: number, now: number): Markup =>
  end >= now
    ? html`ends in <b>${formatAge((end - now) / 1000)}</b>, ${formatTime(end)}`
    : html`was to end ${formatTime(end)}, ${formatAge((now - end) / 1000)} ago`;

const columnsOf = (sources: readonly string[], now: number): readonly Column<readonly EventQuote[]>[] => [
  { head: 'outcome', align: 'text', sortBy: ([{ instrument }]) => instrument.title || instrument.id, cell: ([quote]) => nameOf(quote) },
  ...sources.map((source): Column<readonly EventQuote[]> => {
    const at = (row: readonly EventQuote[]): EventQuote | undefined => row.find(({ instrument }) => instrument.source === source);
    return {
      head: `${source} bid / ask`,
      about: 'Best bid and ask when the book was last recorded, prices of the first outcome.',
      sortBy: (row) => at(row)?.instrument.book?.bid ?? null,
      cell: (row) => bookOf(at(row), source),
    };
  }),
  {
    head: 'last',
    about: 'Newest stored price, and its age.',
    sortBy: ([{ last }]) => last?.price ?? null,
    cell: ([{ last }]) =>
      last === null
        ? unknown('no ticks yet')
        : html`${formatNumber(last.price, 3)} ${tip(html`<span class="quiet">${formatAge((now - last.time) / 1000)}</span>`, `newest tick ${formatTime(last.time, 'second')}`, false)}`,
  },
  {
    head: 'basis after fees',
    about: BASIS,
    sortBy: (row) => twinBasis(row.map(({ instrument }) => instrument))?.profit ?? null,
    cell: (row) => basis(row),
  },
  {
    head: '7 d',
    align: 'text',
    cell: ([{ instrument, spark, sparkStep }]) =>
      sparkline(
        spark,
        { from: now - 7 * DAY_MS, to: now, step: sparkStep },
        `prices of ${instrument.title || instrument.id} over seven days`,
      ),
  },
  { head: 'ends', align: 'text', sortBy: ([{ instrument }]) => instrument.closesAt, cell: ([{ instrument }]) => stateOf(instrument, now) },
];

const nameOf = ({ instrument, symbols }: EventQuote): Markup => {
  const name = html`<span class="title" title="${instrument.id}">${instrument.title || instrument.id}</span>`;
  return symbols.length === 0 ? name : html`<a href="/symbols/${encodeURIComponent(symbols[0])}">${name}</a>`;
};

const bookOf = (quote: EventQuote | undefined, source: string): Part => {
  if (quote === undefined) return unknown(`no market at ${source} is known as the twin of this one`);
  const { book } = quote.instrument;
  if (book === null) return unknown('no run has recorded its book');
  const sized = (price: number | null, size: number | null | undefined): string =>
    typeof size === 'number' ? `${formatNumber(price, 3)} × ${formatNumber(size)}` : formatNumber(price, 3);
  return tip(`${sized(book.bid, book.bidSize)} / ${sized(book.ask, book.askSize)}`, `recorded ${formatTime(book.at, 'second')}`, false);
};

const basis = (row: readonly EventQuote[]): Part => {
  if (row.length < 2) return unknown('no twin at another venue is known');
  const found = twinBasis(row.map(({ instrument }) => instrument));
  if (found === null) return unknown('no two venues have quotes to compare');
  const what = `buy at ${found.buyAt}, sell at ${found.sellAt}; the books were recorded ${formatDuration(found.apartMs / 1000)} apart`;
  const isArbitrage = found.profit > 0 && found.apartMs <= MAX_APART_MS;
  return tip(html`<span class="${isArbitrage ? 'up' : 'quiet'}">${formatSigned(found.profit)}</span>`, what, false);
};

const stateOf = ({ resolution, closesAt }: EventQuote['instrument'], now: number): Part => {
  if (resolution.kind === 'settled') return html`paid <b>${formatNumber(resolution.payout, 2)}</b>`;
  if (resolution.kind === 'unresolved') return `closed, not resolved: ${resolution.reason}`;
  return closesAt === null ? unknown('the venue names no end') : endText(closesAt, now);
};

const sums = (groups: readonly GroupPrices[]): Markup =>
  groups.length === 0
    ? html`<p class="none">These markets are not exclusive (several can pay), or the venue does not say so: their prices need not add up to 1.</p>`
    : html`<ul>${groups.map((group) => html`<li><b>${group.source}</b>: ${sentence(group)}</li>`)}</ul>`;

const sentence = (group: GroupPrices): Markup => {
  const part = group.isWhole ? `all ${group.known} outcomes` : `${group.known} outcomes, a part of the event: they add up to at most 1`;
  const quotes = html`${part}; sum of asks <b>${formatNumber(group.asks, 3)}</b>, sum of bids <b>${formatNumber(group.bids, 3)}</b>`;
  if (group.apartMs > MAX_APART_MS)
    return html`${quotes}; ${Number.isFinite(group.apartMs) ? `the books were recorded ${formatDuration(group.apartMs / 1000)} apart` : 'a market has no recorded book'}, so that no arbitrage can be stated`;
  const ways = [
    { does: 'buying all outcomes', profit: group.buyAll },
    { does: 'selling all outcomes', profit: group.sellAll },
  ].filter(({ profit }) => (profit ?? 0) > 0);
  if (ways.length === 0) return html`${quotes}; no arbitrage after fees`;
  return html`${quotes}; ${ways.map(({ does, profit }) => html`<b class="up">${does} earns ${formatSigned(profit ?? 0)} per unit after fees</b>`)}`;
};

const SETTLEMENT: readonly Column<EventQuote>[] = [
  { head: 'market', align: 'text', sortBy: ({ instrument }) => instrument.title, cell: (quote) => nameOf(quote) },
  { head: 'venue', align: 'text', cell: ({ instrument }) => webLink(instrument.reference, instrument.source) },
  {
    head: 'state',
    align: 'text',
    sortBy: ({ instrument }) => instrument.settlement?.state ?? instrument.resolution.kind,
    cell: ({ instrument: { settlement, resolution, closed } }) =>
      settlement?.state ?? (closed && resolution.kind === 'open' ? 'closed, no result yet' : resolution.kind),
  },
  {
    head: 'pays',
    cell: ({ instrument: { settlement, resolution } }) => {
      const payout = settlement?.payout ?? (resolution.kind === 'settled' ? resolution.payout : null);
      return payout === null ? unknown('no sign names a payout yet') : formatNumber(payout, 2);
    },
  },
  {
    head: 'signs that agree',
    about: 'Two independent signs make a result final.',
    align: 'text',
    cell: ({ instrument }) => signsOf(instrument) || unknown('the market is open: there is no sign yet'),
  },
  { head: 'missing', align: 'text', cell: ({ instrument: { settlement } }) => settlement?.missing ?? '' },
];

/** A market and its twin at another venue. */
export interface TwinPair {
  readonly quotes: readonly [EventQuote, EventQuote];
  readonly difference: PriceDifference;
}

/** Renders the page of events: first the twins whose prices differ most, then all events. @param now UTC epoch milliseconds */
export const renderEventsPage = (
  events: readonly EventHead[],
  { now, twins, madeBy }: { readonly now: number; readonly twins: readonly TwinPair[]; readonly madeBy: string },
): string => {
  const columns = eventColumns(now);
  const open = events.filter(({ markets, closed }) => closed < markets);
  const ended = events.filter((one) => !open.includes(one));
  return sitePage({
    title: 'Events · PredictLab',
    current: 'events',
    isWide: true,
    body: html`<header><div class="over"><span class="kind">Events</span><h1>${plural(open.length, 'open event')}</h1></div><p class="facts"><span><b>${formatNumber(ended.length)}</b> ended</span><span>as of <b>${formatTime(now, 'second')}</b></span></p></header>
<main>${twins.length > 0 && html`<section><h2>Twins that differ most</h2>${table(TWINS, twins, { id: 'twins', caption: 'Open markets whose prices differ most between two venues' })}</section>`}
<section><h2>Open events, by their next end</h2>${table(columns, open, { id: 'events', caption: 'Open events', empty: 'No run has found an open market whose venue names an event.' })}</section>
${ended.length > 0 && dataTable(columns, ended, { id: 'ended', caption: 'Ended events' })}</main>`,
    footer: html`${madeBy} · times are UTC`,
  });
};

const venueColumn = (head: string, at: 0 | 1): Column<TwinPair> => ({
  head,
  about: 'Best bid and ask that a run last recorded, else the last price.',
  cell: ({ quotes }) => {
    const { instrument, last } = quotes[at];
    const price = instrument.book === null && last !== null ? html`last ${formatNumber(last.price, 3)}` : bookOf(quotes[at], '');
    return html`<span class="quiet">${instrument.source}</span> ${price}`;
  },
});

const TWINS: readonly Column<TwinPair>[] = [
  {
    head: 'market',
    align: 'text',
    sortBy: ({ quotes: [{ instrument }] }) => instrument.title,
    cell: ({ quotes: [quote] }) => nameOf(quote),
  },
  {
    head: 'difference',
    about: 'Middle of the quotes at the first venue minus that at the second; of the last prices where the books are of different times.',
    sortBy: ({ difference }) => Math.abs(difference.value),
    cell: ({ difference: { value, of } }) =>
      html`<b>${formatSigned(value)}</b>${of === 'last prices' && html` <span class="quiet">${of}</span>`}`,
  },
  venueColumn('one venue', 0),
  venueColumn('the other', 1),
  {
    head: 'basis after fees',
    about: BASIS,
    sortBy: ({ quotes }) => twinBasis(quotes.map(({ instrument }) => instrument))?.profit ?? null,
    cell: ({ quotes }) => basis(quotes),
  },
  {
    head: 'event',
    align: 'text',
    cell: ({ quotes }) => {
      const event = quotes.find(({ instrument }) => instrument.event !== undefined)?.instrument.event;
      return event === undefined ? unknown('its venue names no event') : html`<a href="${eventAddress(event)}" title="${event}">event</a>`;
    },
  },
];

const eventColumns = (now: number): readonly Column<EventHead>[] => [
  {
    head: 'event',
    align: 'text',
    sortBy: ({ event, titles }) => eventTitle(event, titles),
    cell: ({ event, titles }) =>
      html`<a href="${eventAddress(event)}" title="${event}">${eventTitle(event, titles)}</a> <span class="quiet">${event.split(':')[0]}</span>`,
  },
  { head: 'markets', sortBy: ({ markets }) => markets, cell: ({ markets }) => formatNumber(markets) },
  { head: 'closed', sortBy: ({ closed }) => closed, cell: ({ closed }) => formatNumber(closed) },
  {
    head: 'ends',
    align: 'text',
    sortBy: ({ nextEnd, lastEnd }) => nextEnd ?? lastEnd,
    cell: ({ nextEnd, lastEnd }) => {
      const end = nextEnd ?? lastEnd;
      return end === null ? unknown('the venue names no end') : endText(end, now);
    },
  },
  {
    head: 'symbols',
    align: 'text',
    cell: ({ symbols }) =>
      html`${symbols.map((symbol, i) => html`${i > 0 && ', '}<a href="/symbols/${encodeURIComponent(symbol)}">${symbol}</a>`)}`,
  },
];
