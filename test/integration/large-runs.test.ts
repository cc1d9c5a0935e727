import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { PipelineStatus } from '../../src/contracts/run/pipeline-status.ts';
import { createRig, type Rig } from '../support/rig.ts';
import { scriptedStages } from '../support/stages.ts';
import { importTestSymbols } from '../support/symbols.ts';

/** Enough that the parent's history passes the tests' limit (test/support/temporal.ts) and is handed to a new execution. */
const SYMBOLS = Array.from({ length: 150 }, (_, i) => `S${String(i).padStart(3, '0')}`);

describe('a run of more than 50 symbols', () => {
  let rig: Rig;
  beforeAll(async () => {
    rig = await createRig({
      stages: scriptedStages(({ taskId }) => {
        if (taskId === 'S007/clean') throw new TypeError('a bug in a stage');
      }),
    });
    await importTestSymbols(rig.database, SYMBOLS);
  });
  afterAll(() => rig.close());

  it('continues as new, has a correct status across its executions, and is reported by symbol', async () => {
    const { runId, executionId } = await rig.lab.start({ untilStage: 'clean', maxConcurrent: 20, retry: { maxRetries: 0 } });
    const seen: PipelineStatus[] = [];
    const ended = rig.lab.result(runId);
    const run = { over: false };
    void ended.finally(() => {
      run.over = true;
    });
    const followed = await rig.lab.follow(runId);
    const sizes: number[] = [];
    while (!run.over) {
      seen.push(await rig.lab.status(runId));
      seen.push(await followed.status());
      sizes.push(followed.heard);
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
    const result = await ended;
    expect(result).toMatchObject({
      result: 'degraded',
      totalTasks: 2 * SYMBOLS.length,
      completedTasks: 2 * SYMBOLS.length,
      statusBreakdown: { success: 2 * SYMBOLS.length - 1, failed: 1 },
    });
    expect(Object.keys(result.taskResults)).toHaveLength(SYMBOLS.length);
    // a follower receives what changed, also across executions, and has the same status at the end
    expect(sizes.some((heard) => heard < SYMBOLS.length)).toBe(true);
    const { result: _, reasons: __, ...last } = result;
    expect({ ...(await followed.status()), durationSeconds: last.durationSeconds }).toEqual(JSON.parse(JSON.stringify(last)));
    expect(result.taskResults.S007).toMatchObject({ status: 'failed', error: { type: 'TypeError', message: 'a bug in a stage' } });
    expect(result.taskResults.S008).toMatchObject({ status: 'success' });

    // no symbol has a workflow of its own, and the run's history has no outputs of symbols that ended
    const [, history] = [...(await rig.histories())].find(([id]) => id.startsWith(`${runId} `)) ?? [];
    const scheduled = (history?.events ?? []).flatMap((event) => event.activityTaskScheduledEventAttributes?.activityId ?? []);
    expect(scheduled.length).toBeGreaterThan(0);

    // the run continued as new at least once, without a visible effect
    const { runId: lastExecution } = await rig.client.workflow.getHandle(runId).describe();
    expect(lastExecution).not.toBe(executionId);
    const found = async (query: string): Promise<number> =>
      (await rig.client.workflow.count(`TaskQueue="${rig.taskQueue}" AND ${query}`)).count;
    await expect.poll(() => found('WorkflowType="pipeline" AND PredictLabVerdict="degraded"')).toBe(1);
    // their names fit into one search attribute
    await expect.poll(() => found('PredictLabSymbol="S008"')).toBeGreaterThan(0);
    for (const status of seen.filter(({ totalTasks }) => totalTasks > 0)) {
      const counts = Object.values(status.statusBreakdown).reduce((sum, count) => sum + count, 0);
      expect(counts).toBe(status.totalTasks);
      expect(status.startedAt).toBe(result.startedAt);
    }
    const progress = seen.map(({ completedTasks }) => completedTasks);
    expect(progress).toEqual([...progress].sort((a, b) => a - b));
  }, 180_000);
});
