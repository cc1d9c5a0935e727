import { describe, expect, it } from 'vitest';
import { reduce } from '../../src/scheduling/run/reducer.ts';
import { createRun } from '../../src/scheduling/run/run-state.ts';
import { DrivenRun, failed, retryLater, succeeded } from './driven-run.ts';
import { customTask, graphOfConfig, runConfig } from './run-config.ts';

const short = (taskId: string, given: Parameters<typeof customTask>[1] = {}) => customTask(taskId, { short: true, ...given });
const chain = (name: string, count: number) =>
  Array.from({ length: count }, (_, i) => short(`${name}${i}`, { dependencies: i === 0 ? [] : [`${name}${i - 1}`] }));

describe('short custom tasks', () => {
  it('run on in the slot of the task before, and return to the queue at the point where the activity ended', () => {
    const run = new DrivenRun(runConfig({ tasks: chain('t', 5) }));
    expect(run.start()).toEqual(['start t0 → t1 → t2 → t3 → t4']);
    expect(run.is('t1')).toBe('pending');
    expect(run.ends('t0', [succeeded('t0'), succeeded('t1')], { end: 'yielded' })).toEqual(['start t2 → t3 → t4']);
    expect(run.status.statusBreakdown).toMatchObject({ success: 2, running: 1, pending: 2 });
    expect(
      run.ends(
        't2',
        ['t2', 't3', 't4'].map((id) => succeeded(id)),
      ),
    ).toEqual(['finish success']);
  });

  it('share an activity up to a hundred', () => {
    const [started] = new DrivenRun(runConfig({ tasks: chain('t', 250) })).start();
    expect(started.split(' → ')).toHaveLength(100);
  });

  it('without dependencies on each other get a slot each', () => {
    const tasks = Array.from({ length: 3 }, (_, i) => short(`t${i}`));
    expect(new DrivenRun(runConfig({ tasks, maxConcurrent: 2 })).start()).toEqual(['start t0', 'start t1']);
  });

  it('run one by one when another task goes first, when several tasks wait for one, and for a retry', () => {
    const urgent = customTask('urgent', { priority: 1, dependencies: ['gate'] });
    const fork = [short('a'), short('b', { dependencies: ['a'] }), short('c', { dependencies: ['a'] })];
    expect(new DrivenRun(runConfig({ tasks: fork })).start()).toEqual(['start a']);
    const once = [short('a'), short('b', { dependencies: ['a'], onLostWorker: 'fail' })];
    expect(new DrivenRun(runConfig({ tasks: once })).start()).toEqual(['start a']);

    const run = new DrivenRun(runConfig({ tasks: [customTask('gate'), ...chain('t', 3), urgent], maxConcurrent: 2, order: 'priority' }));
    expect(run.start()).toEqual(['start gate', 'start t0 → t1 → t2']);
    expect(run.ends('t0', [succeeded('t0'), retryLater('t1', 9_000)])).toEqual(['wake at 9000']);
    expect(run.ends('gate', [succeeded('gate')])).toEqual(['start urgent']);
    expect(run.tell({ type: 'wake', at: 9_000 })).toEqual(['start t1']);
    expect(run.ends('t1', [succeeded('t1', { attempts: 2 })])).toEqual(['start t2']);
  });

  it('skip the tasks after a failure, and are cancelled with the run', () => {
    const run = new DrivenRun(runConfig({ tasks: chain('t', 4) }));
    run.start();
    expect(run.ends('t0', [succeeded('t0'), failed('t1')])).toEqual(['finish degraded']);
    expect(run.status.statusBreakdown).toMatchObject({ success: 1, failed: 1, skipped: 2 });

    const cancelled = new DrivenRun(runConfig({ tasks: chain('t', 4) }));
    cancelled.start();
    expect(cancelled.tell({ type: 'cancel', at: 5 })).toEqual(['cancel t0']);
    expect(cancelled.why('t2')).toContain('the run is ending');
    const ended = { taskId: 't1', kind: 'cancelled', at: 9, startedAt: 8, attempts: 1 } as const;
    expect(cancelled.ends('t0', [succeeded('t0'), ended], { end: 'cancelled' })).toEqual(['finish cancelled']);
    expect(cancelled.status.statusBreakdown).toMatchObject({ success: 1, cancelled: 3 });
  });

  it('each get a slot of their own in runs that were started before slots were shared', () => {
    const config = runConfig({ tasks: chain('t', 3) });
    const state = createRun({ graph: graphOfConfig(config), config });
    expect(reduce(state, { type: 'start', at: 0 })).toMatchObject([{ type: 'startTask', taskId: 't0' }]);
    expect(reduce(state, { type: 'wake', at: 1 })).toEqual([]);
    expect([...state.lanes.values()].map(({ tasks }) => tasks)).toEqual([[0]]);
  });
});
