import { Random } from '../../sandbox/random.ts';

export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;
/** Long ago for every clock: rows of a world are never in the future of the machine that runs it. */
export const BEGIN = Date.UTC(2024, 2, 4);

/** What a venue says of one trade from a moment on. */
export interface Version {
  readonly from: number;
  readonly price: number;
  readonly size: number;
}

/** One trade of a world. Moments are those of our clock, but for `stamp`, which is what the venue's clock says. */
export interface WorldTrade {
  readonly id: string;
  readonly made: number;
  readonly stamp: number;
  /** First moment at which the venue shows it; the first version's `from`. */
  readonly visible: number;
  /** What it shows, oldest first. */
  readonly versions: readonly Version[];
  /** The last version is what the venue shows once it has shown the row twice in one walk, and from then on. */
  readonly touchy: boolean;
  /** Nobody can take it for a tick. */
  readonly bad: boolean;
}

/** One firing of a schedule, or somebody's backfill. */
export interface Firing {
  readonly at: number;
  /** What the run is as of; `at`, later starts aside. */
  readonly asOf: number;
  readonly daysBack: number;
  readonly refetch: boolean;
  /** The worker dies at these requests, counted from 1; the next attempt comes minutes later. */
  readonly killedAt: readonly number[];
}

/** A made-up venue with one market, and who looks at it when. All of it follows from the seed. */
export interface World {
  readonly seed: number;
  readonly trades: readonly WorldTrade[];
  readonly pageSize: number;
  /** How the venue counts pages: by a row's place in the list, which moves when rows come, or by the row itself. */
  readonly cursors: 'offset' | 'row';
  /** Pages begin with the last rows of the page before them. */
  readonly repeats: boolean;
  readonly opensAt: number;
  /** The planned end, which binds nobody. */
  readonly plannedEnd: number | null;
  /** When trading really ended; null when it goes on. */
  readonly ended: number | null;
  /** When the venue begins to call it closed. */
  readonly closedFrom: number | null;
  /** Whether the venue says when it closed. */
  readonly statesClose: boolean;
  /** What the venue's `Date` header adds to our clock. */
  readonly headerSkew: number;
  readonly outages: readonly { readonly from: number; readonly to: number }[];
  readonly firings: readonly Firing[];
  /** How rows come late: by a constant, or now and then. */
  readonly lateness: 'prompt' | 'behind' | 'stragglers';
}

const pick = <T>(random: Random, choices: readonly T[]): T => choices[random.integer(choices.length)];

/** Makes the world of a seed. */
export function makeWorld(seed: number): World {
  const random = new Random(seed * 7919 + 13);
  const every = pick(random, [5 * MINUTE, 15 * MINUTE, 30 * MINUTE, HOUR, 4 * HOUR]);
  const count = 6 + random.integer(12);
  const pageSize = pick(random, [5, 10, 20, 50]);
  const opensAt = BEGIN - random.integer(6) * HOUR;
  const firstFiring = BEGIN + random.integer(3) * HOUR;
  const span = firstFiring - opensAt + every * count + 2 * HOUR;
  const closes = random.next() < 0.7;
  const plannedEnd = closes || random.next() < 0.5 ? firstFiring + Math.floor(random.next() * every * count) : null;
  // many trade on past the plan, some end before it
  const ended = closes && plannedEnd !== null ? plannedEnd + Math.floor((random.next() * 1.4 - 0.3) * 5 * HOUR) : null;
  const closedFrom = ended === null ? null : ended + pick(random, [0, 30_000, 20 * MINUTE, 2 * HOUR]);
  const lateness = pick(random, ['prompt', 'prompt', 'behind', 'stragglers'] as const);
  const skew = random.next() < 0.3 ? -Math.floor(random.next() * 8 * MINUTE) : Math.floor(random.next() * 20_000);
  const trades = makeTrades(random, { opensAt, until: Math.min(ended ?? Infinity, opensAt + span), lateness, skew });
  return {
    seed,
    trades,
    pageSize,
    cursors: pick(random, ['offset', 'row']),
    repeats: random.next() < 0.3,
    opensAt,
    plannedEnd,
    ended,
    closedFrom,
    statesClose: random.next() < 0.3,
    headerSkew: random.next() < 0.5 ? skew : 0,
    outages: Array.from({ length: random.integer(3) }, () => {
      const from = firstFiring + Math.floor(random.next() * every * count);
      // all of them are over before the last runs
      return { from, to: Math.min(from + Math.floor(random.next() * 3 * every), firstFiring + every * count + 3 * HOUR) };
    }),
    firings: makeFirings(random, { first: firstFiring, every, count }),
    lateness,
  };
}

interface TradeOptions {
  readonly opensAt: number;
  readonly until: number;
  readonly lateness: World['lateness'];
  readonly skew: number;
}

function makeTrades(random: Random, { opensAt, until, lateness, skew }: TradeOptions): WorldTrade[] {
  const wanted = 100 + random.integer(500);
  const pause = Math.max(1000, (until - opensAt) / wanted);
  const behind = pick(random, [5 * MINUTE, 12 * MINUTE, 30 * MINUTE, 2 * HOUR, 3 * HOUR]);
  const trades: WorldTrade[] = [];
  for (let made = opensAt + 1000; ; ) {
    // quiet hours, bursts and ties
    const step = random.next() < 0.02 ? pause * 30 : random.next() < 0.3 ? 500 * random.next() : random.exponential(pause);
    made += Math.floor(step);
    if (made >= until || trades.length >= 900) return trades;
    const late = lateness === 'behind' ? behind : lateness === 'stragglers' && random.next() < 0.15 ? random.exponential(25 * MINUTE) : 0;
    const visible = made + 500 + Math.floor(late + random.next() * 4000);
    const version = (from: number): Version => ({ from, price: (1 + random.integer(99)) / 100, size: 1 + random.integer(50) });
    const versions = [version(visible)];
    const touchy = random.next() < 0.04;
    if (touchy || random.next() < 0.05) versions.push(version(visible + Math.floor(random.exponential(2 * HOUR))));
    // venues write whole seconds
    const stamp = Math.floor((made + skew) / 1000) * 1000;
    trades.push({ id: `t${trades.length}`, made, stamp, visible, versions, touchy, bad: random.next() < 0.02 });
  }
}

function makeFirings(random: Random, { first, every, count }: { first: number; every: number; count: number }): Firing[] {
  const firings: Firing[] = [];
  for (let i = 0; i < count; i++) {
    if (random.next() < 0.1) continue;
    const at = first + i * every + random.integer(3000);
    const backfill = random.next() < 0.12;
    firings.push({
      at,
      asOf: backfill ? at - Math.floor((0.2 + random.next()) * DAY) : random.next() < 0.1 ? at - random.integer(10 * MINUTE) : at,
      daysBack: pick(random, [0.25, 1, 3]),
      refetch: random.next() < 0.05,
      killedAt: random.next() < 0.25 ? [1 + random.integer(6)] : [],
    });
  }
  // long after everything: what could still be found is found
  const end = first + count * every + 5 * HOUR;
  for (const at of [end, end + HOUR, end + 2 * HOUR]) firings.push({ at, asOf: at, daysBack: 3, refetch: false, killedAt: [] });
  return firings;
}
