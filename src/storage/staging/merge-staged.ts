import type { Transaction } from '../database/database.ts';
import { recallTicks } from '../lake/recall-ticks.ts';
import { type InstrumentState, lockInstruments } from '../markets/instrument-lock.ts';
import { noteWithdrawal, withExcluded, withoutRange } from '../ticks/coverage.ts';
import { ensurePartitions } from '../ticks/partitions.ts';
import { mergeChunk, settleCopies } from './merge-chunk.ts';
import { settleGrains } from './settle-grains.ts';
import type { StagingBatch } from './staging.ts';

export interface Merged {
  /** Ticks that were not stored before. */
  readonly inserted: number;
  /** Valid rows that were already stored, that finer price points replace, or that repeat in the batch. */
  readonly duplicates: number;
  /** Stored ticks whose price, size or side the venue has corrected. */
  readonly corrected: number;
}

/** Number of rows that one statement merges: large enough to be fast, small enough to react to a stop between statements. */
const CHUNK = 50_000;

export interface MergeOptions {
  /** UTC days on which the rows happened, in days since the epoch. */
  readonly days: readonly number[];
  /** Called after each chunk with the number of rows merged so far. */
  readonly onChunk: (rows: number) => void;
  /** Called after each instrument. */
  readonly onMerged?: (instrumentKey: number, merged: Merged) => Promise<void>;
}

/**
 * Merges a run's staged rows and coverage into the ticks of its instruments, and empties the staging. Set-based, in the venue's order,
 * idempotent: a stored tick stays unchanged in its place; a row staged more than once gets the place where it was read first; only the
 * finest price points stay. Changed hours get a new version of the instrument, from which `kline` knows what to rebuild.
 */
export async function mergeStaged(
  transaction: Transaction,
  batches: readonly StagingBatch[],
  { days, onChunk, onMerged }: MergeOptions,
): Promise<Merged> {
  const keys = batches.map(({ instrumentKey }) => instrumentKey);
  const states = await lockInstruments(transaction, keys);
  // a month's partition may have been dropped meanwhile, by `prune` or a move to the lake; from here on both wait for this transaction
  await transaction.query('lock table only ticks in row exclusive mode');
  await ensurePartitions(transaction, days);
  await noteChanges(transaction, batches, states);
  const total = { inserted: 0, duplicates: 0, corrected: 0 };
  for (const batch of batches) {
    let merged: Merged = { inserted: 0, duplicates: 0, corrected: 0 };
    if (batch.first !== null && batch.last !== null) {
      const state = states.get(batch.instrumentKey) as InstrumentState;
      const done = total.inserted + total.duplicates;
      merged = await mergeRows(transaction, { ...batch, first: batch.first, last: batch.last }, state, (rows) => onChunk(done + rows));
      total.inserted += merged.inserted;
      total.duplicates += merged.duplicates;
      total.corrected += merged.corrected;
    }
    await onMerged?.(batch.instrumentKey, merged);
  }
  const ids = batches.map(({ id }) => id);
  await mergeCoverage(transaction, ids);
  return total;
}

async function mergeRows(
  transaction: Transaction,
  batch: StagingBatch & { readonly first: number; readonly last: number },
  state: InstrumentState,
  onChunk: (rows: number) => void,
): Promise<Merged> {
  const { id, instrumentKey, first, last } = batch;
  const version = state.version + 1;
  let inserted = 0;
  let corrected = 0;
  let tryFast = true;
  // A position plus this shift is a sequence number after all stored ones, in the same order (oldest first).
  const shift = state.nextSeq - first;
  if (state.hasMoved) await recallTicks(transaction, { batch: id, instrumentKey });
  const gaveWay = await settleGrains(transaction, batch, version);
  let good = gaveWay.staged;
  await settleCopies(transaction, id);
  // Only index scans are safe without up-to-date statistics, as for tables that are new or have just grown tenfold.
  await transaction.query('set local enable_hashjoin = off; set local enable_mergejoin = off; set local enable_seqscan = off');
  for (let after = first - 1; after < last; ) {
    const upTo = await endOfChunk(transaction, id, after, last);
    const chunk = { batch: id, after, upTo, instrument: instrumentKey, version, shift, firstSeq: state.nextSeq };
    const merged = await mergeChunk(transaction, chunk, tryFast);
    tryFast &&= !merged.inVain;
    good += merged.good;
    inserted += merged.inserted;
    corrected += merged.corrected;
    await transaction.query('delete from staged_rows where batch = $1 and position > $2 and position <= $3', [id, after, upTo]);
    onChunk(good);
    after = upTo;
  }
  // usual plans again: with index scans only, `settleCopies` of the next batch would compare every row with every copy
  await transaction.query('reset enable_hashjoin; reset enable_mergejoin; reset enable_seqscan');
  await transaction.query('update instrument_state set next_seq = $2, version = $3 where instrument = $1', [
    instrumentKey,
    last + shift + 1,
    inserted + corrected + gaveWay.stored > 0 ? version : state.version,
  ]);
  return { inserted, duplicates: good - inserted, corrected };
}

