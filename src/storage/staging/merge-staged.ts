import type { Transaction } from '../database/database.ts';
import { type InstrumentState, lockInstruments } from '../markets/instrument-lock.ts';
import { withExcluded, withoutRange } from '../ticks/coverage.ts';
import { noteWithdrawal, withdrawnSincePlan } from '../ticks/coverage-withdrawals.ts';
import { mergeChunk, settleCopies } from './merge-chunk.ts';
import { refuseRespelled } from './respelled-rows.ts';
import { settleGrains } from './settle-grains.ts';
import type { StagingBatch } from './staging.ts';

/** What merging one batch did. */
export interface Merged {
  /** Ticks that were not there before. */
  readonly inserted: number;
  /** Good rows that were already there (also as finer points), or twice in the batch. */
  readonly duplicates: number;
  /** Ticks whose price, size or side the venue has corrected since. */
  readonly corrected: number;
}

/** Rows that one statement merges: enough to be fast, few enough to stop between statements. */
const CHUNK = 50_000;

/**
 * Merges what a run staged for one instrument into its ticks, with its coverage, and empties the staging. Set-based, in the venue's order, and
 * idempotent: a tick that is already there stays unchanged, with its place in the order. A row that was staged more than once gets the place at
 * which it was met first. Of price points the finest stay.
 *
 * The hours that changed get a new version of the instrument, from which `kline` knows what to build again.
 *
 * @param onChunk called after each chunk with the rows done so far
 */
export async function mergeStaged(transaction: Transaction, batch: StagingBatch, onChunk: (rows: number) => void): Promise<Merged> {
  const state = (await lockInstruments(transaction, [batch.instrumentKey])).get(batch.instrumentKey) as InstrumentState;
  const version = state.version + 1;
  await noteChange(transaction, batch, state);
  const { rows: bounds } = await transaction.query<{ first: number | null; last: number | null }>(
    'select min(position) as first, max(position) as last from staged_rows where batch = $1',
    [batch.id],
  );
  const { first, last } = bounds[0];
  let inserted = 0;
  let good = 0;
  let corrected = 0;
  let displaced = 0;
  let tryFast = true;
  if (first !== null && last !== null) {
    // Positions ascend oldest first, so a shifted position is a place in the order that comes after everything stored before.
    const shift = state.nextSeq - first;
    await refuseRespelled(transaction, batch);
    const gaveWay = await settleGrains(transaction, batch, version);
    good += gaveWay.staged;
    displaced = gaveWay.stored;
    await settleCopies(transaction, batch.id);
    // The tables may be new or may just have grown tenfold: without statistics only index scans are safe.
    await transaction.query('set local enable_hashjoin = off; set local enable_mergejoin = off; set local enable_seqscan = off');
    for (let after = first - 1; after < last; ) {
      const upTo = await endOfChunk(transaction, batch.id, after, last);
      const chunk = { batch: batch.id, after, upTo, instrument: batch.instrumentKey, version, shift, firstSeq: state.nextSeq };
      const merged = await mergeChunk(transaction, chunk, tryFast);
      tryFast &&= !merged.inVain;
      good += merged.good;
      inserted += merged.inserted;
      corrected += merged.corrected;
      await transaction.query('delete from staged_rows where batch = $1 and position > $2 and position <= $3', [batch.id, after, upTo]);
      onChunk(good);
      after = upTo;
    }
    await transaction.query('update instrument_state set next_seq = $2, version = $3 where instrument = $1', [
      batch.instrumentKey,
      last + shift + 1,
      inserted + corrected + displaced > 0 ? version : state.version,
    ]);
  }
  await mergeCoverage(transaction, batch);
  return { inserted, duplicates: good - inserted, corrected };
}

async function endOfChunk(transaction: Transaction, batch: number, after: number, last: number): Promise<number> {
  const { rows } = await transaction.query<{ position: number }>(
    `select position from staged_rows where batch = $1 and position > $2 order by position offset ${CHUNK - 1} limit 1`,
    [batch, after],
  );
  return rows[0]?.position ?? last;
}

/** Days for which earlier facts of an instrument are kept, about 1 KB each time. */
const FACTS_DAYS = 14;

/** Records the state of the instrument before this merge. */
async function noteChange(transaction: Transaction, batch: StagingBatch, { version, nextSeq }: InstrumentState): Promise<void> {
  const covered = (kind: number): string => `coalesce((select ranges from coverage where instrument = $2 and kind = ${kind}), '{}')`;
  await transaction.query(
    `with old as (update instrument_changes set facts = null where instrument = $2 and facts is not null and at < now() - interval '${FACTS_DAYS} days')
     insert into instrument_changes (instrument, execution_id, version_before, next_seq_before, trades_covered_before, prices_covered_before, facts)
     select $2, b.execution_id, $3, $4, ${covered(0)}, ${covered(1)}, i.facts from staging_batches b join instruments i on i.key = b.instrument where b.id = $1`,
    [batch.id, batch.instrumentKey, version, nextSeq],
  );
}

async function mergeCoverage(transaction: Transaction, batch: StagingBatch): Promise<void> {
  const since = await withdrawnSincePlan(transaction, batch.id);
  if (since !== null) {
    await transaction.query(`update staged_coverage set ${withoutRange('int8multirange(int8range($2, null))')} where batch = $1`, [
      batch.id,
      since,
    ]);
  }
  await transaction.query(
    `update coverage c set ${withoutRange('int8multirange(int8range(s.withdrawn_from, null))', 'c.')}
     from staged_coverage s where s.batch = $1 and s.withdrawn_from is not null and c.instrument = $2 and c.kind = s.kind`,
    [batch.id, batch.instrumentKey],
  );
  await transaction.query(
    `insert into coverage (instrument, kind, ranges, confirmed, inferred, looked)
     select $2, kind, ranges, confirmed, inferred, looked from staged_coverage where batch = $1
     on conflict (instrument, kind) do update set ${withExcluded('coverage')}, looked = greatest(coverage.looked, excluded.looked)`,
    [batch.id, batch.instrumentKey],
  );
  const { rows } = await transaction.query<{ from: number | null }>(
    'select min(withdrawn_from) as "from" from staged_coverage where batch = $1',
    [batch.id],
  );
  if (rows[0].from !== null) await noteWithdrawal(transaction, batch.instrumentKey, rows[0].from);
  await transaction.query('delete from staging_batches where id = $1', [batch.id]);
}
