import { bucketStart } from '../../market/candles/bucket.ts';
import { type Database, type Transaction, withinTransaction } from '../database/database.ts';
import { lakeOf, startOfMonth } from '../lake/lake.ts';
import { movableTicks, moveTicks } from '../lake/move-ticks.ts';
import { dropUnusedConfigurations } from '../runs/configurations.ts';
import { withoutRange } from '../ticks/coverage.ts';

/** Kinds of data that can be pruned, each with an age of its own. */
export const PRUNABLE = ['ticks', 'candles', 'quarantine', 'runs', 'staging'] as const;
export type Prunable = (typeof PRUNABLE)[number];

/** For each kind of data, the instant before which it is deleted; UTC epoch milliseconds. */
export type PruneBefore = Readonly<Partial<Record<Prunable, number>>>;

export interface Pruned {
  readonly what: Prunable;
  /**
   * Instant before which data was (or would be) deleted. For ticks it is a Monday, so that every candle keeps all of its ticks or none; for
   * ticks that move to the lake it is the start of a month.
   */
  readonly before: number;
  readonly rows: number;
}

/**
 * Deletes old data in one transaction. Ticks of whole months are dropped with their partition, or moved to the lake if there is one.
 * Coverage shrinks with the ticks, so that a later run collects that time again. Candles without ticks stay until as many ticks are there
 * again. Order books go with `candles`; ledger, backtests, incidents and refused runs go with `runs`. Open runs stay.
 * @param options.dryRun only counts: nothing is locked or changed
 * @param options.lake folder of the lake, for a first lake or one that has another folder now
 */
export async function prune(
  database: Database,
  before: PruneBefore,
  { dryRun = false, lake }: { dryRun?: boolean; lake?: string | undefined } = {},
): Promise<readonly Pruned[]> {
  if (before.ticks !== undefined && (lake ?? (await lakeOf(database))) !== undefined) {
    const { ticks, ...others } = before;
    const rows = dryRun ? await movableTicks(database, ticks) : await moveTicks(database, { before: ticks, folder: lake });
    return [{ what: 'ticks', before: startOfMonth(ticks), rows }, ...(await prune(database, others, { dryRun }))];
  }
  return await withinTransaction(database, async (transaction) => {
    if (dryRun) await transaction.query('set transaction isolation level repeatable read, read only');
    await transaction.query("set local statement_timeout = '30min'");
    const pruned: Pruned[] = [];
    for (const what of PRUNABLE) {
      const instant = before[what];
      if (instant === undefined) continue;
      const cut = what === 'ticks' ? bucketStart(instant, '1w') : instant;
      let rows = 0;
      for (const old of OLD[what]) rows += await counted(transaction, old, cut);
      if (!dryRun) await PRUNERS[what](transaction, cut);
      pruned.push({ what, before: cut, rows });
    }
    return pruned;
  });
}

const ENDED = 'select execution_id from runs where finished_at < to_timestamp($1::float8 / 1000)';
/** Staged rows of an open run stay, however old they are, because the run may still store them. */
const STALE_BATCHES = `select id from staging_batches s where s.created_at < to_timestamp($1::float8 / 1000)
  and not exists (select from runs r where r.execution_id = s.execution_id and r.finished_at is null)`;
const OLD_CANDLES = 'candles where open_time + interval_minutes * 60000::bigint <= $1::bigint';
/** The newest order book before that time is kept, because the spread of the first remaining bars may depend on it. */
const OLD_BOOKS = `order_books o where at < $1::bigint and exists (select from order_books n where n.instrument = o.instrument and n.at > o.at and n.at < $1::bigint)`;
const OLD_QUARANTINE = 'quarantine where found_at < to_timestamp($1::float8 / 1000)';
const REFUSED = 'refused_runs where started_at < to_timestamp($1::float8 / 1000)';

