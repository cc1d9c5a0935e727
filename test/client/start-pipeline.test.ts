import type { Client } from '@temporalio/client';
import { expect, it } from 'vitest';
import { plannedRun } from '../../src/cli/plan/planned-run.ts';
import { startPipeline } from '../../src/client/runs/start-pipeline.ts';
import type { PipelineInput } from '../../src/contracts/run/pipeline-input.ts';

const posts = (count: number): PipelineInput => ({
  symbols: [],
  tasks: Array.from({ length: count }, (_, i) => ({
    taskId: `post-${i}`,
    activity: 'httpPost',
    args: [{ url: 'https://example.com/hook', body: `${i} ${'x'.repeat(1_000)}` }],
  })),
});
const started: string[] = [];
const summaries: unknown[] = [];
const client = {
  workflow: {
    start: async (_: string, { workflowId, staticSummary }: { workflowId: string; staticSummary: string }) => {
      started.push(workflowId);
      summaries.push(staticSummary);
      return { firstExecutionRunId: 'e' };
    },
  },
} as unknown as Client;
const start = (input: PipelineInput) => startPipeline({ client, taskQueue: 'q' }, input, { runId: 'r' });

it.each<[string, PipelineInput]>([
  ['every enabled symbol → visualize', {}],
  ['custom tasks → visualize', posts(1)],
  ['A, B, C → kline', { symbols: ['A', 'B', 'C'], untilStage: 'kline' }],
  ['4 symbols → visualize', { symbols: ['A', 'B', 'C', 'D'] }],
])("has in Temporal's Web UI the summary %j", async (summary, input) => {
  await start(input);
  expect(summaries.at(-1)).toBe(summary);
});

it.each([100, 700])('a run of %i tasks with bodies of 1 KB can be planned and started', async (count) => {
  await plannedRun(undefined, posts(count));
  expect(await start(posts(count))).toMatchObject({ runId: 'r' });
});

it.each([900, 1_200])(
  'a run of %i tasks with bodies of 1 KB is refused with the same error when planned and when started',
  async (count) => {
    const planned = await plannedRun(undefined, posts(count)).catch((error: unknown) => error);
    const before = started.length;
    const refused = await start(posts(count)).catch((error: unknown) => error);
    expect(refused).toEqual(planned);
    expect(refused).toMatchObject({ type: 'InvalidPipeline', message: expect.stringContaining('may have at most 900 KB (they have ') });
    expect(started).toHaveLength(before);
  },
);
