import type { Schedules } from '../../client/schedules/schedules.ts';
import type { Subject, Trouble } from '../../incidents/trouble.ts';
import type { Queryable } from '../../storage/database/database.ts';
import { noted, noteForNextLook } from '../../storage/watch/watch-state.ts';
import type { Check } from '../watch.ts';
import { pausedAfterFailures } from './pause-after-failures.ts';

/** `pausedAt`: when we paused it; what had failed before then was told. */
type Known = Record<string, { missed: number; overlapped: number; pausedAt?: number }>;

/** What of a schedule is looked at and changed. */
type WatchedSchedules = Pick<Schedules, 'counts' | 'isThere' | 'lastRuns' | 'pause'>;

/**
 * Whether every firing of the schedules became a run: one that nobody was up for, or that met the run before, is a trouble until the next firing. One
 * whose runs fail more often in a row than it may is paused; that it has paused itself is a trouble until somebody resumes it.
 */
export function scheduleCheck({ database, schedules }: { database: Queryable; schedules: () => Promise<WatchedSchedules> }): Check {
  return {
    name: 'schedules',
    everyMs: 60_000,
    async look(now) {
      const before = (await noted<Known>(database, 'schedules')) ?? {};
      const after: Known = {};
      const troubles: Trouble[] = [];
      const looked: Subject[] = [];
      const asked = await schedules();
      for (const { scheduleId, missed, overlapped, lastFiring, catchupWindow, pausedItself, pauseAfter } of await asked.counts()) {
        const known = before[scheduleId] ?? { missed, overlapped };
        let why = pausedItself;
        let { pausedAt } = known;
        if (pauseAfter !== null) {
          why = await pausedAfterFailures(asked, { scheduleId, times: pauseAfter, since: pausedAt ?? 0 });
          if (why !== null) pausedAt = now;
        }
        after[scheduleId] = { missed, overlapped, ...(pausedAt === undefined ? {} : { pausedAt }) };
        const about = (what: string, cause: string): Trouble => ({
          fingerprint: JSON.stringify([what, scheduleId]),
          cause: `schedule ${scheduleId}: ${cause}`,
          venue: null,
          subjects: [{ what, subject: scheduleId, isSymbol: false, at: now }],
        });
        if (missed > known.missed)
          troubles.push(
            about(
              'missed',
              `${firings(missed - known.missed)} missed, no server was up within ${catchupWindow} of the time; the next run collects what the venues still have`,
            ),
          );
        if (overlapped > known.overlapped)
          troubles.push(
            about(
              'overlap',
              `${firings(overlapped - known.overlapped)} skipped, the run before was still open; \`predictlab status\` shows what it does`,
            ),
          );
        if (why !== null) troubles.push(about('paused', `${why}; mend that, then \`predictlab schedule resume --id ${scheduleId}\``));
        else looked.push({ what: 'paused', subject: scheduleId, isSymbol: false, at: now });
        if (lastFiring !== null)
          for (const what of ['missed', 'overlap']) looked.push({ what, subject: scheduleId, isSymbol: false, at: lastFiring });
      }
      // one that was deleted fires no more: what was wrong with it is over
      for (const [scheduleId, known] of Object.entries(before)) {
        if (after[scheduleId] !== undefined) continue;
        if (await asked.isThere(scheduleId)) after[scheduleId] = known;
        else for (const what of ['missed', 'overlap', 'paused']) looked.push({ what, subject: scheduleId, isSymbol: false, at: now });
      }
      if (JSON.stringify(after) !== JSON.stringify(before)) await noteForNextLook(database, 'schedules', after);
      return { at: now, troubles, looked };
    },
  };
}

const firings = (count: number): string => (count === 1 ? 'a firing was' : `${count} firings were`);
