import type { SandboxVenue } from '../../sandbox/venue.ts';
import type { Instrument } from '../../src/contracts/market-data.ts';
import type { Database } from '../../src/storage/database/database.ts';
import { OPEN_GROUPS } from './stack.ts';

const MINUTE = 60_000;
const DAY = 86_400_000;
/** Length of the time range whose points are compared at once, in milliseconds. */
const AT_ONCE = 20 * DAY;

interface Span {
  readonly database: Database;
  readonly venue: SandboxVenue;
  /** UTC epoch milliseconds. */
  readonly from: number;
  readonly to: number;
}

/**
 * Compares the stored price points of Polymarket's markets with the venue: each is one that it showed, as it was before a correction or
 * after it; each inside what is claimed as covered is stored; and what a run has taken again is as the venue has it now.
 *
 * @param span.refetchedFrom from when on the last run took everything again; UTC epoch milliseconds
 */
export async function comparePoints({
  database,
  venue,
  from,
  to,
  refetchedFrom,
}: Span & { readonly refetchedFrom: number }): Promise<{ points: number; wrong: readonly string[] }> {
  const wrong: string[] = [];
  let points = 0;
  for (const { id } of venue.truth.instruments({ venue: 'polymarket' })) {
    const sums = { invented: 0, lied: 0, stale: 0 };
    for (let begin = from; begin < to; begin += AT_ONCE) {
      const range = { from: begin, to: Math.min(to, begin + AT_ONCE) };
      const stored = new Map(
        (
          await database.query<{ time: number; price: number }>(
            `select t.time, t.price from ticks t join instruments i on i.key = t.instrument
             where i.id = $1 and t.kind = 1 and t.time >= $2 and t.time < $3`,
            [id, range.from, range.to],
          )
        ).rows.map(({ time, price }) => [time, price]),
      );
      const { rows: covered } = await database.query<{ from: number; to: number }>(
        `select lower(r) as "from", upper(r) as "to" from coverage c join instruments i on i.key = c.instrument, unnest(c.ranges) as r
         where i.id = $1 and c.kind = 1`,
        [id],
      );
      const made = new Map(
        venue.truth.points(id, { ...range, bucketSeconds: 60, whole: true }).map(({ time, price }) => [time * 1000, price]),
      );
      points += stored.size;
      for (const [time, price] of stored) {
        const isOne = time % MINUTE !== 0 || made.has(time);
        const now = made.get(time) ?? price;
        if (!isOne || (price !== now && price !== venue.truth.priceAt(id, time))) sums.invented++;
        else if (price !== now && time >= refetchedFrom) sums.stale++;
      }
      for (const time of made.keys())
        if (time % MINUTE === 0 && !stored.has(time) && covered.some((each) => time >= each.from && time < each.to)) sums.lied++;
    }
    if (sums.invented > 0) wrong.push(`${id}: ${sums.invented} stored price points that the venue never showed`);
    if (sums.lied > 0) wrong.push(`${id}: ${sums.lied} price points are missing in what is claimed as covered`);
    if (sums.stale > 0) wrong.push(`${id}: ${sums.stale} price points are not as the venue corrected them although they were taken again`);
  }
  return { points, wrong };
}

/** Age from which a result is compared: runs have read it first, again a day later, and once more after an outage. */
const STANDS_MS = 5 * DAY;

/** Compares stored results of markets with the venue's, once runs had time to read each again. */
export async function compareResults({ database, venue, to }: Span): Promise<{ results: number; wrong: readonly string[] }> {
  const { rows } = await database.query<{ facts: Instrument }>('select facts from instruments');
  const truth = new Map(venue.truth.instruments().map((each) => [each.id, each]));
  const wrong: string[] = [];
  let results = 0;
  for (const { facts } of rows) {
    const { id, closed, resolution, settledFrom = Number.NEGATIVE_INFINITY } = facts;
    const stated = truth.get(id);
    if (stated === undefined) continue;
    const isOver = stated.closesAt !== null && stated.closesAt <= to;
    if (closed && !isOver) wrong.push(`${id} is taken for closed, and is open`);
    if (resolution.kind !== 'settled' || settledFrom > to - STANDS_MS) continue;
    results++;
    if (!OPEN_GROUPS.includes(stated.group) && resolution.payout !== stated.payout)
      wrong.push(`${id} pays ${resolution.payout}, its venue says ${stated.payout}`);
  }
  return { results, wrong };
}
