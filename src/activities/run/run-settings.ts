import { badInput } from '../../contracts/errors.ts';
import type { StageSettings } from '../../contracts/run/run-config.ts';
import type { Database } from '../../storage/database/database.ts';
import { settingsOf } from '../../storage/runs/runs.ts';

/** Number of runs whose settings a worker caches: far more than it works on at once. */
const REMEMBERED = 200;

/**
 * Caches runs' settings by execution: they never change after a run's start, so no task needs to carry them.
 * @throws PredictLabError `BadInput` when the run is not in this worker's database
 */
export function createRunSettings(database: Database): (run: { runId: string; executionId: string }) => Promise<StageSettings> {
  const known = new Map<string, Promise<StageSettings>>();
  const read = async ({ runId, executionId }: { runId: string; executionId: string }): Promise<StageSettings> => {
    const settings = await settingsOf(database, executionId);
    if (settings !== undefined) return settings;
    throw badInput(`run ${runId} is not in this worker's database: start every worker of a task queue with the same DATABASE_URL`);
  };
  return async (run) => {
    let settings = known.get(run.executionId);
    if (settings === undefined) {
      settings = read(run);
      known.set(run.executionId, settings);
      settings.catch(() => known.delete(run.executionId));
      for (const oldest of known.keys()) {
        if (known.size <= REMEMBERED) break;
        known.delete(oldest);
      }
    }
    return await settings;
  };
}
