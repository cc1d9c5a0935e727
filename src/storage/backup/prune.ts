import { bucketStart } from '../../market/candles/bucket.ts';
import { type Database, type Transaction, withinTransaction } from '../database/database.ts';
import { dropUnusedConfigurations } from '../runs/configurations.ts';
import { withoutRange } from '../ticks/coverage.ts';

/** The kinds of data that can be pruned, each by its own age. */
export const PRUNABLE = ['ticks', 'candles', 'quarantine', 'runs', 'staging'] as const;
export type Prunable = (typeof PRUNABLE)[number];

/** The instant of each kind before which data is deleted; UTC epoch milliseconds. */
export type PruneBefore = Readonly<Partial<Record<Prunable, number>>>;

export interface Pruned {
  readonly what: Prunable;
  /** The instant before which data was (or would be) deleted. For ticks it is a Monday, so that every candle keeps all of its ticks or none. */
  readonly before: number;
  readonly rows: number;
}

/** Rolls the transaction of a dry run back. */
class DryRun extends Error {
  readonly pruned: readonly Pruned[];
  constructor(pruned: readonly Pruned[]) {
    super('dry run');
    this.pruned = pruned;
  }
}

/**
 * Deletes old data in one transaction. Ticks of whole months are deleted by dropping their partition, which leaves nothing to vacuum; coverage
 * shrinks with the ticks, so that a later run over that time collects it again. Candles stay when their ticks are deleted, and until as many ticks
 * are collected again. `runs` includes the ledger, the backtests and the incidents of that time, and counts runs whose input was refused; open runs
 * stay.
 *
 * @param options.dryRun does everything and takes it back: the numbers are exact
 */
export async function prune(
  database: Database,
  before: PruneBefore,
  { dryRun = false }: { dryRun?: boolean } = {},
): Promise<readonly Pruned[]> {
  try {
    return await withinTransaction(database, async (transaction) => {
      await transaction.query("set local statement_timeout = '30min'");
      const pruned: Pruned[] = [];
      for (const what of PRUNABLE) {
        const instant = before[what];
        if (instant !== undefined) pruned.push({ what, ...(await PRUNERS[what](transaction, instant)) });
      }
      if (dryRun) throw new DryRun(pruned);
      return pruned;
    });
  } catch (error) {
    if (error instanceof DryRun) return error.pruned;
    throw error;
  }
}

type Pruner = (transaction: Transaction, before: number) => Promise<{ before: number; rows: number }>;

const PRUNERS: Readonly<Record<Prunable, Pruner>> = {
  ticks: async (transaction, instant) => {
    const before = bucketStart(instant, '1w');
    const { rows: partitions } = await transaction.query<{ name: string; bounds: string }>(
      `select c.relname as name, pg_get_expr(c.relpartbound, c.oid) as bounds
       from pg_inherits i join pg_class c on c.oid = i.inhrelid where i.inhparent = 'ticks'::regclass`,
    );
    await noteHorizon(transaction, 'ticks_pruned_before', before, 'select instrument from tick_hours where hour < $1::bigint / 3600000');
    let rows = 0;
    for (const { name, bounds } of partitions) {
      const upper = Number(/TO \('(-?\d+)'\)/.exec(bounds)?.[1]);
      if (!(upper <= before)) continue;
      rows += (await transaction.query<{ rows: number }>(`select count(*) as rows from ${name}`)).rows[0].rows;
      await transaction.query(`drop table ${name}`);
    }
    rows += await deleted(transaction, 'delete from ticks where time < $1', before);
    await transaction.query('delete from tick_hours where hour < $1', [before / 3_600_000]);
    await transaction.query(`update coverage set ${withoutRange('int8multirange(int8range(null, $1))')}`, [before]);
    await transaction.query("delete from coverage where ranges = '{}'");
    await transaction.query('update point_grains set ranges = ranges - int8multirange(int8range(null, $1))', [before]);
    await transaction.query("delete from point_grains where ranges = '{}'");
    return { before, rows };
  },
  candles: async (transaction, before) => {
    const gone = 'candles where open_time + interval_minutes * 60000::bigint <= $1::bigint';
    await noteHorizon(transaction, 'candles_pruned_before', before, `select instrument from ${gone}`);
    return { before, rows: await deleted(transaction, `delete from ${gone}`, before) };
  },
  quarantine: async (transaction, before) => ({
    before,
    rows: await deleted(transaction, 'delete from quarantine where found_at < to_timestamp($1::float8 / 1000)', before),
  }),
  runs: async (transaction, before) => {
    const ended = 'select execution_id from runs where finished_at < to_timestamp($1::float8 / 1000)';
    await transaction.query(`delete from ledger where execution_id in (${ended})`, [before]);
    await transaction.query(`delete from task_attempts where execution_id in (${ended})`, [before]);
    await transaction.query(`delete from backtests where execution_id in (${ended})`, [before]);
    await transaction.query(`delete from walk_forwards where execution_id in (${ended})`, [before]);
    // an incident whose last alert is not delivered yet stays until it is
    await transaction.query(
      `delete from incidents i where closed_at < to_timestamp($1::float8 / 1000)
         and not exists (select from alert_deliveries d where d.incident = i.id and d.told_at is null)`,
      [before],
    );
    const refused = await deleted(transaction, 'delete from refused_runs where started_at < to_timestamp($1::float8 / 1000)', before);
    const rows = refused + (await deleted(transaction, `delete from runs where execution_id in (${ended})`, before));
    await dropUnusedConfigurations(transaction);
    // changes before the oldest run that is left are of no use to it
    await transaction.query('delete from instrument_changes where at < to_timestamp($1::float8 / 1000)', [before]);
    await transaction.query('delete from shadows s where not exists (select from runs r where r.execution_id = s.execution_id)');
    return { before, rows };
  },
  staging: async (transaction, before) => {
    const { rows } = await transaction.query<{ id: number }>(
      // an open run may still store what it collected, however long ago
      `delete from staging_batches s where s.created_at < to_timestamp($1::float8 / 1000)
         and not exists (select from runs r where r.execution_id = s.execution_id and r.finished_at is null) returning id`,
      [before],
    );
    const gone = await transaction.query('delete from staged_rows where batch = any($1)', [rows.map(({ id }) => id)]);
    return { before, rows: gone.rowCount ?? 0 };
  },
};

/**
 * Records until when ticks or candles are pruned, for the stages that build candles and for the check that compares them. Waits for transactions
 * that build candles.
 */
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

async function deleted(transaction: Transaction, sql: string, before: number): Promise<number> {
  return (await transaction.query(sql, [before])).rowCount ?? 0;
}
