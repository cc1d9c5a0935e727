import type { Market, MarketGroup, VenueName } from './market.ts';
import { namedGroups, type Offer, standingGroups } from './market-groups.ts';
import { scaleGroup } from './scale.ts';
import { SERIES, type Series, seriesMarket } from './series.ts';

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
}

/** All markets at both venues, which can be found by any of their names. New markets of a series appear as time passes. */
export class Markets {
  readonly #options: MarketsOptions;
  readonly #groups = new Map<string, MarketGroup>();
  readonly #byName = new Map<string, Market>();
  readonly #nextOfSeries = new Map<Series, number>();

  constructor(options: MarketsOptions) {
    this.#options = options;
    const { scale, only } = options;
    const groups = scale
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
    return this.#groups.get(`${venue}/${slug}`);
  }

  all(venue: VenueName, now: number): readonly Market[] {
    return this.groups(venue, now).flatMap((group) => group.markets);
  }

  /** Finds a market by slug, condition id, token id or number. */
  find(venue: VenueName, name: string | number, now: number): Market | undefined {
    this.#catchUp(now);
    return this.#byName.get(`${venue}/${name}`);
  }

  /** Finds a market by its instrument id (`polymarket:0x…`, `predict:1011`). */
  instrument(id: string, now: number): Market | undefined {
    const [venue, name] = id.split(':');
    return venue === 'polymarket' || venue === 'predict' ? this.find(venue, name ?? '', now) : undefined;
  }

  #add(group: MarketGroup): void {
    this.#groups.set(`${group.venue}/${group.slug}`, group);
    for (const market of group.markets) {
      for (const name of [market.slug, market.conditionId, market.number, ...market.tokens]) {
        this.#byName.set(`${market.venue}/${name}`, market);
      }
    }
  }

  /** Adds the markets of each series up to the running one and the next one. */
  #catchUp(now: number): void {
    const { seed, start, only, scale } = this.#options;
    if (scale) return;
    for (const series of SERIES) {
      if (only === undefined ? series.onlyNamed === true : !only.includes(series.slug)) continue;
      const { periodMs } = series;
      let from = this.#nextOfSeries.get(series) ?? Math.floor((start - series.depthMs) / periodMs) * periodMs;
      for (; from <= now + periodMs; from += periodMs) this.#add(seriesMarket(series, seed, from).group);
      this.#nextOfSeries.set(series, from);
    }
  }
}
