import { setTimeout as sleep } from 'node:timers/promises';
import { PredictLabError } from '../../contracts/errors.ts';
import type { Transaction } from '../database/database.ts';
import { holdPartitions } from '../ticks/partitions.ts';
import type { BackupTable } from './backup-tables.ts';

/** How long one attempt waits: longer than Postgres takes to cancel an autovacuum that is in the way (deadlock_timeout, one second). */
const ONE_TRY_MS = 2_000;
const TRIES = 8;
const WORKER = 'predictlab-worker';

/**
 * Locks all tables for this transaction alone. Never waits for long while it holds some of them: a transaction that locks them in another order
 * would wait for this one in turn.
 *
 * @throws PredictLabError `BadInput` when workers are connected (their instrument keys would mean other instruments), or other sessions do not
 * release their locks
 */
export async function lockTables(transaction: Transaction, tables: readonly BackupTable[]): Promise<void> {
  const others = await otherSessions(transaction);
  const workers = others.filter((name) => name === WORKER).length;
  if (workers > 0) throw inUse(`${workers === 1 ? 'a connection' : `${workers} connections`} of workers`);
  await holdPartitions(transaction);
  await transaction.query(`set local lock_timeout = ${ONE_TRY_MS}`);
  for (let tried = 1; !(await tryLockTables(transaction, tables)); tried++) {
    if (tried === TRIES) throw inUse((await otherSessions(transaction)).join(', ') || 'another session');
    await sleep(50 * tried);
  }
  await transaction.query('set local lock_timeout = 0');
}

async function tryLockTables(transaction: Transaction, tables: readonly BackupTable[]): Promise<boolean> {
  await transaction.query('savepoint unlocked');
  try {
    await transaction.query(`lock table ${tables.map(({ table }) => table).join(', ')} in access exclusive mode`);
    return true;
  } catch (error) {
    if (!isBusy(error)) throw error;
    await transaction.query('rollback to savepoint unlocked');
    return false;
  }
}

/** Whether an error means that a lock was not available in time, or a deadlock. */
function isBusy(error: unknown): boolean {
  const cause = error instanceof Error ? error.cause : undefined;
  return cause instanceof Error && 'code' in cause && (cause.code === '55P03' || cause.code === '40P01');
}

/** Application names of the other sessions of this database. */
async function otherSessions(transaction: Transaction): Promise<readonly string[]> {
  const { rows } = await transaction.query<{ name: string }>(
    `select application_name as name from pg_stat_activity
     where datname = current_database() and pid <> pg_backend_pid() and application_name <> '' order by 1`,
  );
  return rows.map(({ name }) => name);
}

const inUse = (who: string): PredictLabError =>
  new PredictLabError('BadInput', `the database is in use (${who}): stop the workers, then restore, then start them again`);
