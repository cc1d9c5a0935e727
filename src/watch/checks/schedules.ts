import type { ScheduleCounts } from '../../client/schedules/schedules.ts';
import type { Subject, Trouble } from '../../incidents/trouble.ts';
import type { Queryable } from '../../storage/database/database.ts';
import { note, noted } from '../../storage/watch/watch-state.ts';
import type { Check } from '../watch.ts';

type Known = Record<string, { missed: number; overlapped: number }>;

/** Whether every firing of the schedules became a run: one that nobody was up for, or that met the run before, is a trouble until the next firing. */
export function scheduleCheck({ database, counts }: { database: Queryable; counts: () => Promise<readonly ScheduleCounts[]> }): Check {
  return {
    name: 'schedules',
    everyMs: 60_000,
    async look(now) {
      const before = (await noted<Known>(database, 'schedules')) ?? {};
      const after: Known = {};
      const troubles: Trouble[] = [];
      const looked: Subject[] = [];
      for (const { scheduleId, missed, overlapped, lastFiring, catchupWindow } of await counts()) {
        after[scheduleId] = { missed, overlapped };
        const known = before[scheduleId] ?? after[scheduleId];
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
        if (lastFiring !== null)
          for (const what of ['missed', 'overlap']) looked.push({ what, subject: scheduleId, isSymbol: false, at: lastFiring });
      }
      if (JSON.stringify(after) !== JSON.stringify(before)) await note(database, 'schedules', after);
      return { at: now, troubles, looked };
    },
  };
}

const firings = (count: number): string => (count === 1 ? 'a firing was' : `${count} firings were`);
