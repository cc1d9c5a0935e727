import { Random } from '../../sandbox/random.ts';

export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;
/** Long ago for every clock: rows of a world are never in the future of the machine that runs it. */
export const BEGIN = Date.UTC(2024, 2, 4);

/** Content of a trade at the venue from a moment on. */
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
  /** Versions that the venue shows, oldest first. */
  readonly versions: readonly Version[];
  /** Whether the venue shows the last version for good once it has shown the row twice in one walk. */
  readonly touchy: boolean;
  /** Whether the row is not a valid tick. */
  readonly bad: boolean;
}

/** One firing of a schedule, or a backfill. */
export interface Firing {
  readonly at: number;
  /** The run's instant: equal to `at`, except for a run that starts late. */
  readonly asOf: number;
  readonly daysBack: number;
  readonly refetch: boolean;
  /** The worker dies at these requests, counted from 1; the next attempt comes minutes later. */
  readonly killedAt: readonly number[];
}

/** A made-up venue with one market, and the times of the runs that read it. All of it follows from the seed. */
export interface World {
  readonly seed: number;
  readonly trades: readonly WorldTrade[];
  readonly pageSize: number;
  /** How the venue counts pages: by a row's place in the list, which moves when rows come, or by the row itself. */
  readonly cursors: 'offset' | 'row';
  /** Whether pages start with the last rows of the page before them. */
  readonly repeats: boolean;
  readonly opensAt: number;
  /** The planned end; trading may end before or after it. */
  readonly plannedEnd: number | null;
  /** When trading really ended; null when it goes on. */
  readonly ended: number | null;
  /** Time from which the venue calls the market closed. */
  readonly closedFrom: number | null;
  /** Whether the venue says when it closed. */
  readonly statesClose: boolean;
  /** Milliseconds by which the venue's `Date` header differs from our clock. */
  readonly headerSkew: number;
  readonly outages: readonly { readonly from: number; readonly to: number }[];
  readonly firings: readonly Firing[];
  readonly lateness: Lateness;
  /** Rows that the venue's paging reaches at most, newest in its index first; then it sends the last page again and again. Null: all, newest first. */
  readonly reaches: number | null;
  /** Age in milliseconds beyond which the venue shows no trades, which its adapter knows; null: it shows all. */
  readonly horizon: number | null;
  /** How late the venue shows price points, in milliseconds; null: it shows none. */
  readonly pointLag: number | null;
  /** Whether pages say that there is no more although they have a cursor. */
  readonly deniesMore: boolean;
  /** Whether a second market of the venue gives its trades the same ids. */
  readonly sharesIds: boolean;
  readonly lies: readonly Lie[];
  /** Whether the venue states how many trades there were. */
  readonly statesTrades: boolean;
}

/**
 * Something untrue that a venue shows for a while: no trades (`empty`), or only the newest few (`cut`); a wrong clock (`clock`); the
 * outcomes in the other order (`reversed`), or only their names (`renamed`); an open market as closed, and as settled where `by` is above 0
 * (`closed`); the loser as paid (`flipped`); trades twice on a page, once with other content (`doubled`); one trade in some left out
 * (`dropped`), or all of some hours (`hole`); another order inside a second in each answer (`shuffled`); its own cursors refused
 * (`expired`); trades hidden that it has shown before (`withdrawn`); ids in other letters (`respelled`); other ids of the outcomes
 * (`reissued`); a stated total of nothing (`zero`).
 */
export interface Lie {
  readonly kind:
    | 'empty'
    | 'cut'
    | 'clock'
    | 'reversed'
    | 'renamed'
    | 'closed'
    | 'flipped'
    | 'doubled'
    | 'dropped'
    | 'hole'
    | 'shuffled'
    | 'expired'
    | 'withdrawn'
    | 'respelled'
    | 'reissued'
    | 'zero';
  readonly from: number;
  readonly to: number;
  /** Milliseconds that a wrong clock is ahead or a hole lasts, or one trade in so many is left out; above 0, `closed` also settles. */
  readonly by: number;
  /** Trades from this moment on are not left out. @default none */
  readonly until?: number;
}

