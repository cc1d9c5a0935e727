import type { Client } from '@temporalio/client';
import { msToTs } from '@temporalio/common/lib/time.js';
import { expect, it } from 'vitest';
import { recentRuns } from '../../src/client/runs/recent-runs.ts';

const AT = new Date('2026-01-01T00:00:00Z');

it('a run that ends between the query for open runs and the query for closed ones is listed once, as closed', async () => {
  const closed = { value: false };
  const client = clientWith(({ query }) => {
    const isOpen = query.includes('ExecutionStatus = "Running"');
    const found = isOpen === closed.value ? [] : [execution('r', isOpen ? 1 : 2, isOpen ? null : AT)];
    closed.value = true;
    return found;
  });
  expect(await recentRuns(client, { taskQueue: 'q', limit: 5 })).toEqual([
    { runId: 'r', executionId: 'e', startedAt: AT.toISOString(), closedAt: AT.toISOString(), ended: 'succeeded' },
  ]);
});

it('a run whose memo cannot be decoded is listed among the others', async () => {
  const foreign = { metadata: { encoding: new TextEncoder().encode('binary/of-another-desk') }, data: new Uint8Array([1, 2, 3]) };
  const client = clientWith(({ query }) =>
    query.includes('ExecutionStatus = "Running"')
      ? []
      : [execution('theirs', 2, AT, { fields: { note: foreign } }), execution('ours', 2, AT)],
  );
  expect((await recentRuns(client, { taskQueue: 'q', limit: 5 })).map(({ runId }) => runId).sort()).toEqual(['ours', 'theirs']);
});

const execution = (workflowId: string, status: number, closed: Date | null, memo: object = {}): object => ({
  execution: { workflowId, runId: workflowId === 'r' ? 'e' : workflowId },
  type: { name: 'pipeline' },
  status,
  historyLength: { toNumber: () => 1 },
  startTime: msToTs(AT.getTime()),
  ...(closed !== null && { closeTime: msToTs(closed.getTime()) }),
  memo,
});

/** A client whose server lists these executions. */
const clientWith = (executions: (request: { query: string }) => readonly object[]): Client =>
  ({
    options: { namespace: 'default' },
    connection: {
      workflowService: { listWorkflowExecutions: async (request: { query: string }) => ({ executions: executions(request) }) },
      plugins: [],
    },
  }) as unknown as Client;
