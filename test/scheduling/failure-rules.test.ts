import { describe, expect, it } from 'vitest';
import { DrivenRun, failed, retryLater, succeeded } from './driven-run.ts';
import { customTask, runConfig } from './run-config.ts';

describe('a failed task', () => {
  it('skips the tasks that depend on it, with its id as the reason, and does not affect others', () => {
    const report = customTask('report', { dependencies: ['A/store', 'B/store'] });
    const run = new DrivenRun(runConfig({ symbols: ['A', 'B'], untilStage: 'store', tasks: [report] }));
    run.start();
    run.ends('A', [succeeded('A/collect'), failed('A/clean', 'bad row')]);
    expect(run.status.taskResults['A/store']).toEqual({ status: 'skipped', skippedBecause: 'A/clean' });
    expect(run.status.taskResults.report).toEqual({ status: 'skipped', skippedBecause: 'A/clean' });
    expect(run.status.taskResults['A/clean']).toMatchObject({
      status: 'failed',
      attempts: 4,
      error: { type: 'SourceUnavailable', message: 'bad row', stack: 'at the venue' },
    });
    expect(run.is('B/collect')).toBe('running');
    expect(run.why('report')).toBe('report was skipped because A/clean failed, and it depends on that: SourceUnavailable: bad row');
    expect(run.why('A/clean')).toBe('A/clean failed after 4 attempts: SourceUnavailable: bad row');
  });

  it('that is critical cancels running tasks, skips the others, and fails the run once all have ended', () => {
    const config = runConfig({ symbols: ['A', 'B', 'C'], untilStage: 'clean', maxConcurrent: 2, stages: { clean: { critical: true } } });
    const run = new DrivenRun(config);
    run.start();
    run.reports('B', [{ taskId: 'B/collect', kind: 'started', at: 1 }]);
    expect(run.ends('A', [succeeded('A/collect'), failed('A/clean', 'disk full')])).toEqual(['cancel B']);
    expect(run.is('C/collect')).toBe('skipped');
    expect(run.ends('B', [{ taskId: 'B/collect', kind: 'cancelled', at: 9, startedAt: 1, attempts: 1 }], { end: 'cancelled' })).toEqual([
      'finish failed CriticalTaskFailed',
    ]);
    expect(run.is('B/collect')).toBe('cancelled');
    expect(run.status.taskResults['B/clean']).toEqual({ status: 'skipped', skippedBecause: 'A/clean' });
    expect(run.result).toMatchObject({ result: 'failed', reasons: ['critical task A/clean failed: disk full'] });
    expect(run.why('C/collect')).toBe(
      'C/collect was skipped because the critical task A/clean failed and stopped the run: SourceUnavailable: disk full',
    );
  });

  it('runs again with retryFailed, together with the tasks it skipped; successes are kept and attempts continue to count', () => {
    const run = new DrivenRun(runConfig({ symbols: ['A', 'B'], untilStage: 'store' }));
    run.start();
    run.ends('A', [succeeded('A/collect'), failed('A/clean')]);
    expect(run.tell({ type: 'retryFailed', at: 9 })).toEqual(['start A clean..store']);
    expect(run.is('A/collect')).toBe('success');
    run.ends('A', [succeeded('A/clean', { attempts: 5 }), succeeded('A/store')]);
    expect(run.status.taskResults['A/clean']).toMatchObject({ status: 'success', attempts: 5, error: null });
    run.ends('B', [succeeded('B/collect'), succeeded('B/clean'), succeeded('B/store')]);
    expect(run.result.result).toBe('success');
  });

  it('is excluded from the averages of its stage while it runs again', () => {
    const run = new DrivenRun(runConfig({ symbols: ['A', 'B', 'C'], untilStage: 'collect' }));
    const took = (seconds: number) => ({ startedAt: 1_000, at: 1_000 + seconds * 1_000 });
    run.start();
    run.ends('A', [succeeded('A/collect', took(4))]);
    run.ends('B', [{ ...failed('B/collect'), ...took(2) }]);
    expect(run.status.stageStats.collect).toEqual({ count: 2, successRate: 0.5, meanSeconds: 3, maxSeconds: 4 });
    run.tell({ type: 'retryFailed', at: 9 });
    expect(run.status.stageStats.collect).toEqual({ count: 1, successRate: 1, meanSeconds: 4, maxSeconds: 4 });
    run.ends('B', [succeeded('B/collect', took(6))]);
    expect(run.status.stageStats.collect).toEqual({ count: 2, successRate: 1, meanSeconds: 5, maxSeconds: 6 });
  });

  it('without a report at the end of its lane runs again if the lane completed, and fails if the lane was terminated', () => {
    const ended = (end: 'completed' | 'terminated') => {
      const run = new DrivenRun(runConfig({ symbols: ['A'], untilStage: 'clean' }));
      run.start();
      run.reports('A', [succeeded('A/collect')]);
      return { commands: run.ends('A', [], { end }), clean: run.status.taskResults['A/clean'] };
    };
    expect(ended('completed')).toMatchObject({ commands: ['start A clean'], clean: { status: 'running', error: null } });
    expect(ended('terminated').clean).toMatchObject({ status: 'failed', error: { type: 'Terminated' } });
  });

  it('runs again with retryFailed and keeps its earlier error, so that `why` can say why it was retried', () => {
    const run = new DrivenRun(runConfig({ symbols: ['A', 'B'], untilStage: 'clean' }));
    run.start();
    run.ends('A', [succeeded('A/collect'), failed('A/clean', 'the venue answered 500', 4)]);
    run.tell({ type: 'retryFailed', at: 9 });
    expect(run.commands).toMatchObject([
      {
        type: 'startSymbol',
        stages: ['clean'],
        earlierAttempts: 4,
        earlierFailures: 0,
        earlierError: { type: 'SourceUnavailable', message: 'the venue answered 500' },
      },
    ]);
  });

  it('runs again with retryFailed even before its lane has ended, and its earlier failure is not counted again', () => {
    const run = new DrivenRun(runConfig({ symbols: ['A'], untilStage: 'clean' }));
    run.start();
    run.reports('A', [failed('A/collect')]);
    expect(run.tell({ type: 'retryFailed', at: 2 })).toEqual([]);
    expect(run.ends('A', [failed('A/collect')])).toEqual(['start A collect..clean']);
    expect(run.reports('A', [failed('A/collect')])).toEqual([]);
    expect(run.is('A/collect')).toBe('running');
  });
});