/**
 * How rows come late: by a constant, or now and then by any time; one in a hundred by ten to twenty minutes; all of some hours when the
 * index is repaired; the last ones when the venue calls the market closed.
 */
export type Lateness = 'prompt' | 'behind' | 'stragglers' | 'rarely' | 'blackout' | 'with-the-close';

/** Properties of a world that are given; the rest follows from the seed. */
export interface Shape {
  readonly lateness?: Lateness;
  /** Milliseconds between two firings. */
  readonly every?: number;
  readonly count?: number;
  readonly pageSize?: number;
  readonly reaches?: number;
  readonly horizon?: number | null;
  readonly pointLag?: number | null;
  readonly sharesIds?: boolean;
  readonly deniesMore?: boolean;
  readonly statesClose?: boolean;
  /** Whether every firing reads three days up to now. */
  readonly plain?: boolean;
  readonly outages?: World['outages'];
  readonly firings?: World['firings'];
  /** Milliseconds from the end until the venue calls the market closed; a market with it does end. */
  readonly closedAfter?: number;
  /** Whether the venue lies at times: true for all kinds, or the kinds. */
  readonly lies?: boolean | readonly Lie['kind'][];
  readonly cursors?: World['cursors'];
  /** Whether the venue states how many trades there were. @default false */
  readonly statesTrades?: boolean;
  /** Trades per hour, about; by default as many as make a few hundred in all. */
  readonly perHour?: number;
  /** Two more firings so long after the last ones, and two as long after those, look at everything; milliseconds. */
  readonly longAfter?: number;
}

const pick = <T>(random: Random, choices: readonly T[]): T => choices[random.integer(choices.length)];

/** Makes the world of a seed. */
export function makeWorld(seed: number, shape: Shape = {}): World {
  const random = new Random(seed * 7919 + 13);
  const drawn = { every: pick(random, [5 * MINUTE, 15 * MINUTE, 30 * MINUTE, HOUR, 4 * HOUR]), count: 6 + random.integer(12) };
  const { every, count } = { ...drawn, ...shape };
  const pageSize = shape.pageSize ?? pick(random, [5, 10, 20, 50]);
  const opensAt = BEGIN - random.integer(6) * HOUR;
  const firstFiring = BEGIN + random.integer(3) * HOUR;
  const span = firstFiring - opensAt + every * count + 2 * HOUR;
  const closes = random.next() < 0.7 || shape.closedAfter !== undefined;
  const plannedEnd = closes || random.next() < 0.5 ? firstFiring + Math.floor(random.next() * every * count) : null;
  // many trade on past the plan, some end before it
  const ended = closes && plannedEnd !== null ? plannedEnd + Math.floor((random.next() * 1.4 - 0.3) * 5 * HOUR) : null;
  const closedFrom = ended === null ? null : ended + (shape.closedAfter ?? pick(random, [0, 30_000, 20 * MINUTE, 2 * HOUR]));
  const lateness = shape.lateness ?? pick(random, ['prompt', 'prompt', 'behind', 'stragglers'] as const);
  const skew = random.next() < 0.3 ? -Math.floor(random.next() * 8 * MINUTE) : Math.floor(random.next() * 20_000);
  const trades = makeTrades(random, {
    opensAt,
    until: Math.min(ended ?? Infinity, opensAt + span),
    lateness,
    skew,
    closedFrom,
    perHour: shape.perHour,
  });
  const honest: Omit<World, 'lies' | 'statesTrades'> = {
    seed,
    trades,
    pageSize,
    cursors: shape.cursors ?? pick(random, ['offset', 'row']),
    repeats: random.next() < 0.3,
    opensAt,
    plannedEnd,
    ended,
    closedFrom,
    statesClose: shape.statesClose ?? random.next() < 0.3,
    headerSkew: random.next() < 0.5 ? skew : 0,
    outages:
      shape.outages ??
      Array.from({ length: random.integer(3) }, () => {
        const from = firstFiring + Math.floor(random.next() * every * count);
        // all of them are over before the last runs
        return { from, to: Math.min(from + Math.floor(random.next() * 3 * every), firstFiring + every * count + 3 * HOUR) };
      }),
    firings: shape.firings ?? makeFirings(random, { first: firstFiring, every, count, plain: shape.plain === true }),
    lateness,
    reaches: shape.reaches ?? null,
    horizon: shape.horizon ?? null,
    pointLag: shape.pointLag ?? null,
    sharesIds: shape.sharesIds ?? false,
    deniesMore: shape.deniesMore ?? false,
  };
  const { lies = false, longAfter, statesTrades = false } = shape;
  const appliedLies = lies === false ? [] : makeLies(seed, trades, honest.firings, lies === true ? LIES : lies);
  if (longAfter === undefined) return { ...honest, lies: appliedLies, statesTrades };
  const { at: last } = honest.firings[honest.firings.length - 1];
  const more = [longAfter, longAfter + HOUR, 2 * longAfter, 2 * longAfter + HOUR]
    .map((after) => last + after)
    .map((at) => ({ at, asOf: at, daysBack: 21, refetch: false, killedAt: [] }));
  return { ...honest, firings: [...honest.firings, ...more], lies: appliedLies, statesTrades };
}

