import type { Json } from '../../contracts/run/pipeline-input.ts';
import { jsonb } from '../database/codes.ts';
import type { Database, Queryable, Transaction } from '../database/database.ts';

/** The state that was stored under a name; undefined when there is none. */
export async function readWatchState<T extends Json>(queryable: Queryable, name: string): Promise<T | undefined> {
  const { rows } = await queryable.query<{ state: T }>('select state from watch_state where name = $1', [name]);
  return rows[0]?.state;
}

/** Stores a state under a name for the next check, by any worker. */
export async function saveWatchState(queryable: Queryable, name: string, state: Json): Promise<void> {
  await queryable.query(
    `insert into watch_state (name, state, at) values ($1, $2, now()) on conflict (name) do update set state = excluded.state, at = now()`,
    [name, jsonb(state)],
  );
}

/** Claims a named turn if it is free: one worker of the database gets it per `everyMs` milliseconds. @returns whether this worker got it */
export async function takeTurn(queryable: Queryable, name: string, everyMs: number): Promise<boolean> {
  const { rowCount } = await queryable.query(
    `insert into watch_state (name, state, at) values ($1, 'null', now()) on conflict (name) do update set at = now()
     where watch_state.at <= now() - make_interval(secs => $2)`,
    [`turn/${name}`, everyMs / 1000],
  );
  return rowCount === 1;
}

/** Extends a turn, so that no other worker takes it. */
export async function extendTurn(queryable: Queryable, name: string): Promise<void> {
  await queryable.query('update watch_state set at = now() where name = $1', [`turn/${name}`]);
}

/** Ends a turn early, so that the next worker need not wait. */
export async function endTurn(queryable: Queryable, name: string): Promise<void> {
  await queryable.query('delete from watch_state where name = $1', [`turn/${name}`]);
}

const nameOf = (scheduleId: string): string => `deleted/${scheduleId}`;

/** Records that a schedule is about to be deleted on purpose. Call it first, or the watch reports a deletion from outside. */
export async function recordDeleting(queryable: Queryable, scheduleId: string): Promise<void> {
  await saveWatchState(queryable, nameOf(scheduleId), null);
}

/** Removes the deletion record of a schedule that was not deleted after all. */
export async function removeDeleting(queryable: Queryable, scheduleId: string): Promise<void> {
  await queryable.query('delete from watch_state where name = $1', [nameOf(scheduleId)]);
}

/** Those of the named schedules that were deleted on purpose. */
export async function deletedOnPurpose(queryable: Queryable, scheduleIds: readonly string[]): Promise<ReadonlySet<string>> {
  if (scheduleIds.length === 0) return new Set();
  const { rows } = await queryable.query<{ name: string }>('select name from watch_state where name = any($1)', [scheduleIds.map(nameOf)]);
  const names = new Set(rows.map(({ name }) => name));
  return new Set(scheduleIds.filter((id) => names.has(nameOf(id))));
}

/** Removes deletion records of schedules that exist. Keeps those younger than a minute: the deletion may be about to happen. */
export async function forgetDeleted(queryable: Queryable, scheduleIds: readonly string[]): Promise<void> {
  await queryable.query(`delete from watch_state where name = any($1) and at < now() - interval '1 minute'`, [scheduleIds.map(nameOf)]);
}

/** A rollback of the configuration that is about to change the schedule and the catalogue, which one transaction cannot cover. */
interface RollbackIntent {
  readonly version: number;
  readonly schedule: string;
  /** UTC epoch milliseconds. */
  readonly at: number;
}

const NAME = 'config/rollback';
const LOCK = `hashtext('predictlab config rollback')`;

/** Takes the lock on rollbacks, which keeps others waiting until the transaction ends. */
export async function takeRollback(transaction: Transaction): Promise<void> {
  await transaction.query(`select pg_advisory_xact_lock(${LOCK})`);
}

/** Records a rollback before it changes anything, in case the process is killed. @param database not a transaction, which may roll back */
export async function recordRollback(database: Database, intent: RollbackIntent): Promise<void> {
  await saveWatchState(database, NAME, { intent: { ...intent } });
}

/** Removes the record of a rollback that was completed or undone. @param version only a rollback to this version @default any */
export async function endRollback(queryable: Queryable, version?: number): Promise<void> {
  await queryable.query(`delete from watch_state where name = $1 and coalesce((state->'intent'->>'version')::int = $2::int, true)`, [
    NAME,
    version ?? null,
  ]);
}

/** An interrupted rollback, which may have changed only one of schedule and catalogue; undefined if there is none, or it still runs. */
export async function interruptedRollback(queryable: Queryable): Promise<RollbackIntent | undefined> {
  const left = await readWatchState<{ intent: RollbackIntent & { readonly [key: string]: number | string } }>(queryable, NAME);
  if (left === undefined) return undefined;
  const { rows } = await queryable.query<{ free: boolean }>(`select pg_try_advisory_xact_lock(${LOCK}) as free`);
  return rows[0].free ? left.intent : undefined;
}

/** One sentence about an interrupted rollback and what to do. */
export const describeInterruptedRollback = ({ version, schedule, at }: RollbackIntent): string =>
  `the rollback of the configuration to version ${version} was cut off on ${new Date(at).toISOString()}: schedule ${schedule} may have the input of that version and the catalogue not; \`predictlab config rollback ${version}\` finishes it, \`config rollback\` to another version goes there instead`;
