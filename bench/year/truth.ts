import type { VenueName } from '../../sandbox/market.ts';
import type { SandboxVenue } from '../../sandbox/venue.ts';
import type { Database } from '../../src/storage/database/database.ts';
import { VENUES } from './plan.ts';
import { GROUP } from './stack.ts';

/** Result of comparing stored trades and their coverage with the venue. */
export interface Comparison {
  readonly instruments: number;
  readonly venues: Readonly<Record<VenueName, VenueCounts>>;
  /** One sentence for each difference. */
  readonly wrong: readonly string[];
}

/** The trades of one venue. */
export interface VenueCounts {
  stored: number;
  /** Number of trades that could be collected, or lie in claimed coverage, and are not stored. */
  missing: number;
  /** Number of stored trades that the venue never made. */
  extra: number;
  /** Number of trades of the venue that are stored more often than it made them. */
  doubled: number;
}

/** One firing, which read the venues that were up. */
export interface Look {
  /** UTC epoch milliseconds. */
  readonly asOf: number;
  readonly away: ReadonlySet<string>;
}

/** Trades younger than this may not have settled when the last run looked. */
const SETTLED_MS = 2 * 3_600_000;

interface Kept {
  readonly id: string;
  readonly rows: readonly (readonly [time: number, price: number, size: number])[] | null;
  readonly ranges: readonly (readonly [from: number, to: number])[] | null;
}

/**
 * Compares every instrument of the database with the venue: each stored trade is one the venue made, each once; each trade inside what is
 * claimed as covered is stored; and everything that was in the window of a run to which the venue answered, settled by then, is stored.
 *
 * @param request.from what the first run could see; UTC epoch milliseconds
 * @param request.to as of when the last run was
 * @param request.looks of all runs, oldest first
 * @param request.windowMs how far back each run looked
 */
export async function compareWithTruth({
  database,
  venue,
  from,
  to,
  looks,
  windowMs,
}: {
  readonly database: Database;
  readonly venue: SandboxVenue;
  readonly from: number;
  readonly to: number;
  readonly looks: readonly Look[];
  readonly windowMs: number;
}): Promise<Comparison> {
  const { rows } = await database.query<Kept>(
    `select i.id,
       (select json_agg(json_build_array(t.time, t.price, t.size) order by t.time, t.seq) from ticks t where t.instrument = i.key and t.kind = 0) as rows,
       (select json_agg(json_build_array(lower(r), upper(r)) order by r) from coverage c cross join lateral unnest(c.ranges) as r
        where c.instrument = i.key and c.kind = 0) as ranges
     from instruments i order by i.id`,
  );
  const known = new Map(rows.map((row) => [row.id, row]));
  const wrong: string[] = [];
  const venues = Object.fromEntries(VENUES.map((name) => [name, { stored: 0, missing: 0, extra: 0, doubled: 0 }])) as Record<
    VenueName,
    VenueCounts
  >;
  const until = to - SETTLED_MS;
  for (const { id, closesAt, venue: whose, group } of venue.truth.instruments()) {
    // the markets of a series are collected at one venue only
    if (whose === 'predict' && group !== GROUP) continue;
    const made = venue.truth.ticks(id, { from, to: until });
    const stored = known.get(id);
    const kept = (stored?.rows ?? []).filter(([time]) => time >= from && time <= until);
    const sums = venues[whose];
    sums.stored += kept.length;
    const key = ([time, price, size]: readonly [number, number, number]): string => `${time} ${price} ${size}`;
    const counts = new Map<string, number>();
    for (const { time, price, size } of made) counts.set(key([time, price, size]), (counts.get(key([time, price, size])) ?? 0) + 1);
    let invented = 0;
    for (const row of kept) {
      const left = counts.get(key(row));
      if (left === undefined) sums.extra++;
      else if (left === 0) sums.doubled++;
      if (left === undefined || left === 0) invented++;
      else counts.set(key(row), left - 1);
    }
    if (invented > 0) wrong.push(`${id}: ${invented} stored trades that the venue never made, or made once and were stored twice`);
    const ranges = stored?.ranges ?? [];
    const covered = (time: number): boolean => ranges.some(([a, b]) => time >= a && time < b);
    const missing = made.filter((tick) => (counts.get(key([tick.time, tick.price, tick.size])) ?? 0) > 0);
    const lied = missing.filter(({ time }) => covered(time)).length;
    if (lied > 0) wrong.push(`${id}: ${lied} trades are missing in what is claimed as covered`);
    const mine = looks.filter(({ away }) => !away.has(whose)).map(({ asOf }) => asOf);
    const couldBeHad = (time: number): boolean => {
      const next = mine.find((asOf) => asOf >= time + SETTLED_MS);
      return next !== undefined && time >= next - windowMs && (closesAt ?? Number.POSITIVE_INFINITY) > next - windowMs;
    };
    const lost = missing.filter(({ time }) => !covered(time) && couldBeHad(time)).length;
    sums.missing += lied + lost;
    if (lost > 0) wrong.push(`${id}: ${lost} of ${made.length} trades could be had and were not collected, nor claimed`);
  }
  return { instruments: rows.length, venues, wrong };
}
