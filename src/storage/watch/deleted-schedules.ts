import type { Queryable } from '../database/database.ts';
import { saveWatchState } from './watch-state.ts';

const nameOf = (scheduleId: string): string => `deleted/${scheduleId}`;

/** Records that a schedule is about to be deleted on purpose. Must come first, or the watch reports that the schedule was deleted from outside. */
export async function recordDeleting(queryable: Queryable, scheduleId: string): Promise<void> {
  await saveWatchState(queryable, nameOf(scheduleId), null);
}

/** Removes the record of a schedule that was not deleted after all. */
export async function removeDeleting(queryable: Queryable, scheduleId: string): Promise<void> {
  await queryable.query('delete from watch_state where name = $1', [nameOf(scheduleId)]);
}

/** Of these missing schedules, those that were deleted on purpose. */
export async function deletedOnPurpose(queryable: Queryable, scheduleIds: readonly string[]): Promise<ReadonlySet<string>> {
  if (scheduleIds.length === 0) return new Set();
  const { rows } = await queryable.query<{ name: string }>('select name from watch_state where name = any($1)', [scheduleIds.map(nameOf)]);
  const names = new Set(rows.map(({ name }) => name));
  return new Set(scheduleIds.filter((id) => names.has(nameOf(id))));
}

/** Removes the records of schedules that exist again. A record younger than a minute is kept, since its schedule may be about to be deleted. */
export async function forgetDeleted(queryable: Queryable, scheduleIds: readonly string[]): Promise<void> {
  await queryable.query(`delete from watch_state where name = any($1) and at < now() - interval '1 minute'`, [scheduleIds.map(nameOf)]);
}
