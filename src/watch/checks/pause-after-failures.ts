import type { Schedules } from '../../client/schedules/schedules.ts';

/**
 * Pauses a schedule whose last `times` runs have all failed.
 *
 * @param options.since earlier runs do not count, they already paused it once; UTC epoch milliseconds
 * @returns the reason where it was paused, else null
 */
export async function pausedAfterFailures(
  schedules: Pick<Schedules, 'lastRuns' | 'pause'>,
  { scheduleId, times, since }: { readonly scheduleId: string; readonly times: number; readonly since: number },
): Promise<string | null> {
  // open and cancelled runs count neither way
  const ended = (await schedules.lastRuns(scheduleId)).filter(({ failed, at }) => failed !== null && at > since);
  const failures = ended.findIndex(({ failed }) => failed === false);
  const inARow = failures === -1 ? ended.length : failures;
  if (inARow < times) return null;
  const why = `paused after ${inARow} failed runs in a row, the last one ${ended[0].runId}`;
  await schedules.pause(scheduleId, why);
  return why;
}
