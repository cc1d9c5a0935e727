import { Random } from '../../sandbox/random.ts';
import type { Http, QueryPairs } from '../../src/sources/http/venue-client.ts';
import { collectPrices } from '../../src/sources/polymarket/prices.ts';
import type { PointsPage } from '../../src/sources/source.ts';
import { isWithin } from '../../src/sources/walk/time-ranges.ts';
import { instrument } from '../support/stage-run.ts';
import { KEPT, pointsOf, StoredPoints } from './price-points.ts';
import type { WorldReport } from './run-world.ts';
import { BEGIN, DAY, HOUR, MINUTE } from './world.ts';

const LATENESS = 10 * MINUTE;
const MAX_LAG = 6 * HOUR;
const pick = <T>(random: Random, choices: readonly T[]): T => choices[random.integer(choices.length)];

interface PointFiring {
  readonly at: number;
  readonly asOf: number;
  readonly daysBack: number;
  readonly refetch: boolean;
}

/** A market whose price history lags, whose clock may be behind, and which may be old, long-lived and ended. */
interface PointsWorld {
  readonly opensAt: number;
  readonly ended: number | null;
  /** Times at which the price changed. */
  readonly ticks: readonly number[];
  /** Milliseconds until the venue shows a price. */
  readonly lag: number;
  /** Milliseconds by which the venue's clock differs from ours; it is never ahead. */
  readonly skew: number;
  readonly firings: readonly PointFiring[];
}

/** Ages at which the venue drops a grain. */
const RETENTIONS = Object.values(KEPT);

/** Some firings as of about the age at which the venue drops a grain, where the ends of retention by the run's instant and by the clock nearly meet. */
function backfills(seed: number, firings: readonly PointFiring[]): PointFiring[] {
  const random = new Random(seed * 3571 + 11);
  const about = (age: number): number => age + (random.next() < 0.5 ? random.integer(240) - 120 : (random.next() - 0.5) * 14_400) * 1000;
  return firings.map((firing, index) =>
    index % 3 === 2 || index >= firings.length - 2 ? firing : { ...firing, asOf: Math.floor(firing.at - about(pick(random, RETENTIONS))) },
  );
}

function makePointsWorld(seed: number): PointsWorld {
  const random = new Random(seed * 6151 + 3);
  const life = pick(random, [2 * HOUR, DAY, 20 * DAY, 45 * DAY, 120 * DAY]);
  const opensAt = BEGIN;
  const ended = random.next() < 0.6 ? opensAt + life : null;
  const pause = life / 150;
  const ticks: number[] = [];
  for (let time = opensAt + 5000; time < opensAt + life + (ended === null ? 3 * DAY : 0); )
    ticks.push((time += Math.max(1000, Math.floor(random.exponential(random.next() < 0.05 ? 20 * pause : pause) / 1000) * 1000)));
  // first seen while it trades, right at its end, weeks or months later
  const first = opensAt + life + (ended === null ? 0 : pick(random, [-life / 2, 20 * MINUTE, 3 * HOUR, 14 * DAY, 120 * DAY]));
  const every = pick(random, [HOUR, 4 * HOUR]);
  const daysBack = pick(random, [1, 7, 40, 150]);
  const firings: PointFiring[] = [];
  let at = first;
  for (let count = 0; count < 6; count++) {
    const asOf = random.next() < 0.15 ? at - Math.floor(random.next() * 3 * DAY) : at;
    firings.push({ at, asOf, daysBack, refetch: random.next() < 0.1 });
    at += every;
  }
  for (const last of [at + 7 * HOUR, at + 8 * HOUR]) firings.push({ at: last, asOf: last, daysBack, refetch: false });
  const lag = pick(random, [0, 4 * MINUTE, 40 * MINUTE, 2 * HOUR]);
  return {
    opensAt,
    ended,
    ticks: ticks.filter((time) => ended === null || time < ended),
    lag,
    skew: -pick(random, [0, 0, 3, 90]) * MINUTE,
    firings,
  };
}

