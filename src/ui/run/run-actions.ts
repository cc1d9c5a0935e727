import type { PredictLab } from '../../client.ts';
import { PredictLabError } from '../../contracts/errors.ts';
import { recordOf } from '../../input/raw-input.ts';
import type { Database } from '../../storage/database/database.ts';
import { retryOf } from '../../storage/runs/retry-of.ts';
import { runAddress } from './run-pages.ts';

/** The result of an action in one sentence, with the page to go to next where there is one. */
export interface Acted {
  readonly message: string;
  readonly href?: string;
}

type Action = (lab: PredictLab, database: Database, run: string, body: unknown) => Promise<Acted>;

/** Actions on a run, by the last part of the address that they are posted to. */
export const RUN_ACTIONS: Readonly<Record<string, Action>> = {
  pause: async (lab, _, run) => {
    await lab.pause(run);
    return { message: 'paused: no new task starts' };
  },
  resume: async (lab, _, run) => {
    await lab.resume(run);
    return { message: 'resumed: waiting tasks start again' };
  },
  cancel: async (lab, _, run) => {
    await lab.cancel(run);
    return { message: 'cancelling: running tasks are being stopped' };
  },
  slots: async (lab, _, run, body) => {
    const { value } = recordOf(body);
    if (typeof value !== 'number' || !Number.isInteger(value) || value < 1)
      throw new PredictLabError('BadInput', 'write { "value": n }, a whole number of slots from 1 on');
    return { message: `${await lab.setMaxConcurrent(run, value)} slots` };
  },
  retry: async (lab, database, run) => {
    if ((await lab.describe(run))?.open) {
      const again = await lab.retryFailed(run);
      return { message: again.length === 0 ? 'no failed task to retry' : `${again.length} tasks start again` };
    }
    const retry = await retryOf(database, run);
    if (retry === undefined) throw new PredictLabError('BadInput', `there is no run ${run} whose results could be reused`);
    if (retry.complete) return { message: `no failed task to retry: all ${retry.reused.length} succeeded` };
    const { runId } = await lab.start(await lab.givenInput(retry), { retryOf: retry.executionId });
    return { message: `started as ${runId}; ${retry.reused.length} tasks are reused`, href: runAddress(runId) };
  },
};

/** Starts a run with the input given. */
export async function startRun(lab: PredictLab, body: unknown): Promise<Acted> {
  const { runId } = await lab.start(recordOf(body));
  return { message: `started as ${runId}`, href: runAddress(runId) };
}
