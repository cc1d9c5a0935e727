import type { Market, MarketGroup, VenueName } from './market.ts';
import { namedGroups, type Offer, standingGroups } from './market-groups.ts';
import { scaleGroup, type WholeVenue, wholeVenueGroups } from './scale.ts';
import { SERIES, type Series, seriesMarket } from './series.ts';

/** How far before its first listed market a series still knows its markets by name, in milliseconds. */
const LOOK_BACK = 14 * 86_400_000;

export interface ScaleOptions {
  readonly instruments: number;
  readonly tradesPerInstrument: number;
  /** The venues that offer the markets. @default ["polymarket"] */
  readonly venues?: readonly VenueName[];
}

export interface MarketsOptions extends Offer {
  /** Slugs of the groups and series to offer. @default all */
  readonly only?: readonly string[];
  /** Replaces all markets by this many equal ones. */
  readonly scale?: ScaleOptions;
  /** Replaces all markets by those of a whole venue. */
  readonly wholeVenue?: WholeVenue;
}

/**
 * All markets at both venues, which can be found by any of their names. New markets of a series appear as time passes. The markets of a
 * series that ended before the listing starts are found by name only, so a sandbox started later answers for them like one started earlier.
 */
export class Markets {
  readonly #options: MarketsOptions;
  readonly #groups = new Map<string, MarketGroup>();
  readonly #byName = new Map<string, Market>();
  /** Groups by name whose markets are older than those that are listed; created with the first name that is not listed. */
  #older: Map<string, MarketGroup> | undefined;
  readonly #nextOfSeries = new Map<Series, number>();

  constructor(options: MarketsOptions) {
    this.#options = options;
    const { scale, only, wholeVenue } = options;
    const groups = wholeVenue
      ? wholeVenueGroups(options, wholeVenue)
      : scale
        ? (scale.venues ?? ['polymarket']).map((venue) => scaleGroup(options, venue, scale.instruments, scale.tradesPerInstrument))
        : [
            ...standingGroups(options).filter((group) => only === undefined || only.includes(group.slug)),
            ...namedGroups(options).filter((group) => only?.includes(group.slug)),
          ];
    for (const group of groups) this.#add(group);
  }

  /** The groups of a venue, smallest id first. */
  groups(venue: VenueName, now: number): readonly MarketGroup[] {
    this.#catchUp(now);
    return [...this.#groups.values()].filter((group) => group.venue === venue).sort((a, b) => a.id - b.id);
  }

  group(venue: VenueName, slug: string, now: number): MarketGroup | undefined {
    this.#catchUp(now);
    const name = `${venue}/${slug}`;
    return this.#groups.get(name) ?? this.#lookBack().get(name);
  }

  all(venue: VenueName, now: number): readonly Market[] {
    return this.groups(venue, now).flatMap((group) => group.markets);
  }

  /** Finds a market by slug, condition id, token id or number. */
  find(venue: VenueName, name: string | number, now: number): Market | undefined {
    this.#catchUp(now);
    const full = `${venue}/${name}`;
    if (!this.#byName.has(full)) this.#lookBack();
    return this.#byName.get(full);
  }

  /** Finds a market by its instrument id (`polymarket:0x…`, `predict:1011`). */
  instrument(id: string, now: number): Market | undefined {
    const [venue, name] = id.split(':');
    return venue === 'polymarket' || venue === 'predict' || venue === 'kalshi' ? this.find(venue, name ?? '', now) : undefined;
  }

  #add(group: MarketGroup, groups = this.#groups): void {
    groups.set(`${group.venue}/${group.slug}`, group);
    for (const market of group.markets) {
      for (const name of [market.slug, market.conditionId, market.number, ...market.tokens]) {
        this.#byName.set(`${market.venue}/${name}`, market);
      }
    }
  }

  /** The series that are offered. */
  get #series(): readonly Series[] {
    const { only, scale, wholeVenue } = this.#options;
    return scale || wholeVenue
      ? []
      : SERIES.filter(({ slug, onlyNamed }) => (only === undefined ? onlyNamed !== true : only.includes(slug)));
  }

  /** Start of the first listed market of a series. */
  #firstOf({ depthMs, periodMs }: Series): number {
    return Math.floor((this.#options.start - depthMs) / periodMs) * periodMs;
  }

  /** Adds the markets of each series up to the running one and the next one. */
  #catchUp(now: number): void {
    for (const series of this.#series) {
      const { periodMs } = series;
      let from = this.#nextOfSeries.get(series) ?? this.#firstOf(series);
      for (; from <= now + periodMs; from += periodMs) this.#add(seriesMarket(series, this.#options.seed, from).group);
      this.#nextOfSeries.set(series, from);
    }
  }

  /** The groups of the markets of each series before those that are listed. */
  #lookBack(): ReadonlyMap<string, MarketGroup> {
    if (this.#older !== undefined) return this.#older;
    this.#older = new Map();
    for (const series of this.#series) {
      const first = this.#firstOf(series);
      for (let from = first - LOOK_BACK; from < first; from += series.periodMs)
        this.#add(seriesMarket(series, this.#options.seed, from).group, this.#older);
    }
    return this.#older;
  }
}
