import type { Schedules } from '../../client/schedules/schedules.ts';
import { shellWord } from '../../contracts/text/shell-word.ts';
import type { Subject, Trouble } from '../../incidents/rule/trouble.ts';
import type { Queryable } from '../../storage/database/database.ts';
import { deletedOnPurpose, forgetDeleted } from '../../storage/watch/deleted-schedules.ts';
import { noted, noteForNextLook } from '../../storage/watch/watch-state.ts';
import type { Check } from '../watch.ts';
import { pausedAfterFailures } from './pause-after-failures.ts';

/** `pausedAt`: when we paused it; what had failed before then was told. */
type Known = Record<string, { missed: number; overlapped: number; pausedAt?: number; namespace?: string }>;

/** What of a schedule is looked at and changed. */
type WatchedSchedules = Pick<Schedules, 'counts' | 'isThere' | 'lastRuns' | 'namespace' | 'pause'>;

/**
 * Whether every firing of the schedules became a run: one that nobody was up for, or that met the run before, is a trouble until the next firing. One
 * whose runs fail more often in a row than it may is paused; that it has paused itself is a trouble until somebody resumes it. One that was
 * there and is gone, not by `predictlab schedule delete`, is told once, a trouble until it is there again.
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
        after[scheduleId] = { missed, ...(pausedAt === undefined ? {} : { pausedAt }), namespace: asked.namespace, overlapped };
        const about = (what: string, cause: string): Trouble => troubleOf(scheduleId, { what, cause, now });
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
        looked.push({ what: 'gone', subject: scheduleId, isSymbol: false, at: now });
        if (lastFiring !== null)
          for (const what of ['missed', 'overlap']) looked.push({ what, subject: scheduleId, isSymbol: false, at: lastFiring });
      }
      await forgetDeleted(database, Object.keys(after));
      const gone: string[] = [];
      for (const [scheduleId, known] of Object.entries(before)) {
        if (after[scheduleId] !== undefined) continue;
        // a worker of another namespace has seen it there
        const isForeign = known.namespace !== undefined && known.namespace !== asked.namespace;
        if (isForeign || (await asked.isThere(scheduleId))) after[scheduleId] = known;
        else gone.push(scheduleId);
      }
      const onPurpose = await deletedOnPurpose(database, gone);
      for (const scheduleId of gone) {
        // one that was deleted fires no more: what else was wrong with it is over
        for (const what of ['missed', 'overlap', 'paused']) looked.push({ what, subject: scheduleId, isSymbol: false, at: now });
        if (!onPurpose.has(scheduleId)) troubles.push(troubleOf(scheduleId, { what: 'gone', cause: goneCause(scheduleId), now }));
      }
      if (JSON.stringify(after) !== JSON.stringify(before)) await noteForNextLook(database, 'schedules', after);
      return { at: now, troubles, looked };
    },
  };
}

const troubleOf = (
  scheduleId: string,
  { what, cause, now }: { readonly what: string; readonly cause: string; readonly now: number },
): Trouble => ({
  fingerprint: JSON.stringify([what, scheduleId]),
  cause: `schedule ${scheduleId}: ${cause}`,
  venue: null,
  subjects: [{ what, subject: scheduleId, isSymbol: false, at: now }],
});

const goneCause = (scheduleId: string): string =>
  `Temporal has it no more, and it was not deleted with \`predictlab schedule delete\`: no run starts by itself; \`predictlab schedule create --id ${shellWord(scheduleId)}\` with its options makes it again`;

const firings = (count: number): string => (count === 1 ? 'a firing was' : `${count} firings were`);
