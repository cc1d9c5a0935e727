import { describe, expect, it } from 'vitest';
import { dehydrate } from '../../src/scheduling/carry/dehydrate.ts';
import { fitStatus } from '../../src/scheduling/payload/fit-status.ts';
import { emptyStatus, statusOf } from '../../src/scheduling/run/status/status.ts';
import { StatusRevisions } from '../../src/scheduling/run/status/status-changes.ts';
import { DrivenRun, failed, retryLater, succeeded } from './driven-run.ts';
import { customTask, runConfig } from './run-config.ts';

const symbols = Array.from({ length: 60 }, (_, i) => `S${i}`);

describe('the status of a run', () => {
  it('exists before the first task', () => {
    expect(emptyStatus({ runId: 'run', startedAt: 0, now: 500 })).toMatchObject({ totalTasks: 0, durationSeconds: 0.5, finishedAt: null });
  });

  it('states whether the run is paused and how many slots it has', () => {
    const run = new DrivenRun(runConfig({ symbols: ['A'], maxConcurrent: 2 }));
    run.start();
    expect(run.status).toMatchObject({ paused: false, maxConcurrent: 2 });
    // nothing has been left out of it, so nothing is said of that
    expect(run.status).not.toHaveProperty('leftOut');
    run.tell({ type: 'setMaxConcurrent', value: 7, at: 1 });
    run.tell({ type: 'pause', at: 2 });
    expect(run.status).toMatchObject({ paused: true, maxConcurrent: 7 });
    run.tell({ type: 'resume', at: 3 });
    expect(run.status.paused).toBe(false);
    expect(emptyStatus({ runId: 'run', startedAt: 0, now: 0, maxConcurrent: 3 })).toMatchObject({ paused: false, maxConcurrent: 3 });
  });

  it('counts the attempt that runs, even for a task without a report', () => {
    const run = new DrivenRun(runConfig({ symbols: ['A'], untilStage: 'collect', tasks: [customTask('t')] }));
    run.start();
    for (const taskId of ['A/collect', 't']) expect(run.status.taskResults[taskId]).toMatchObject({ status: 'running', attempts: 1 });
    run.ends('t', [retryLater('t', 500, { attempts: 4 })]);
    expect(run.status.taskResults.t).toMatchObject({ status: 'pending', attempts: 4 });
    run.tell({ type: 'wake', at: 500 });
    expect(run.status.taskResults.t).toMatchObject({ status: 'running', attempts: 5 });
    expect(statusOf(run.state, { runId: 'run', now: 501, detail: 'symbol' }).taskResults.A).toMatchObject({ attempts: 1 });
  });

  it('names the root cause of a skipped task, and of a symbol without any executed task', () => {
    const gates = ['A/collect', 'B/clean'].map((gated, n) => customTask(`gate-${n}`, { runBefore: [gated] }));
    const run = new DrivenRun(runConfig({ symbols: ['A', 'B'], untilStage: 'clean', tasks: gates }));
    run.start();
    run.ends('gate-0', [failed('gate-0')]);
    run.ends('B', [succeeded('B/collect')]);
    expect(run.status.taskResults['A/clean']).toMatchObject({ status: 'skipped', skippedBecause: 'gate-0' });
    const { A, B } = statusOf(run.state, { runId: 'run', now: run.now, detail: 'symbol' }).taskResults;
    expect(A).toMatchObject({ status: 'skipped', skippedBecause: 'gate-0' });
    expect(B).not.toHaveProperty('skippedBecause');
  });

  it('has the state of every task and statistics of each stage', () => {
    const run = new DrivenRun(
      runConfig({ symbols: ['A', 'B'], untilStage: 'clean', tasks: [customTask('t', { dependencies: ['A/clean'] })] }),
    );
    run.start(1_000);
    run.reports('A', [{ taskId: 'A/collect', kind: 'started', at: 1_500 }], 1_500);
    run.now = 3_000;
    expect(run.status.taskResults['A/collect']).toEqual({
      status: 'running',
      attempts: 1,
      startedAt: '1970-01-01T00:00:01.500Z',
      durationSeconds: 1.5,
      error: null,
    });
    run.ends('A', [{ ...succeeded('A/collect', { at: 3_500, attempts: 2 }), startedAt: 1_500 } as never, failed('A/clean')], { at: 4_000 });
    expect(run.status).toMatchObject({
      runId: 'run',
      totalTasks: 5,
      completedTasks: 3,
      progress: 0.6,
      startedAt: '1970-01-01T00:00:01.000Z',
      finishedAt: null,
      durationSeconds: 3,
      statusBreakdown: { pending: 1, running: 1, success: 1, failed: 1, skipped: 1, cancelled: 0 },
      stageStats: { collect: { count: 1, successRate: 1, meanSeconds: 2, maxSeconds: 2 }, clean: { count: 1, successRate: 0 } },
    });
    expect(run.status.taskResults['A/collect']).toMatchObject({ status: 'success', attempts: 2, durationSeconds: 2, output: { rows: 1 } });
    expect(run.status.taskResults['B/clean']).toEqual({
      status: 'pending',
      attempts: 0,
      startedAt: null,
      durationSeconds: null,
      error: null,
    });
  });

  it('states the success rate and the mean and maximum duration of each stage', () => {
    const run = new DrivenRun(runConfig({ symbols: ['A', 'B', 'C', 'D'], untilStage: 'collect' }));
    run.start();
    for (const [symbol, at] of Object.entries({ A: 2_000, B: 3_000, C: 7_000 })) run.ends(symbol, [succeeded(`${symbol}/collect`, { at })]);
    run.ends('D', [failed('D/collect')]);
    expect(run.status.stageStats).toEqual({ collect: { count: 4, successRate: 0.75, meanSeconds: 2.5, maxSeconds: 6 } });
  });

  it('states when the run ended, and the duration then stays the same', () => {
    const run = new DrivenRun(runConfig({ symbols: ['A'], untilStage: 'collect' }));
    run.start(1_000);
    run.ends('A', [succeeded('A/collect', { at: 8_500 })], { at: 9_000 });
    run.now = 60_000;
    expect(run.status).toMatchObject({ finishedAt: '1970-01-01T00:00:09.000Z', durationSeconds: 8 });
  });

  it('keeps the last error of a task that is retried later', () => {
    const run = new DrivenRun(runConfig({ symbols: ['A'], untilStage: 'clean' }));
    run.start();
    run.ends('A', [retryLater('A/collect', 60_000)]);
    expect(run.status.taskResults['A/collect']).toMatchObject({
      status: 'pending',
      attempts: 1,
      error: { message: 'polymarket asks to wait' },
    });
  });

  it('can be summarised by symbol, with the failed stage’s error and all attempts, and counts per task', () => {
    const run = new DrivenRun(
      runConfig({ symbols: ['A', 'B', 'C'], untilStage: 'store', maxConcurrent: 2, tasks: [customTask('t', { priority: 5 })] }),
    );
    run.start();
    run.ends('A', [succeeded('A/collect'), failed('A/clean', 'bad row')]);
    const { taskResults, totalTasks, statusBreakdown } = statusOf(run.state, { runId: 'run', now: 9, detail: 'symbol' });
    expect(totalTasks).toBe(10);
    expect(statusBreakdown).toEqual({ pending: 5, running: 2, success: 1, failed: 1, skipped: 1, cancelled: 0 });
    expect(Object.keys(taskResults)).toEqual(['A', 'B', 'C', 't']);
    expect(taskResults.A).toMatchObject({ status: 'failed', attempts: 5, error: { message: 'bad row' }, durationSeconds: 1 });
    expect(taskResults.B).toMatchObject({ status: 'running' });
    expect(taskResults.t).toMatchObject({ status: 'pending' });
  });

  it('by symbol contains only the symbols and custom tasks that changed since an earlier answer', () => {
    const run = new DrivenRun(runConfig({ symbols: ['A', 'B'], untilStage: 'clean', tasks: [customTask('t'), customTask('u')] }));
    run.start();
    const question = { runId: 'run', now: 9, detail: 'symbol' } as const;
    const revisions = new StatusRevisions(run.state, 'one', 'symbol');
    const { revision, taskResults } = revisions.since(undefined, question);
    expect(Object.keys(taskResults)).toEqual(['A', 'B', 't', 'u']);
    run.ends('B', [succeeded('B/collect'), succeeded('B/clean')]);
    run.ends('u', [succeeded('u')]);
    const changes = revisions.since(revision, question);
    expect(Object.keys(changes.taskResults)).toEqual(['B', 'u']);
    expect(revisions.since(changes.revision, question).taskResults).toEqual({});
  });

  it('of 10,000 symbols fits into one Temporal payload, even when all of them failed', () => {
    const many = Array.from({ length: 10_000 }, (_, i) => `SOME_LONG_SYMBOL_${i}`);
    const run = new DrivenRun(runConfig({ symbols: many, untilStage: 'collect', maxConcurrent: 10_000 }));
    run.start();
    for (const symbol of many) run.ends(symbol, [failed(`${symbol}/collect`, `${symbol}: the venue did not answer `.repeat(40))]);
    const status = fitStatus(statusOf(run.state, { runId: 'run', now: run.now, detail: 'symbol' }));
    expect(status.statusBreakdown.failed).toBe(10_000);
    expect(JSON.stringify(status).length).toBeLessThan(1_600_000);
    expect(JSON.stringify(dehydrate(run.state)).length).toBeLessThan(1_600_000);
    expect(run.why('SOME_LONG_SYMBOL_9999')).toMatch(/SOME_LONG_SYMBOL_9999: the venue did not answer/);
  });

  it('is updated by a signal of every stage in small runs, and only of stages that others wait for in large runs', () => {
    const small = new DrivenRun(runConfig({ symbols: ['A'], untilStage: 'store' }));
    small.start();
    expect(small.commands).toMatchObject([{ signalStages: ['collect', 'clean'] }]);
    const watcher = customTask('watcher', { dependencies: ['S0/clean'] });
    const large = new DrivenRun(runConfig({ symbols, untilStage: 'store', maxConcurrent: 2, tasks: [watcher] }));
    large.start();
    expect(large.commands).toMatchObject([{ signalStages: ['clean'] }, { signalStages: [] }]);
    // the signal of `clean` says that `collect` had succeeded too
    expect(large.reports('S0', [succeeded('S0/clean')])).toEqual([]);
    expect(large.is('S0/collect')).toBe('success');
    expect(large.is('S0/store')).toBe('running');
  });

  it('measures the duration from the start, and has a duration of 0 when the clock is behind the start', () => {
    const empty = emptyStatus({ runId: 'run', startedAt: 10_000, now: 12_500, ended: true });
    expect(empty).toMatchObject({ durationSeconds: 2.5, startedAt: '1970-01-01T00:00:10.000Z', finishedAt: '1970-01-01T00:00:12.500Z' });
    expect(emptyStatus({ runId: 'run', startedAt: 10_000, now: 9_000 }).durationSeconds).toBe(0);
  });

  it.each([
    [20, []],
    [21, ['1 more tasks failed']],
    [23, ['3 more tasks failed']],
  ])('of %i failed tasks names twenty of them', (count, more) => {
    const tasks = [customTask('good'), ...Array.from({ length: count }, (_, i) => customTask(`t${i}`))];
    const run = new DrivenRun(runConfig({ tasks, maxConcurrent: 100 }));
    run.start();
    run.ends('good', [succeeded('good')]);
    for (let i = 0; i < count; i++) run.ends(`t${i}`, [failed(`t${i}`, 'no')]);
    expect(run.result.result).toBe('degraded');
    expect(run.result.reasons).toEqual([...Array.from({ length: 20 }, (_, i) => `t${i} failed: no`), ...more]);
  });

  it('lists each reason for a degraded run once, with its tasks', () => {
    const tasks = Array.from({ length: 3 }, (_, i) => customTask(`t${i}`));
    const run = new DrivenRun(runConfig({ tasks }));
    run.start();
    const reasons = Array.from({ length: 19 }, (_, i) => `reason ${i}`);
    run.ends('t0', [succeeded('t0', { degraded: ['shared', ...reasons] })]);
    run.ends('t1', [succeeded('t1', { degraded: ['shared'] })]);
    run.ends('t2', [succeeded('t2', { degraded: ['shared'] })]);
    expect(run.result.reasons).toEqual(['t0 and 2 more: shared', ...reasons.map((reason) => `t0: ${reason}`)]);
  });
});
