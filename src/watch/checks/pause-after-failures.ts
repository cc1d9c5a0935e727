import type { Schedules } from '../../client/schedules/schedules.ts';

/**
 * Pauses a schedule whose last so many runs have all failed.
 *
 * @param asked.since runs before are not counted, they paused it already; UTC epoch milliseconds
 * @returns why, where it did; null: it goes on
 */
export async function pausedAfterFailures(
  schedules: Pick<Schedules, 'lastRuns' | 'pause'>,
  { scheduleId, times, since }: { readonly scheduleId: string; readonly times: number; readonly since: number },
): Promise<string | null> {
  // what is open, or was ended by somebody, says nothing
  const said = (await schedules.lastRuns(scheduleId)).filter(({ failed, at }) => failed !== null && at > since);
  const failures = said.findIndex(({ failed }) => failed === false);
  const inARow = failures === -1 ? said.length : failures;
  if (inARow < times) return null;
  const why = `paused after ${inARow} failed runs in a row, the last one ${said[0].runId}`;
  await schedules.pause(scheduleId, why);
  return why;
}
