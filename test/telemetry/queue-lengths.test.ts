import { describe, expect, it } from 'vitest';
import { createMetrics } from '../../src/telemetry/metrics.ts';
import { QueueLengths } from '../../src/telemetry/queue-lengths.ts';

const execution = (runId: string) => ({ workflowId: `${runId}-id`, runId });

describe('the length of the queue', () => {
  it('is the sum over the runs that this worker drives', async () => {
    const queue = new QueueLengths();
    queue.report(execution('a'), { ready: 3, running: 1 });
    queue.report(execution('b'), { ready: 2, running: 2 });
    expect(await queue.totals()).toEqual({ ready: 5, running: 3 });
    queue.report(execution('a'), { ready: 0, running: 0 });
    expect(await queue.totals()).toEqual({ ready: 2, running: 2 });
  });

  it('forgets a run that left this worker, and only that execution of it', async () => {
    const queue = new QueueLengths();
    queue.report({ workflowId: 'run', runId: 'first' }, { ready: 9, running: 0 });
    queue.report({ workflowId: 'run', runId: 'second' }, { ready: 1, running: 1 });
    queue.remove('first');
    expect(await queue.totals()).toEqual({ ready: 1, running: 1 });
  });

  it('forgets a silent run that was ended from outside, and keeps one that is open or cannot be looked up', async () => {
    const queue = new QueueLengths({ silentMs: 0 });
    queue.onSilence(({ runId }) => (runId === 'away' ? Promise.reject(new Error('Temporal is away')) : Promise.resolve(runId === 'open')));
    for (const runId of ['open', 'away', 'terminated']) queue.report(execution(runId), { ready: 1, running: 0 });
    expect(await queue.totals()).toEqual({ ready: 2, running: 0 });
  });

  it('does not query a run that reports', async () => {
    const queue = new QueueLengths();
    queue.onSilence(() => Promise.reject(new Error('asked')));
    queue.report(execution('a'), { ready: 1, running: 0 });
    expect(await queue.totals()).toEqual({ ready: 1, running: 0 });
  });
});

describe('the metrics of a worker that has done nothing', () => {
  it('have every counter at 0, so that an alert on what does not happen can fire', async () => {
    const text = await createMetrics().registry.metrics();
    for (const stage of ['collect', 'visualize', 'custom']) {
      for (const status of ['success', 'failed', 'cancelled'])
        expect(text).toContain(`predictlab_tasks_total{stage="${stage}",status="${status}"} 0`);
      expect(text).toContain(`predictlab_retries_total{stage="${stage}",error="SourceUnavailable"} 0`);
    }
    expect(text).toContain('predictlab_rows_total{stage="clean",outcome="quarantined"} 0');
    for (const state of ['ready', 'running']) expect(text).toContain(`predictlab_queue_length{state="${state}"} 0`);
  });
});
