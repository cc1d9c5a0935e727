import { PredictLabError } from '../../contracts/errors.ts';
import { POINT_IDENTITY } from '../../market/identity.ts';
import { kindCode } from '../database/codes.ts';
import type { Transaction } from '../database/database.ts';
import { GOOD } from './staged-rows.ts';
import { lastReadFirst } from './staging.ts';

/** Part of a batch that one statement merges into an instrument's ticks. */
export interface Chunk {
  readonly batch: number;
  /** The chunk contains the rows at positions `after < position ≤ upTo`. */
  readonly after: number;
  readonly upTo: number;
  readonly instrument: number;
  /** The version of the instrument that this merge makes. */
  readonly version: number;
  /** Number that is added to a row's position to get its sequence number. */
  readonly shift: number;
  /** Ticks from this sequence number on belong to this merge. */
  readonly firstSeq: number;
}

export interface MergedChunk {
  readonly good: number;
  readonly inserted: number;
  readonly corrected: number;
  /** Whether the fast path was tried but not possible. */
  readonly inVain: boolean;
}

/** Merges one chunk. @param tryFast whether to try the fast path for hours without ticks, which costs time if rows are already stored */
export async function mergeChunk(transaction: Transaction, chunk: Chunk, tryFast: boolean): Promise<MergedChunk> {
  const hours = await hoursOf(transaction, chunk);
  const good = hours.reduce((sum, { ticks }) => sum + ticks, 0);
  const knownHours = hours.flatMap(({ kind, hour, known }) => (known && kind === kindCode('trade') ? [hour] : []));
  const fast = tryFast && good >= WORTH_TRYING && hours.every(({ known }) => !known);
  if (fast && (await insertAllNew(transaction, chunk, hours))) return { good, inserted: good, corrected: 0, inVain: false };
  const { inserted, late } = await insertMissing(transaction, chunk, knownHours);
  if (late > 0) await refuseRespelled(transaction, chunk, { knownHours, late });
  if (inserted === good) return { good, inserted, corrected: 0, inVain: fast };
  await placeAsFirstMet(transaction, chunk);
  return { good, inserted, corrected: await correct(transaction, chunk), inVain: fast };
}

/** Gives all copies of a tick in a batch the content that was read last (a venue may correct rows), so that they can merge in any order. */
export async function settleCopies(transaction: Transaction, batch: number): Promise<void> {
  // Two statements: a new batch has no statistics, and a planner that assumes one row would number the rows again for each row.
  const { rows } = await transaction.query<{ position: string; last_met: string }>(
    `select position::text, last_met::text from (
        select s.position, first_value(s.position) over (partition by s.kind, s.time, s.identity order by ${lastReadFirst('s.position')}) as last_met
        from staged_rows s where s.batch = $1 and ${GOOD} and ${NAMED}
      ) every_row where position <> last_met`,
    [batch],
  );
  if (rows.length === 0) return;
  await transaction.query(
    `update staged_rows s set price = l.price, size = l.size, side = l.side, outcome = l.outcome, flags = l.flags
      from unnest($2::bigint[], $3::bigint[]) as r(position, last_met) join staged_rows l on l.batch = $1 and l.position = r.last_met
      where s.batch = $1 and s.position = r.position
        and (s.price, s.size, s.side, s.outcome, s.flags) is distinct from (l.price, l.size, l.side, l.outcome, l.flags)`,
    [batch, rows.map(({ position }) => position), rows.map(({ last_met }) => last_met)],
  );
}

/** Number of rows below which the fast path takes longer than it saves. */
const WORTH_TRYING = 1_000;

const IN_CHUNK = 's.batch = $1 and s.position > $2 and s.position <= $3';

/** Number of valid rows of a chunk in one hour. */
interface ChunkHour {
  readonly kind: number;
  readonly hour: number;
  readonly ticks: number;
  /** Whether the instrument had ticks of this hour before this merge. */
  readonly known: boolean;
}

async function hoursOf(transaction: Transaction, { batch, after, upTo, instrument, version }: Chunk): Promise<readonly ChunkHour[]> {
  const { rows } = await transaction.query<ChunkHour>(
    `select c.*, exists (select from tick_hours h
       where h.instrument = $4::int and h.kind = c.kind and h.hour = c.hour and h.version <> $5::bigint) as known
     from (select s.kind, (s.time / 3600000)::int as hour, count(*)::int as ticks from staged_rows s where ${IN_CHUNK} and ${GOOD} group by 1, 2) c`,
    [batch, after, upTo, instrument, version],
  );
  return rows;
}

