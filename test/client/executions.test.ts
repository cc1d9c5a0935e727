import type { Client, WorkflowExecutionDescription } from '@temporalio/client';
import { describe, expect, it } from 'vitest';
import { handleOf } from '../../src/client/executions.ts';
import { fillInStages } from '../../src/client/runs/follow-run.ts';
import type { PipelineStatus } from '../../src/contracts/run/pipeline-status.ts';

describe('the workflow of a run', () => {
  /** A client whose executions continued as new: each id maps to its successor. */
  const clientOf = (next: Readonly<Record<string, string>>) =>
    ({
      options: { namespace: 'default' },
      workflow: {
        getHandle: (workflowId: string, runId?: string) => ({
          workflowId,
          runId,
          describe: async () => ({ status: { name: next[runId ?? ''] === undefined ? 'RUNNING' : 'CONTINUED_AS_NEW' } }),
        }),
      },
      workflowService: {
        getWorkflowExecutionHistory: async ({ execution }: { execution: { runId: string } }) => ({
          history: { events: [{ workflowExecutionContinuedAsNewEventAttributes: { newExecutionRunId: next[execution.runId] } }] },
        }),
      },
    }) as unknown as Client;
  const found = async (run: Parameters<typeof handleOf>[1], next = {}) => {
    const { workflowId, runId } = (await handleOf(clientOf(next), run)) as unknown as { workflowId: string; runId?: string };
    return [workflowId, runId];
  };

  it('is the newest one with its id, and the last execution of a run that continued as new', async () => {
    expect(await found('daily')).toEqual(['daily', undefined]);
    expect(await found({ runId: 'daily', executionId: 'a' })).toEqual(['daily', 'a']);
    expect(await found({ runId: 'daily', executionId: 'a' }, { a: 'b', b: 'c' })).toEqual(['daily', 'c']);
    expect(await found({ runId: 'daily', executionId: 'a' }, { a: '' })).toEqual(['daily', 'a']);
  });
});

describe('the stages of running symbols', () => {
  const client = {
    options: { loadedDataConverter: {} },
    workflow: {
      getHandle: (id: string) => ({
        query: async () => {
          const symbol = id.slice('r/'.length);
          if (symbol === 'gone') throw new Error('the workflow has ended');
          return [
            { taskId: `${symbol}/collect`, kind: 'succeeded', at: 3_000, startedAt: 1_000, attempts: 2, output: { ticks: 1 } },
            { taskId: `${symbol}/clean`, kind: 'started', at: 4_000 },
          ];
        },
      }),
    },
  } as unknown as Client;
  const run = {
    workflowId: 'r',
    raw: { pendingActivities: [{ activityId: 'B/clean', lastStartedTime: { seconds: 60 } }, { activityId: 'waiting/collect' }] },
  } as unknown as WorkflowExecutionDescription;
  const statusOf = (finishedAt: string | null, ...running: readonly string[]) =>
    ({
      runId: 'r',
      finishedAt,
      taskResults: Object.fromEntries(running.map((id) => [id, { status: 'running' }])),
    }) as unknown as PipelineStatus;

  it('are read from the workflow of each symbol, or from the activity that runs the symbol', async () => {
    const { taskResults } = await fillInStages(client, run, statusOf(null, 'A', 'B', 'gone', 'C/store'));
    expect(taskResults).toEqual({
      A: { status: 'running' },
      B: { status: 'running' },
      gone: { status: 'running' },
      'C/store': { status: 'running' },
      'A/collect': expect.objectContaining({ status: 'success', attempts: 2, durationSeconds: 2, output: { ticks: 1 } }),
      'A/clean': { status: 'running', attempts: 1, startedAt: new Date(4_000).toISOString() },
      'B/collect': { status: 'success' },
      'B/clean': { status: 'running', attempts: 1, startedAt: new Date(60_000).toISOString() },
    });
  });

  it('are not read once the run has ended, or when the status has stages already', async () => {
    for (const status of [statusOf('2026-11-23', 'A'), statusOf(null, 'A/collect'), statusOf(null)])
      expect(await fillInStages(client, run, status)).toBe(status);
  });
});