/** Runs a world of price points and compares stored and claimed data with the venue's. */
export async function runPointsWorld(seed: number, withBackfills = false): Promise<WorldReport> {
  const made = makePointsWorld(seed);
  const world = withBackfills ? { ...made, firings: backfills(seed, made.firings) } : made;
  const wrong: string[] = [];
  const stored = new StoredPoints();
  let now = 0;
  let requests = 0;

  const answer = (query: QueryPairs) => {
    requests++;
    const ticks = world.ticks.map((time) => ({ time, price: 0.5 }));
    const data = pointsOf(query, { ticks, now, clock: now + world.skew, lag: world.lag });
    return { data, pagination: { next_cursor: null } };
  };
  const data = {
    get clock() {
      return now + world.skew;
    },
    get: async (_path: string, query: QueryPairs = []) => answer(query),
    memory: new Map(),
  } satisfies Http;

  const collect = async ({ asOf, daysBack, refetch }: PointFiring, run: string): Promise<void> => {
    const window = { from: asOf - daysBack * DAY, to: asOf };
    const closed = world.ended !== null && now >= world.ended;
    const pages = collectPrices(
      data,
      {
        instrument: instrument('polymarket:0x1', { opensAt: world.opensAt, closed, ...(closed && { closedAt: world.ended ?? 0 }) }),
        selectors: [],
        window,
        asOf,
        clock: now + world.skew,
        before: {
          covered: { trade: [], price: stored.covered },
          looked: { trade: null, price: stored.looked },
          isStored: async () => [],
          hasTradesBefore: async () => false,
        },
        lateness: LATENESS,
        refetch,
        cursor: undefined,
        signal: new AbortController().signal,
      },
      undefined,
    );
    const found: PointsPage[] = [];
    for await (const page of pages) {
      if (page.problems !== undefined) wrong.push(`${run}: ${page.problems.join()}`);
      found.push(page);
    }
    for (const page of found) stored.add(page);
    if (found.some(({ coverage }) => coverage.some(({ to }) => to > asOf))) wrong.push(`${run} claims what is after its own instant`);
  };

  /** A price in covered time has a point within the coarsest bucket that was on offer when it was covered. */
  const coveredAt = new Map<number, number>();
  const check = (run: string): void => {
    for (const time of world.ticks) {
      if (!isWithin(time, stored.covered)) continue;
      const since = coveredAt.get(time) ?? now;
      coveredAt.set(time, since);
      const grain = [60, 300, 1800].find((seconds) => time >= since - (KEPT[seconds] - 3 * HOUR)) ?? 10_800;
      const bucket = Math.ceil(time / (grain * 1000)) * grain * 1000;
      // a bucket that is cut by the end of its coverage comes with the rest
      if (bucket > now + world.skew - LATENESS || stored.has(time, grain)) continue;
      wrong.push(`${run} claims ${((now - time) / MINUTE).toFixed(1)} min before and has no point of it`);
      return;
    }
  };

  for (const [index, firing] of world.firings.entries()) {
    if (wrong.length > 0) break;
    now = firing.at;
    await collect(firing, `run ${index}`);
    check(`run ${index}`);
  }
  const last = world.firings[world.firings.length - 1];
  const window = { from: last.asOf - last.daysBack * DAY, to: last.asOf - MAX_LAG - 100 * MINUTE };
  if (wrong.length === 0 && !stored.covered.some(({ from, to }) => from <= window.from && to >= window.to))
    wrong.push(`in the end its ${last.daysBack} days are not covered: ${JSON.stringify(stored.covered)}`);
  requests = 0;
  now += 20_000;
  await collect({ ...last, asOf: now, refetch: false }, 'right after');
  if (requests > 0) wrong.push(`a run right after another makes ${requests} requests for points`);
  return { runs: world.firings.length, stored: stored.points.size, wrong: wrong.map((sentence) => `seed ${seed}: ${sentence}`) };
}