describe('a cancelled run', () => {
  it('keeps the stages of an open lane unfinished until the lane reports how far it came', () => {
    const run = new DrivenRun(runConfig({ symbols: ['A'], untilStage: 'store' }));
    run.start();
    run.reports('A', [{ taskId: 'A/collect', kind: 'started', at: 2 }]);
    run.tell({ type: 'cancel', at: 5 });
    expect([run.is('A/collect'), run.is('A/clean')]).toEqual(['running', 'pending']);
    run.ends('A', [succeeded('A/collect'), succeeded('A/clean')], { end: 'cancelled' });
    expect([run.is('A/clean'), run.is('A/store')]).toEqual(['success', 'cancelled']);
  });

  it('cancels all unfinished tasks, and ends when the last lane has ended', () => {
    const run = new DrivenRun(runConfig({ symbols: ['A', 'B', 'C'], untilStage: 'clean', maxConcurrent: 2 }));
    run.start();
    run.ends('A', [retryLater('A/collect', 99_999)]);
    expect(run.tell({ type: 'cancel', at: 5, reason: 'not today' })).toEqual(['cancel B', 'cancel C']);
    run.ends('B', [], { end: 'cancelled' });
    expect(run.ends('C', [succeeded('C/collect'), succeeded('C/clean')])).toEqual(['finish cancelled']);
    expect(run.status.statusBreakdown).toEqual({ pending: 0, running: 0, success: 2, failed: 0, skipped: 0, cancelled: 4 });
    expect(run.result.reasons).toEqual(['cancelled: not today']);
    expect(run.tell({ type: 'retryFailed', at: 9 })).toEqual([]);
  });
});