interface TradeOptions {
  readonly opensAt: number;
  readonly until: number;
  readonly lateness: Lateness;
  readonly skew: number;
  readonly closedFrom: number | null;
  readonly perHour: number | undefined;
}

/** Number of rows that are traded at the close of a market that trades until then. */
const WITH_THE_CLOSE = 3;

function makeTrades(random: Random, options: TradeOptions): WorldTrade[] {
  const { opensAt, until, lateness, skew, perHour } = options;
  const wanted = 100 + random.integer(500);
  const pause = perHour === undefined ? Math.max(1000, (until - opensAt) / wanted) : HOUR / perHour;
  const most = perHour === undefined ? 900 : Number.POSITIVE_INFINITY;
  const behind = pick(random, [5 * MINUTE, 12 * MINUTE, 30 * MINUTE, 2 * HOUR, 3 * HOUR]);
  // longer than the latest rows that the walk expects, twice
  const repairedAt = opensAt + (until - opensAt) * 0.7;
  const broken = repairedAt - Math.min((lateness === 'blackout' ? 14 + random.next() * 4 : 0) * HOUR, (until - opensAt) * 0.5);
  const trades: WorldTrade[] = [];
  for (let made = opensAt + 1000; ; ) {
    // quiet hours, bursts and ties
    const step = random.next() < 0.02 ? pause * 30 : random.next() < 0.3 ? 500 * random.next() : random.exponential(pause);
    made += Math.floor(step);
    if (made >= until || trades.length >= most) return lateness === 'with-the-close' ? withTheClose(trades, options) : trades;
    const late =
      lateness === 'behind'
        ? behind
        : lateness === 'stragglers' && random.next() < 0.15
          ? random.exponential(25 * MINUTE)
          : lateness === 'rarely' && random.next() < 0.01
            ? (10.5 + 9 * random.next()) * MINUTE
            : lateness === 'blackout' && made >= broken && made < repairedAt
              ? repairedAt - made
              : 0;
    const visible = made + 500 + Math.floor(late + random.next() * 4000);
    const version = (from: number): Version => ({ from, price: (1 + random.integer(99)) / 100, size: 1 + random.integer(50) });
    const versions = [version(visible)];
    const touchy = random.next() < 0.04;
    if (touchy || random.next() < 0.05) versions.push(version(visible + Math.floor(random.exponential(2 * HOUR))));
    // venues write whole seconds
    const stamp = Math.floor((made + skew) / 1000) * 1000;
    trades.push({ id: `0xa${trades.length}`, made, stamp, visible, versions, touchy, bad: random.next() < 0.02 });
  }
}

/** The last trades of a market are shown when it is called closed. */
const withTheClose = (trades: readonly WorldTrade[], { closedFrom }: TradeOptions): WorldTrade[] =>
  trades.map((trade, index) => {
    if (closedFrom === null || index < trades.length - WITH_THE_CLOSE) return trade;
    const visible = Math.max(trade.visible, closedFrom);
    return { ...trade, visible, versions: trade.versions.map((version) => ({ ...version, from: Math.max(version.from, visible) })) };
  });

