import type { VenueName } from '../../sandbox/market.ts';
import { Random } from '../../sandbox/random.ts';

/** The faults around one firing. */
export interface FiringPlan {
  readonly index: number;
  /** Whether the machine sleeps, so that no run starts. */
  readonly asleep: boolean;
  /** Venues that do not answer during the whole firing. */
  readonly down: ReadonlySet<VenueName>;
  /** Number of the next requests that get a 503; retries succeed. */
  readonly hiccups: number;
  /** Whether some answers repeat rows or have them out of order. */
  readonly untidy: boolean;
  /** Number of trades that the venue shows only after their hour was collected. */
  readonly lateTrades: number;
  /** Number of collected trades of Predict.fun or Kalshi whose price and size the venue corrects now. */
  readonly corrections: number;
  /** Minutes of the newest collected price points that the venue corrects now. */
  readonly correctedPoints: number;
  /** Whether pages contradict some rows by another row with the same id. */
  readonly contradicted: boolean;
  /** Venue that reports an open market as closed and settled during the whole firing. */
  readonly calledClosed: VenueName | null;
  /** Whether the newest result is reported for the other outcome during the whole firing. */
  readonly flipped: boolean;
  /** All venues cut every connection from `afterMs` after the run's start, for `forMs` milliseconds. Retries last longer. */
  readonly cut: { readonly afterMs: number; readonly forMs: number } | null;
  /** Step of a new build before the firing: it gets half of the new runs, all of them, or none any more. */
  readonly release: 'canary' | 'promote' | 'rollback' | null;
  /** The part that is killed with SIGKILL, and how many milliseconds after the run's start. */
  readonly kill: { readonly part: 'worker' | 'temporal' | 'postgres'; readonly afterMs: number } | null;
  /** Whether a second run as of the same instant runs beside it. */
  readonly overlaps: boolean;
  /** Milliseconds after its start at which the run is cancelled. */
  readonly cancelAfterMs: number | null;
}

/** The venues of the year. */
export const VENUES = ['polymarket', 'predict', 'kalshi'] as const satisfies readonly VenueName[];

const HOURS_PER_FIRING = 4;
/** Number of firings that a canary lasts. */
const CANARY = 3;

/** Number of firings in as many hours, at least one. */
const firings = (hours: number): number => Math.max(1, Math.round(hours / HOURS_PER_FIRING));

/**
 * A year as the seed has it: some forty faults of each kind over 2,190 firings, and at least one of each where it is short. The first two
 * firings and the last four are calm, so that there is a beginning to compare with and everything that was open can end.
 */
export function planYear({ count, seed }: { readonly count: number; readonly seed: number }): readonly FiringPlan[] {
  const random = new Random(seed);
  const within = (): number => 2 + random.integer(Math.max(1, count - 6));
  const times = (perYear: number): number => Math.max(1, Math.round((perYear * count) / 2190));
  const spans = (perYear: number, length: () => number): Set<number> => {
    const hit = new Set<number>();
    for (let n = times(perYear); n > 0; n--) {
      const from = within();
      for (let i = from; i < Math.min(count - 4, from + length()); i++) hit.add(i);
    }
    return hit;
  };
  const points = (perYear: number): Set<number> => spans(perYear, () => 1);
  const asleep = spans(3, () => Math.min(firings(72), Math.max(1, Math.floor(count / 10))));
  const polymarket = spans(25, () => firings(random.next() < 0.8 ? 4 * random.next() : 24 * 3 * random.next()));
  const predict = spans(15, () => firings(random.next() < 0.8 ? 4 * random.next() : 24 * 3 * random.next()));
  // all venues are down at once, as for a machine that has lost its network
  const all = spans(10, () => firings(random.next() < 0.7 ? 4 : 24 * random.next()));
  const [hiccup, untidy, late, overlap, cancel] = [points(60), spans(20, () => firings(24)), points(60), points(40), points(40)];
  const [correct, cut] = [points(60), points(40)];
  const [correctPoints, contradicted, calledClosed, flipped] = [points(60), points(60), points(20), points(20)];
  const releases = releasesOf({ count, times: times(8), within, isAsleep: (index) => asleep.has(index) });
  const kills = { worker: points(40), temporal: points(16), postgres: points(16) };
  // drawn last, so that a seed plans the same faults for the other venues as before Kalshi
  const kalshi = spans(15, () => firings(random.next() < 0.8 ? 4 * random.next() : 24 * 3 * random.next()));
  return Array.from({ length: count }, (_, index): FiringPlan => {
    const outages = { polymarket, predict, kalshi };
    const down = new Set(VENUES.filter((venue) => outages[venue].has(index) || all.has(index)));
    const killed = (Object.keys(kills) as (keyof typeof kills)[]).find((part) => kills[part].has(index));
    return {
      index,
      asleep: asleep.has(index),
      down,
      hiccups: hiccup.has(index) ? 1 + random.integer(3) : 0,
      untidy: untidy.has(index),
      lateTrades: late.has(index) ? 1 + random.integer(5) : 0,
      corrections: correct.has(index) ? 1 + random.integer(5) : 0,
      correctedPoints: correctPoints.has(index) ? 1 + random.integer(60) : 0,
      contradicted: contradicted.has(index),
      calledClosed: calledClosed.has(index) ? VENUES[random.integer(VENUES.length)] : null,
      flipped: flipped.has(index),
      cut: cut.has(index) && down.size === 0 ? { afterMs: random.integer(600), forMs: 300 + random.integer(500) } : null,
      release: releases.get(index) ?? null,
      kill: killed === undefined ? null : { part: killed, afterMs: random.integer(1500) },
      overlaps: overlap.has(index),
      cancelAfterMs: cancel.has(index) ? random.integer(1000) : null,
    };
  });
}

/** Plans canaries and their ends: the first is promoted, every third of the others is rolled back. A sleeping machine postpones a step. */
function releasesOf({
  count,
  times,
  within,
  isAsleep,
}: {
  readonly count: number;
  readonly times: number;
  readonly within: () => number;
  readonly isAsleep: (index: number) => boolean;
}): ReadonlyMap<number, NonNullable<FiringPlan['release']>> {
  const awake = (from: number): number => {
    let index = from;
    while (isAsleep(index)) index++;
    return index;
  };
  const releases = new Map<number, NonNullable<FiringPlan['release']>>();
  const begins = Array.from({ length: times }, within).sort((a, b) => a - b);
  let free = 2;
  for (const [n, wanted] of begins.entries()) {
    const from = awake(Math.max(free, Math.min(wanted, count - 2 * CANARY - 1)));
    const end = awake(from + CANARY);
    if (end >= count) break;
    releases.set(from, 'canary').set(end, n % 3 === 2 ? 'rollback' : 'promote');
    free = end + 2;
  }
  return releases;
}