/** SQL after `from` that selects the rows of each kind to count; $1 is the instant before which they are deleted. */
const OLD: Readonly<Record<Prunable, readonly string[]>> = {
  ticks: ['ticks where time < $1'],
  candles: [OLD_CANDLES, OLD_BOOKS],
  quarantine: [OLD_QUARANTINE],
  runs: [REFUSED, `runs where execution_id in (${ENDED})`],
  staging: [`staged_rows where batch in (${STALE_BATCHES})`],
};

async function counted(transaction: Transaction, from: string, before: number): Promise<number> {
  return (await transaction.query<{ rows: number }>(`select count(*) as rows from ${from}`, [before])).rows[0].rows;
}

const PRUNERS: Readonly<Record<Prunable, (transaction: Transaction, before: number) => Promise<unknown>>> = {
  ticks: async (transaction, before) => {
    const { rows: partitions } = await transaction.query<{ name: string; bounds: string }>(
      `select c.relname as name, pg_get_expr(c.relpartbound, c.oid) as bounds
       from pg_inherits i join pg_class c on c.oid = i.inhrelid where i.inhparent = 'ticks'::regclass`,
    );
    await noteHorizon(transaction, 'ticks_pruned_before', before, 'select instrument from tick_hours where hour < $1::bigint / 3600000');
    for (const { name, bounds } of partitions) {
      const upper = Number(/TO \('(-?\d+)'\)/.exec(bounds)?.[1]);
      if (upper <= before) await transaction.query(`drop table ${name}`);
    }
    await transaction.query('delete from ticks where time < $1', [before]);
    await transaction.query('delete from tick_hours where hour < $1', [before / 3_600_000]);
    await transaction.query(`update coverage set ${withoutRange('int8multirange(int8range(null, $1))')}`, [before]);
    await transaction.query("delete from coverage where ranges = '{}'");
    await transaction.query('update point_grains set ranges = ranges - int8multirange(int8range(null, $1))', [before]);
    await transaction.query("delete from point_grains where ranges = '{}'");
  },
  candles: async (transaction, before) => {
    await noteHorizon(transaction, 'candles_pruned_before', before, `select instrument from ${OLD_CANDLES}`);
    await transaction.query(`delete from ${OLD_CANDLES}`, [before]);
    await transaction.query(`delete from ${OLD_BOOKS}`, [before]);
  },
  quarantine: (transaction, before) => transaction.query(`delete from ${OLD_QUARANTINE}`, [before]),
  runs: async (transaction, before) => {
    for (const table of ['ledger', 'task_attempts', 'backtests', 'walk_forwards'])
      await transaction.query(`delete from ${table} where execution_id in (${ENDED})`, [before]);
    // an incident stays until its last alert is delivered
    await transaction.query(
      `delete from incidents i where closed_at < to_timestamp($1::float8 / 1000)
         and not exists (select from alert_deliveries d where d.incident = i.id and d.told_at is null)`,
      [before],
    );
    await transaction.query(`delete from ${REFUSED}`, [before]);
    await transaction.query(`delete from runs where execution_id in (${ENDED})`, [before]);
    await dropUnusedConfigurations(transaction);
    // only runs that were just deleted needed these changes
    await transaction.query('delete from instrument_changes where at < to_timestamp($1::float8 / 1000)', [before]);
    await transaction.query('delete from shadows s where not exists (select from runs r where r.execution_id = s.execution_id)');
  },
  staging: async (transaction, before) => {
    await transaction.query(
      `with stale as (delete from staging_batches where id in (${STALE_BATCHES}) returning id)
       delete from staged_rows where batch in (select id from stale)`,
      [before],
    );
  },
};

/** Records the instant before which ticks or candles are pruned, for `kline` and `verifyData`. Waits while candles are built. */
async function noteHorizon(
  transaction: Transaction,
  column: 'ticks_pruned_before' | 'candles_pruned_before',
  before: number,
  instruments: string,
): Promise<void> {
  await transaction.query(
    `update instrument_state set ${column} = greatest(${column}, $1::bigint) where instrument in (select instrument from instrument_state
       where instrument in (${instruments}) order by instrument for update)`,
    [before],
  );
}