async function endOfChunk(transaction: Transaction, batch: number, after: number, last: number): Promise<number> {
  const { rows } = await transaction.query<{ position: number }>(
    `select position from staged_rows where batch = $1 and position > $2 order by position offset ${CHUNK - 1} limit 1`,
    [batch, after],
  );
  return rows[0]?.position ?? last;
}

/** Number of days for which earlier facts of an instrument are kept; each change takes about 1 KB. */
const FACTS_DAYS = 14;

/** Records the state of the instruments before this merge. */
async function noteChanges(
  transaction: Transaction,
  batches: readonly StagingBatch[],
  states: ReadonlyMap<number, InstrumentState>,
): Promise<void> {
  const covered = (kind: number): string =>
    `coalesce((select ranges from coverage where instrument = b.instrument and kind = ${kind}), '{}')`;
  const stateOf = ({ instrumentKey }: StagingBatch): InstrumentState => states.get(instrumentKey) as InstrumentState;
  await transaction.query(
    `with old as (update instrument_changes set facts = null where instrument = any($2) and facts is not null and at < now() - interval '${FACTS_DAYS} days')
     insert into instrument_changes (instrument, execution_id, version_before, next_seq_before, trades_covered_before, prices_covered_before, facts)
     select b.instrument, b.execution_id, s.version, s.next_seq, ${covered(0)}, ${covered(1)}, i.facts
     from unnest($1::int[], $3::bigint[], $4::bigint[]) as s(batch, version, next_seq)
     join staging_batches b on b.id = s.batch join instruments i on i.key = b.instrument`,
    [
      batches.map(({ id }) => id),
      batches.map(({ instrumentKey }) => instrumentKey),
      batches.map((batch) => stateOf(batch).version),
      batches.map((batch) => stateOf(batch).nextSeq),
    ],
  );
}

/** Merges the coverage of batches and deletes them. Coverage that was withdrawn since a walk was planned is not claimed. */
async function mergeCoverage(transaction: Transaction, batches: readonly number[]): Promise<void> {
  await transaction.query(
    `update staged_coverage sc set ${withoutRange('int8multirange(int8range(w.since, null))', 'sc.')}
     from (select b.id, min(w.withdrawn_from) as since from staging_batches b
       join coverage_withdrawals w on w.instrument = b.instrument and w.number > b.withdrawals where b.id = any($1) group by b.id) w
     where sc.batch = w.id`,
    [batches],
  );
  const { rows: withdrawn } = await transaction.query<{ instrument: number; from: number }>(
    `with gone as (
       update coverage c set ${withoutRange('int8multirange(int8range(s.withdrawn_from, null))', 'c.')}
       from staged_coverage s join staging_batches b on b.id = s.batch
       where s.batch = any($1) and s.withdrawn_from is not null and c.instrument = b.instrument and c.kind = s.kind)
     select b.instrument, min(s.withdrawn_from) as "from" from staged_coverage s join staging_batches b on b.id = s.batch
     where s.batch = any($1) and s.withdrawn_from is not null group by b.instrument`,
    [batches],
  );
  await transaction.query(
    `insert into coverage (instrument, kind, ranges, confirmed, inferred, looked)
     select b.instrument, s.kind, s.ranges, s.confirmed, s.inferred, s.looked
     from staged_coverage s join staging_batches b on b.id = s.batch where s.batch = any($1)
     on conflict (instrument, kind) do update set ${withExcluded('coverage')}, looked = greatest(coverage.looked, excluded.looked)`,
    [batches],
  );
  for (const { instrument, from } of withdrawn) await noteWithdrawal(transaction, instrument, from);
  await transaction.query('delete from staging_batches where id = any($1)', [batches]);
}