describe('the result of a run', () => {
  it('is success at once without tasks', () => {
    const run = new DrivenRun(runConfig());
    expect(run.start()).toEqual(['finish success']);
    expect(run.status).toMatchObject({ totalTasks: 0, progress: 1 });
  });

  it('is failed when no symbol reached its last stage, whatever else succeeded, with that reason first', () => {
    const config = runConfig({ symbols: ['A', 'B'], untilStage: 'clean', tasks: [customTask('t')] });
    const run = new DrivenRun(config);
    run.start();
    run.ends('t', [succeeded('t')]);
    run.ends('A', [succeeded('A/collect'), failed('A/clean', 'bad row')]);
    expect(run.ends('B', [failed('B/collect', 'no route to host')])).toEqual(['finish failed NothingSucceeded']);
    const reasons = ['none of 2 symbols reached clean', 'A/clean failed: bad row', 'B/collect failed: no route to host'];
    expect(run.result).toMatchObject({ result: 'failed', reasons });
    expect(run.commands).toMatchObject([
      { failure: { type: 'NothingSucceeded', message: 'none of 2 symbols reached clean: A/clean failed: bad row' } },
    ]);
  });

  it('is failed for custom tasks only when none of them succeeded, and degraded when one did', () => {
    const all = new DrivenRun(runConfig({ tasks: [customTask('a'), customTask('b')] }));
    all.start();
    all.ends('a', [failed('a', '404')]);
    expect(all.ends('b', [failed('b', '404')])).toEqual(['finish failed NothingSucceeded']);
    expect(all.result.reasons).toEqual(['none of 2 tasks succeeded', 'a failed: 404', 'b failed: 404']);
    const one = new DrivenRun(runConfig({ tasks: [customTask('a'), customTask('b')] }));
    one.start();
    one.ends('a', [failed('a', '404')]);
    expect(one.ends('b', [succeeded('b')])).toEqual(['finish degraded']);
  });

  it('is degraded when only one symbol reached its last stage, also when that success is reused from an earlier run', () => {
    const outcome = { output: { rows: 7 }, attempts: 1 };
    const config = runConfig({ symbols: ['A', 'B'], untilStage: 'collect' });
    const run = new DrivenRun(config, { reused: new Map([['A/collect', outcome]]) });
    run.start();
    expect(run.ends('B', [failed('B/collect')])).toEqual(['finish degraded']);
  });

  it('is degraded when a task reports so, with each reason once', () => {
    const run = new DrivenRun(runConfig({ symbols: ['A', 'B'], untilStage: 'collect' }));
    run.start();
    const degraded = ['predict is skipped: PREDICT_API_KEY is not set'];
    run.ends('A', [succeeded('A/collect', { degraded })]);
    expect(run.ends('B', [succeeded('B/collect', { degraded })])).toEqual(['finish degraded']);
    expect(run.result.reasons).toEqual(['A/collect and 1 more: predict is skipped: PREDICT_API_KEY is not set']);
    expect(run.status.taskResults['A/collect'].degraded).toEqual(degraded);
  });

  it('includes the successes of an earlier run, except those of tasks after one that runs again', () => {
    const outcome = { output: { rows: 7 }, attempts: 1 };
    const config = runConfig({ symbols: ['A'], untilStage: 'kline', maxConcurrent: 1 });
    const run = new DrivenRun(config, { reused: new Map(['A/collect', 'A/clean', 'A/kline'].map((id) => [id, outcome])) });
    expect(run.start()).toEqual(['start A store..kline']);
    expect(run.status.taskResults['A/clean']).toMatchObject({ status: 'success', attempts: 0, output: { rows: 7 } });
    expect(run.why('A/clean')).toBe('A/clean is reused from an earlier run');
  });
});

describe('a report of a stage outside its lane', () => {
  it('changes nothing, whether that stage comes after the last or before the current one', () => {
    const gate = customTask('gate', { dependencies: ['A/clean'], runBefore: ['A/store'] });
    const run = new DrivenRun(runConfig({ symbols: ['A'], untilStage: 'kline', tasks: [gate] }));
    expect(run.start()).toEqual(['start A collect..clean']);
    run.reports('A', [failed('A/store', 'forged'), { taskId: 'A/kline', kind: 'started', at: 1 }]);
    expect([run.is('A/store'), run.is('A/kline'), run.is('A/collect')]).toEqual(['pending', 'pending', 'running']);
    run.reports('A', [succeeded('A/collect')]);
    run.reports('A', [failed('A/collect', 'late')]);
    expect([run.is('A/collect'), run.is('A/clean')]).toEqual(['success', 'running']);
  });
});
