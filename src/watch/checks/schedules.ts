import type { Schedules } from '../../client/schedules/schedules.ts';
import { shellWord } from '../../contracts/text/plain-text.ts';
import type { Subject, Trouble } from '../../incidents/rule/trouble.ts';
import type { Queryable } from '../../storage/database/database.ts';
import { deletedOnPurpose, forgetDeleted, readWatchState, saveWatchState } from '../../storage/watch/watch-state.ts';
import { type Check, troubleWith } from '../watch.ts';

/** The last counts of each schedule. `pausedAt` is when this check paused the schedule; earlier failures do not count again. */
type Known = Record<string, { missed: number; overlapped: number; pausedAt?: number; namespace?: string }>;

type WatchedSchedules = Pick<Schedules, 'counts' | 'isThere' | 'lastRuns' | 'namespace' | 'pause'>;

/**
 * Checks whether every firing of the schedules started a run: a firing that was missed, or skipped because a run was open, is a trouble
 * until the next firing. It pauses a schedule whose runs fail too often in a row, which is a trouble until the schedule is resumed. A
 * schedule that disappeared without `predictlab schedule delete` is a trouble until it exists again.
 */
export function scheduleCheck({ database, schedules }: { database: Queryable; schedules: () => Promise<WatchedSchedules> }): Check {
  return {
    name: 'schedules',
    everyMs: 60_000,
    async look(now) {
      const before = (await readWatchState<Known>(database, 'schedules')) ?? {};
      const after: Known = {};
      const troubles: Trouble[] = [];
      const looked: Subject[] = [];
      const subjectOf = (what: string, scheduleId: string, at = now): Subject => ({ what, subject: scheduleId, isSymbol: false, at });
      const client = await schedules();
      for (const { scheduleId, missed, overlapped, lastFiring, catchupWindow, pausedItself, pauseAfter } of await client.counts()) {
        const known = before[scheduleId] ?? { missed, overlapped };
        let why = pausedItself;
        let { pausedAt } = known;
        if (pauseAfter !== null) {
          why = await pausedAfterFailures(client, { scheduleId, times: pauseAfter, since: pausedAt ?? 0 });
          if (why !== null) pausedAt = now;
        }
        after[scheduleId] = { missed, ...(pausedAt === undefined ? {} : { pausedAt }), namespace: client.namespace, overlapped };
        const add = (what: string, cause: string): unknown =>
          troubles.push(troubleWith(subjectOf(what, scheduleId), `schedule ${scheduleId}: ${cause}`));
        if (missed > known.missed)
          add(
            'missed',
            `${firings(missed - known.missed)} missed, no server was up within ${catchupWindow} of the time; the next run collects what the venues still have`,
          );
        if (overlapped > known.overlapped)
          add(
            'overlap',
            `${firings(overlapped - known.overlapped)} skipped, the run before was still open; \`predictlab status\` shows what it does`,
          );
        if (why !== null) add('paused', `${why}; fix the cause, then \`predictlab schedule resume --id ${scheduleId}\``);
        else looked.push(subjectOf('paused', scheduleId));
        looked.push(subjectOf('gone', scheduleId));
        if (lastFiring !== null) looked.push(subjectOf('missed', scheduleId, lastFiring), subjectOf('overlap', scheduleId, lastFiring));
      }
      await forgetDeleted(database, Object.keys(after));
      const gone: string[] = [];
      for (const [scheduleId, known] of Object.entries(before)) {
        if (after[scheduleId] !== undefined) continue;
        // A worker of another Temporal namespace recorded this schedule.
        const isForeign = known.namespace !== undefined && known.namespace !== client.namespace;
        if (isForeign || (await client.isThere(scheduleId))) after[scheduleId] = known;
        else gone.push(scheduleId);
      }
      const onPurpose = await deletedOnPurpose(database, gone);
      for (const scheduleId of gone) {
        // A schedule that is gone no longer fires, so its other troubles are over.
        looked.push(...['missed', 'overlap', 'paused'].map((what) => subjectOf(what, scheduleId)));
        if (!onPurpose.has(scheduleId))
          troubles.push(troubleWith(subjectOf('gone', scheduleId), `schedule ${scheduleId}: ${goneCause(scheduleId)}`));
      }
      if (JSON.stringify(after) !== JSON.stringify(before)) await saveWatchState(database, 'schedules', after);
      return { at: now, troubles, looked };
    },
  };
}

const goneCause = (scheduleId: string): string =>
  `Temporal no longer has it, and it was not deleted with \`predictlab schedule delete\`: no run starts by itself; \`predictlab schedule create --id ${shellWord(scheduleId)}\` with its options creates it again`;

const firings = (count: number): string => (count === 1 ? 'a firing was' : `${count} firings were`);

/**
 * Pauses a schedule whose last `times` runs have all failed.
 * @param options.since runs before this time do not count, because they paused the schedule once already; UTC epoch milliseconds
 * @returns the reason if the schedule was paused, else null
 */
export async function pausedAfterFailures(
  schedules: Pick<Schedules, 'lastRuns' | 'pause'>,
  { scheduleId, times, since }: { readonly scheduleId: string; readonly times: number; readonly since: number },
): Promise<string | null> {
  // Open and cancelled runs count neither as failures nor as successes.
  const ended = (await schedules.lastRuns(scheduleId)).filter(({ failed, at }) => failed !== null && at > since);
  const failures = ended.findIndex(({ failed }) => failed === false);
  const inARow = failures === -1 ? ended.length : failures;
  if (inARow < times) return null;
  const why = `paused after ${inARow} failed runs in a row, the last one ${ended[0].runId}`;
  await schedules.pause(scheduleId, why);
  return why;
}
