import type { Client } from '@temporalio/client';
import { expect, it } from 'vitest';
import { recentRuns } from '../../src/client/runs/recent-runs.ts';

const AT = new Date('2026-01-01T00:00:00Z');

it('a run that ends while the open ones are listed and then the closed ones is one run, and closed', async () => {
  const closed = { value: false };
  const client = {
    workflow: {
      async *list({ query }: { query: string }) {
        const isOpen = query.includes('ExecutionStatus = "Running"');
        if (isOpen !== closed.value)
          yield {
            workflowId: 'r',
            runId: 'e',
            startTime: AT,
            closeTime: isOpen ? undefined : AT,
            status: { name: isOpen ? 'RUNNING' : 'COMPLETED' },
          };
        closed.value = true;
      },
    },
  } as unknown as Client;
  expect(await recentRuns(client, { taskQueue: 'q', limit: 5 })).toEqual([
    { runId: 'r', executionId: 'e', startedAt: AT.toISOString(), closedAt: AT.toISOString(), ended: 'succeeded' },
  ]);
});
