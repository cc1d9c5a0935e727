import type { Queryable } from '../database/database.ts';
import { noteForNextLook } from './watch-state.ts';

const nameOf = (scheduleId: string): string => `deleted/${scheduleId}`;

/** Notes that a schedule is about to be deleted on purpose; before it is, or the watch takes it for one that was deleted from outside. */
export async function noteDeleting(queryable: Queryable, scheduleId: string): Promise<void> {
  await noteForNextLook(queryable, nameOf(scheduleId), null);
}

/** The schedule was not deleted after all. */
export async function noteNotDeleted(queryable: Queryable, scheduleId: string): Promise<void> {
  await queryable.query('delete from watch_state where name = $1', [nameOf(scheduleId)]);
}

/** Of schedules that are gone those that were deleted on purpose. */
export async function deletedOnPurpose(queryable: Queryable, scheduleIds: readonly string[]): Promise<ReadonlySet<string>> {
  if (scheduleIds.length === 0) return new Set();
  const { rows } = await queryable.query<{ name: string }>('select name from watch_state where name = any($1)', [scheduleIds.map(nameOf)]);
  const names = new Set(rows.map(({ name }) => name));
  return new Set(scheduleIds.filter((id) => names.has(nameOf(id))));
}

/** Forgets it of schedules that are there: they were made again. One that was noted within a minute may be about to go. */
export async function forgetDeleted(queryable: Queryable, scheduleIds: readonly string[]): Promise<void> {
  await queryable.query(`delete from watch_state where name = any($1) and at < now() - interval '1 minute'`, [scheduleIds.map(nameOf)]);
}