const INSERT_TICKS = `
  insert into ticks (time, seq, price, size, instrument, kind, side, flags, identity, outcome, trade_id, grain)
  select s.time, s.position + $5::bigint, s.price, s.size, $4::int, s.kind, s.side, s.flags, s.identity, s.outcome, s.trade_id, s.grain
  from staged_rows s where ${IN_CHUNK} and ${GOOD} order by s.position`;

const NOTE_HOURS = `on conflict (instrument, kind, hour) do update set ticks = tick_hours.ticks + excluded.ticks, version = excluded.version`;

/** SQL condition: whether the identity of a row `s` is more than a hash of its content. */
const NAMED = `(s.trade_id is not null or s.identity = '${POINT_IDENTITY}')`;

const UNIQUE_VIOLATION = '23505';

/** Inserts ticks into hours without ticks. Avoids ON CONFLICT, which writes index entries twice. @returns false if some ticks exist */
async function insertAllNew(
  transaction: Transaction,
  { batch, after, upTo, instrument, version, shift }: Chunk,
  hours: readonly ChunkHour[],
): Promise<boolean> {
  await transaction.query('savepoint all_new');
  try {
    await transaction.query(INSERT_TICKS, [batch, after, upTo, instrument, shift]);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === UNIQUE_VIOLATION)) throw error;
    await transaction.query('rollback to savepoint all_new');
    return false;
  }
  await transaction.query(
    `insert into tick_hours (instrument, kind, hour, ticks, version)
     select $1::int, kind, hour, ticks, $2::bigint from unnest($3::smallint[], $4::int[], $5::int[]) as x(kind, hour, ticks) ${NOTE_HOURS}`,
    [instrument, version, hours.map(({ kind }) => kind), hours.map(({ hour }) => hour), hours.map(({ ticks }) => ticks)],
  );
  await transaction.query('release savepoint all_new');
  return true;
}

/** Inserts rows that are not stored yet. @returns their number, and the number of trades in hours that had ticks before */
async function insertMissing(
  transaction: Transaction,
  { batch, after, upTo, instrument, version, shift }: Chunk,
  knownHours: readonly number[],
): Promise<{ readonly inserted: number; readonly late: number }> {
  const { rows } = await transaction.query<{ inserted: number; late: number }>(
    `with merged as (${INSERT_TICKS} on conflict do nothing returning kind, time),
     changed as (select kind, (time / 3600000)::int as hour, count(*)::int as ticks from merged group by 1, 2),
     noted as (insert into tick_hours (instrument, kind, hour, ticks, version) select $4::int, kind, hour, ticks, $6::bigint from changed ${NOTE_HOURS})
     select coalesce(sum(ticks), 0)::bigint as inserted, coalesce(sum(ticks) filter (where kind = 0 and hour = any($7::int[])), 0)::bigint as late
     from changed`,
    [batch, after, upTo, instrument, shift, version, knownHours],
  );
  return rows[0];
}

/**
 * Gives ticks that were staged more than once the place in the order at which they were read first. Otherwise a page that repeats only some
 * trades of a timestamp would change their order.
 */
async function placeAsFirstMet(transaction: Transaction, { batch, after, upTo, instrument, shift, firstSeq }: Chunk): Promise<void> {
  if (after >= -1) return;
  const same = 't.instrument = $4::int and t.time = s.time and t.kind = s.kind and t.identity = s.identity';
  await transaction.query(
    `update ticks t set seq = s.seq
     from (select s.time, s.kind, s.identity, max(s.position) + $5::bigint as seq from staged_rows s join ticks t on ${same}
       where ${IN_CHUNK} and ${GOOD} and s.position < 0 and t.seq >= $6::bigint and t.seq < s.position + $5::bigint group by 1, 2, 3) s
     where ${same}`,
    [batch, after, upTo, instrument, shift, firstSeq],
  );
}

/**
 * Applies corrections of the venue. Rows of different content are the same tick only by the venue's id, or by the time of a price point.
 * Copies inside a batch are already equal (`settleCopies`). @returns the number of changed ticks
 */