const LIES: readonly Lie['kind'][] = ['empty', 'cut', 'clock', 'reversed', 'renamed'];
const ALL_LIES: readonly Lie['kind'][] = [
  ...LIES,
  ...(['closed', 'flipped', 'doubled', 'dropped', 'hole', 'shuffled', 'expired', 'withdrawn', 'respelled', 'reissued', 'zero'] as const),
];

/** The shape of a world in which any of all lies, ways of being late, outages, kills, backfills and stated totals may meet. */
export function mixedShape(seed: number): Shape {
  const random = new Random(seed * 6007 + 17);
  return {
    lateness: pick(random, ['prompt', 'behind', 'stragglers', 'rarely', 'blackout', 'with-the-close']),
    lies: ALL_LIES.filter(() => random.next() < 0.4).concat(pick(random, ALL_LIES)),
    statesTrades: random.next() < 0.5,
    horizon: pick(random, [null, null, 4 * DAY, 10 * DAY]),
    longAfter: 26 * HOUR,
    plain: random.next() < 0.3,
    pointLag: pick(random, [null, 0, 4 * MINUTE, 40 * MINUTE, 2 * HOUR]),
    sharesIds: random.next() < 0.4,
    deniesMore: random.next() < 0.3,
  };
}

/** The market beside a world's: two of three of its trades, with the same ids and other prices. */
export const marketBeside = (world: World): World => ({
  ...world,
  trades: world.trades
    .filter((_, index) => index % 3 !== 1)
    .map((trade) => ({ ...trade, versions: trade.versions.map(({ price, ...rest }) => ({ ...rest, price: otherPrice(price) })) })),
});

const otherPrice = (price: number): number => (((Math.round(price * 100) * 7) % 97) + 1) / 100;

const YEAR = 365 * DAY;

/** Lies that can be seen through: by then earlier runs have stored trades of earlier hours. They are over before the last runs. */
function makeLies(seed: number, trades: readonly WorldTrade[], firings: readonly Firing[], kinds: readonly Lie['kind'][]): Lie[] {
  const random = new Random(seed * 104_729 + 5);
  const known = trades.filter(({ bad }) => !bad)[2]?.visible ?? Number.POSITIVE_INFINITY;
  const first = firings.findIndex(({ at }) => at > known + 2 * HOUR);
  const after = firings.slice(first + 1, -3);
  if (first < 0 || after.length === 0) return [];
  return Array.from({ length: 1 + random.integer(3) }, () => {
    const from = pick(random, after).at - MINUTE;
    const to = Math.min(from + Math.floor(random.next() * 12 * HOUR), firings[firings.length - 3].at - MINUTE);
    const kind = pick(random, kinds);
    const by = pick(random, [-30, -2, -1, 1, 2, 30]) * YEAR;
    return {
      kind,
      from,
      to,
      by:
        kind === 'dropped' || kind === 'withdrawn' ? pick(random, [3, 7, 20]) : kind === 'hole' ? 2 * HOUR + random.integer(18) * HOUR : by,
    };
  });
}

function makeFirings(
  random: Random,
  { first, every, count, plain }: { first: number; every: number; count: number; plain: boolean },
): Firing[] {
  const firings: Firing[] = [];
  for (let i = 0; i < count; i++) {
    if (random.next() < 0.1) continue;
    const at = first + i * every + random.integer(3000);
    const backfill = random.next() < 0.12;
    if (plain) {
      firings.push({ at, asOf: at, daysBack: 3, refetch: false, killedAt: [] });
      continue;
    }
    firings.push({
      at,
      asOf: backfill ? at - Math.floor((0.2 + random.next()) * DAY) : random.next() < 0.1 ? at - random.integer(10 * MINUTE) : at,
      daysBack: pick(random, [0.25, 1, 3]),
      refetch: random.next() < 0.05,
      killedAt: random.next() < 0.25 ? [1 + random.integer(6)] : [],
    });
  }
  // long after the last firing, when everything that can be found has been found
  const end = first + count * every + 5 * HOUR;
  for (const at of [end, end + HOUR, end + 2 * HOUR]) firings.push({ at, asOf: at, daysBack: 3, refetch: false, killedAt: [] });
  return firings;
}
