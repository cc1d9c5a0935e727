import type { Database, Queryable, Transaction } from '../database/database.ts';
import { noted, saveWatchState } from './watch-state.ts';

/** A rollback of the configuration that is about to change two places which no transaction spans. */
export interface RollbackIntent {
  readonly version: number;
  /** The schedule whose input is changed. */
  readonly schedule: string;
  /** UTC epoch milliseconds. */
  readonly at: number;
}

const NAME = 'config/rollback';
const LOCK = `hashtext('predictlab config rollback')`;

/** Keeps other rollbacks out until the transaction ends. */
export async function takeRollback(transaction: Transaction): Promise<void> {
  await transaction.query(`select pg_advisory_xact_lock(${LOCK})`);
}

/**
 * Records what is about to be changed, before anything is: a killed rollback leaves this behind. @param database not a transaction, whose rollback
 * would remove the record
 */
export async function recordRollback(database: Database, intent: RollbackIntent): Promise<void> {
  await saveWatchState(database, NAME, { intent: { ...intent } });
}

/** Removes the record of a rollback that is done or undone. @param version only a rollback to this version @default any */
export async function endRollback(queryable: Queryable, version?: number): Promise<void> {
  await queryable.query(`delete from watch_state where name = $1 and coalesce((state->'intent'->>'version')::int = $2::int, true)`, [
    NAME,
    version ?? null,
  ]);
}

/**
 * A rollback that was interrupted: its schedule may have changed without the catalogue. @returns undefined where there is none, or one is still
 * running
 */
export async function interruptedRollback(queryable: Queryable): Promise<RollbackIntent | undefined> {
  const left = await noted<{ intent: RollbackIntent & { readonly [key: string]: number | string } }>(queryable, NAME);
  if (left === undefined) return undefined;
  const { rows } = await queryable.query<{ free: boolean }>(`select pg_try_advisory_xact_lock(${LOCK}) as free`);
  return rows[0].free ? left.intent : undefined;
}

/** One sentence about an interrupted rollback and what to do. */
export const describeInterruptedRollback = ({ version, schedule, at }: RollbackIntent): string =>
  `the rollback of the configuration to version ${version} was cut off on ${new Date(at).toISOString()}: schedule ${schedule} may have the input of that version and the catalogue not; \`predictlab config rollback ${version}\` finishes it, \`config rollback\` to another version goes there instead`;