async function correct(transaction: Transaction, { batch, after, upTo, instrument, version }: Chunk): Promise<number> {
  const { rows } = await transaction.query<{ corrected: number }>(
    `with latest as (
        select distinct on (s.kind, s.time, s.identity) s.* from staged_rows s where ${IN_CHUNK} and ${GOOD} and ${NAMED}
        order by s.kind, s.time, s.identity
      ), corrected as (
        update ticks t set price = l.price, size = l.size, side = l.side, outcome = l.outcome, flags = l.flags, grain = l.grain from latest l
        where t.instrument = $4::int and t.time = l.time and t.kind = l.kind and t.identity = l.identity
          and (t.price, t.size, t.side, t.outcome) is distinct from (l.price, l.size, l.side, l.outcome)
        returning t.kind, t.time
      ), noted as (
        update tick_hours h set version = $5::bigint from (select distinct kind, (time / 3600000)::int as hour from corrected) c
        where h.instrument = $4::int and h.kind = c.kind and h.hour = c.hour
      )
      select count(*) as corrected from corrected`,
    [batch, after, upTo, instrument, version],
  );
  return rows[0].corrected;
}

/** Minimum number of repeated trades that shows that a venue changed its ids; fewer may be distinct trades with equal content. */
const ENOUGH = 5;
/** Difference in time up to which a trade with the id, price and size of a stored trade counts as the same trade. Milliseconds. */
const MOVED_MS = 60_000;
/** Number of newest rows that are compared; a venue that changes how it writes ids does so in all rows. */
const NEWEST = 5_000;

/**
 * Refuses a chunk in which a venue repeats stored trades under other identities or times, which would double them. Such trades have the
 * time, price and size, or the id, price and size within a minute, of stored trades that the batch lacks. Rows of files are not checked.
 * @throws PredictLabError `SourceSchemaChanged` when more trades are repeated like this than unchanged; the merge is then rolled back
 */
async function refuseRespelled(
  transaction: Transaction,
  { batch, after, upTo, instrument, firstSeq }: Chunk,
  { knownHours, late }: { readonly knownHours: readonly number[]; readonly late: number },
): Promise<void> {
  if (late < ENOUGH) return;
  const old = 't.instrument = $4 and t.kind = 0 and t.time = s.time and t.seq < $5';
  const isMet = `exists (select from ticks t where ${old} and t.identity = s.identity)`;
  const equal = 'abs(t.price - s.price) <= 1e-6 and abs(t.size - s.size) <= 1e-6';
  const looksAlike = `${old} and ${equal}`;
  const hasMoved = `t.instrument = $4 and t.kind = 0 and t.seq < $5 and t.trade_id = s.trade_id and ${equal}
    and t.time <> s.time and t.time between s.time - ${MOVED_MS} and s.time + ${MOVED_MS}
    and (t.time, t.identity) not in (select time, identity from staged_rows where batch = $1 and time is not null)`;
  const judged = `with s as materialized (select s.*, ${isMet} as is_met from (
    select distinct time, price, size, identity, trade_id from (select s.* from staged_rows s where ${IN_CHUNK} and s.kind = 0 and ${GOOD}
      and (s.time / 3600000)::int = any($6::int[]) order by s.position desc limit ${NEWEST}) newest) s)`;
  const values = [batch, after, upTo, instrument, firstSeq, knownHours];
  const { rows } = await transaction.query<{ id: string; met: number; alike: number; moved: number }>(
    `${judged} select i.id, count(*) filter (where is_met) as met,
       count(*) filter (where not is_met and trade_id is not null and exists (select from ticks t where ${hasMoved})) as moved,
       count(*) filter (where not is_met and exists (select from ticks t where ${looksAlike})) as alike
     from s join instruments i on i.key = $4 and i.source <> 'file' group by i.id`,
    values,
  );
  if (rows.length === 0) return;
  const [{ id, met, alike, moved }] = rows;
  if (moved >= ENOUGH && moved > met)
    throw new PredictLabError(
      'SourceSchemaChanged',
      `${id}: ${moved} stored trades came again with other times (same ids, prices and sizes) and only ${met} as they are stored: its venue states times in another way, so nothing of this collection was stored; update PredictLab`,
    );
  if (alike < ENOUGH || alike <= met) return;
  // an exact count, made last because it is slow: it ignores stored trades that the batch itself also contains
  const { rows: exact } = await transaction.query<{ doubled: number }>(
    `${judged} select count(distinct (s.time, s.identity)) as doubled from s join ticks t on ${looksAlike}
     where not is_met and (t.time, t.identity) not in (select time, identity from staged_rows where batch = $1 and time is not null)`,
    values,
  );
  const [{ doubled }] = exact;
  if (doubled < ENOUGH || doubled <= met) return;
  throw new PredictLabError(
    'SourceSchemaChanged',
    `${id}: ${doubled} stored trades came again under other identities (same times, prices and sizes) and only ${met} as they are stored: its venue spells its rows in another way, so nothing of this collection was stored; update PredictLab`,
  );
}
