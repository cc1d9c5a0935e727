import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import type { FiredRun } from '../../src/client/schedules/schedule-firings.ts';
import { pausedAfterFailures } from '../../src/watch/checks/schedules.ts';

/** What happens to a schedule: a run of it ends (failed, well, or ended by somebody), a worker looks, somebody resumes it. */
const event = fc.constantFrom('failed', 'well', 'cancelled', 'look', 'resume');

it('a schedule is paused exactly when its last runs since the previous pause have all failed, cancelled runs aside', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(event, { maxLength: 60 }), fc.integer({ min: 2, max: 10 }), async (events, times) => {
      const runs: FiredRun[] = [];
      let [paused, since, inARow, now] = [false, 0, 0, 0];
      const schedules = {
        lastRuns: async () => runs.slice(-10).reverse(),
        pause: async () => {
          paused = true;
        },
      };
      for (const what of events) {
        now++;
        if (what === 'resume') paused = false;
        else if (what === 'look') {
          if (paused) continue;
          // cancelled runs among the ten that Temporal remembers do not count
          const seen = runs.slice(-10).filter(({ at, failed }) => at > since && failed !== null).length;
          const why = await pausedAfterFailures(schedules, { scheduleId: 's', times, since });
          expect(why !== null).toBe(Math.min(inARow, seen) >= times);
          expect(paused).toBe(why !== null);
          if (why !== null) [since, inARow] = [now, 0];
        } else if (!paused) {
          runs.push({ runId: `r${now}`, at: now, failed: what === 'cancelled' ? null : what === 'failed' });
          if (what === 'failed') inARow++;
          if (what === 'well') inARow = 0;
        }
      }
    }),
  );
});
