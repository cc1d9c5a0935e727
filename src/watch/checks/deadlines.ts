import type { PredictLab } from '../../client.ts';
import type { Log } from '../../contracts/log.ts';
import { deadlineTrouble } from '../../incidents/rule/end-of-run.ts';
import type { Trouble } from '../../incidents/rule/trouble.ts';
import type { Queryable } from '../../storage/database/database.ts';
import { runsWithDeadline } from '../../storage/runs/open-runs.ts';
import type { Check } from '../watch.ts';

/** Checks, from what their tasks usually take, whether open runs will meet their deadlines: the alert comes before it is too late. */
export function deadlineCheck({ database, lab, log }: { database: Queryable; lab: () => Promise<PredictLab>; log: Log }): Check {
  return {
    name: 'deadlines',
    everyMs: 60_000,
    async look(now) {
      const troubles: Trouble[] = [];
      for (const { runId, executionId, line } of await runsWithDeadline(database)) {
        const { deadline } = await (await lab()).status({ runId, executionId });
        const warning = deadline?.warning;
        if (warning === null || warning === undefined) continue;
        log.warn(warning, { runId });
        troubles.push(deadlineTrouble({ line, at: now, why: `${runId}: ${warning}` }));
      }
      // the end of a run that meets its deadline after all closes the incident
      return { at: now, troubles, looked: [] };
    },
  };
}
