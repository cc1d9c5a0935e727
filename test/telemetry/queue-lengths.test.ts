import { describe, expect, it } from 'vitest';
import { createMetrics } from '../../src/telemetry/metrics.ts';
import { QueueLengths } from '../../src/telemetry/queue-lengths.ts';

const execution = (runId: string) => ({ workflowId: `${runId}-id`, runId });

describe('the queue length in the metrics', () => {
  it('is the sum over the runs on this worker', async () => {
    const queue = new QueueLengths();
    queue.report(execution('a'), { ready: 3, running: 1 });
    queue.report(execution('b'), { ready: 2, running: 2 });
    expect(await queue.totals()).toEqual({ ready: 5, running: 3 });
    queue.report(execution('a'), { ready: 0, running: 0 });
    expect(await queue.totals()).toEqual({ ready: 2, running: 2 });
  });

  it('excludes a run that left this worker, for that execution only', async () => {
    const queue = new QueueLengths();
    queue.report({ workflowId: 'run', runId: 'first' }, { ready: 9, running: 0 });
    queue.report({ workflowId: 'run', runId: 'second' }, { ready: 1, running: 1 });
    queue.remove('first');
    expect(await queue.totals()).toEqual({ ready: 1, running: 1 });
  });

  it('excludes a silent run that was terminated, and includes one that is open or cannot be looked up', async () => {
    const queue = new QueueLengths({ silentMs: 0 });
    queue.onSilence(({ runId }) => (runId === 'away' ? Promise.reject(new Error('Temporal is away')) : Promise.resolve(runId === 'open')));
    for (const runId of ['open', 'away', 'terminated']) queue.report(execution(runId), { ready: 1, running: 0 });
    expect(await queue.totals()).toEqual({ ready: 2, running: 0 });
  });

  it('does not need a query for a run that reports', async () => {
    const queue = new QueueLengths({ silentMs: performance.now() });
    let lookups = 0;
    queue.onSilence(async () => (lookups++, false));
    queue.report(execution('a'), { ready: 1, running: 0 });
    expect(await queue.totals()).toEqual({ ready: 1, running: 0 });
    expect(lookups).toBe(0);
  });
});

describe('the metrics of tasks', () => {
  it('count ends and retries, and add up the rows and durations of successes', async () => {
    const { registry, tasks } = createMetrics();
    const from = performance.now();
    const valueOf = async (metric: string): Promise<number> =>
      Number(
        (await registry.metrics())
          .split('\n')
          .find((line) => line.startsWith(`${metric} `))
          ?.split(' ')[1],
      );
    tasks.begin('store').end('success', { output: { inserted: 3, duplicates: 2 } });
    tasks.begin('store').end('failed', { output: { inserted: 5 } });
    tasks.begin('store').end('retried', undefined, 'RateLimited');
    tasks.begin('store').end('retried', undefined, 'toString');
    const custom = tasks.begin('custom');
    await new Promise((resolve) => setTimeout(resolve, 2));
    custom.end('success');
    expect(await valueOf('predictlab_tasks_total{stage="store",status="success"}')).toBe(1);
    expect(await valueOf('predictlab_tasks_total{stage="store",status="failed"}')).toBe(1);
    expect(await valueOf('predictlab_tasks_total{stage="custom",status="success"}')).toBe(1);
    expect(await valueOf('predictlab_rows_total{stage="store",outcome="inserted"}')).toBe(3);
    expect(await valueOf('predictlab_rows_total{stage="store",outcome="duplicate"}')).toBe(2);
    expect(await valueOf('predictlab_retries_total{stage="store",error="RateLimited"}')).toBe(1);
    expect(await valueOf('predictlab_retries_total{stage="store",error="Other"}')).toBe(1);
    expect(await valueOf('predictlab_stage_duration_seconds_count{stage="store"}')).toBe(1);
    expect(await valueOf('predictlab_stage_duration_seconds_bucket{le="300",stage="store"}')).toBe(1);
    const seconds = await valueOf('predictlab_stage_duration_seconds_sum{stage="custom"}');
    expect(seconds).toBeGreaterThan(0.001);
    expect(seconds).toBeLessThanOrEqual((performance.now() - from) / 1000);
  });

  it('read the price difference of twins at most once a minute', async () => {
    const metrics = createMetrics();
    let reads = 0;
    metrics.onBasis(async () => (reads++, [{ market: 'a', twin: 'b', profit: 0.02 }]));
    for (let i = 0; i < 2; i++) expect(await metrics.registry.metrics()).toContain('predictlab_twin_basis{market="a",twin="b"} 0.02');
    expect(reads).toBe(1);
  });
});

describe('the metrics of a worker that has run nothing', () => {
  it('have every counter at 0, so that an alert on missing events can fire', async () => {
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
