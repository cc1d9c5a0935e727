import { describe, expect, it } from 'vitest';
import type { TaskReport } from '../../src/contracts/task/stage-report.ts';
import { dehydrate, rehydrate } from '../../src/scheduling/carry/dehydrate.ts';
import { writeTimes } from '../../src/scheduling/carry/dehydrate-tasks.ts';
import { encodedBytes } from '../../src/scheduling/payload/budget.ts';
import { reduce } from '../../src/scheduling/run/reducer.ts';
import { statusOf } from '../../src/scheduling/run/status/status.ts';
import { DrivenRun, failed, retryLater, succeeded } from './driven-run.ts';
import { customTask, runConfig } from './run-config.ts';

const span = (from: number, to: number): string => `${from.toString(36)}.${(to - from).toString(36)}`;
const stages = ['collect', 'clean', 'store', 'kline', 'backtest', 'visualize'];

describe('the compact state of a run for continue-as-new', () => {
  it('is far smaller than the maximum Temporal payload for 10,000 symbols, failures included', () => {
    const symbols = Array.from({ length: 10_000 }, (_, i) => `SYMBOL_${i}`);
    const run = new DrivenRun(runConfig({ symbols, maxConcurrent: 100 }));
    run.start(1_700_000_000_000);
    for (const [i, symbol] of symbols.slice(0, 6_000).entries()) {
      const at = 1_700_000_000_000 + i * 1_000;
      const [first, ...rest] = stages.map((stage) => succeeded(`${symbol}/${stage}`, { at, degraded: ['PREDICT_API_KEY is not set'] }));
      run.ends(symbol, i % 10 === 0 ? [first, failed(`${symbol}/clean`)] : [first, ...rest], { at });
    }
    const data = dehydrate(run.state);
    expect(JSON.stringify(data).length).toBeLessThan(500_000);
    const question = { runId: 'run', now: 1_700_009_000_000, detail: 'symbol' } as const;
    const again = rehydrate(run.state.graph, JSON.parse(JSON.stringify(data)));
    expect(statusOf(again, question)).toEqual(statusOf(run.state, question));
  });

  it('has the start times of running tasks even when the times of ended tasks are left out', () => {
    const run = new DrivenRun(runConfig({ symbols: ['A'], untilStage: 'clean', tasks: [customTask('t')] }));
    run.start(1_000);
    run.ends('A', [succeeded('A/collect', { at: 2_000 }), succeeded('A/clean', { at: 3_000 })]);
    expect(writeTimes(run.state)).toBe(`${span(0, 1_000)},${span(0, 2_000)};0`);
    expect(writeTimes(run.state, false)).toBe(';0');
  });

  it('is whole up to the last byte of its budget; beyond it details go first, then the times and attempts of ended tasks', () => {
    const run = new DrivenRun(runConfig({ tasks: [customTask('a'), customTask('b')] }));
    run.start(1_000);
    run.ends('a', [{ ...succeeded('a', { attempts: 3 }), output: { note: 'x'.repeat(500) } } as TaskReport]);
    run.ends('b', [retryLater('b', 9_000)]);
    expect(run.tell({ type: 'wake', at: 9_000 })).toEqual(['start b']);
    run.reports('b', [{ taskId: 'b', kind: 'started', at: 9_001 }]);
    expect([...run.state.attempts]).toEqual([3, 2]);
    const whole = dehydrate(run.state);
    expect(JSON.stringify(whole)).toContain('xxx');
    expect(dehydrate(run.state, encodedBytes(whole))).toEqual(whole);
    const attemptsIn = (data: typeof whole): number[] => [...rehydrate(run.state.graph, data).attempts];
    expect(attemptsIn(whole)).toEqual([3, 2]);
    const least = dehydrate(run.state, 1);
    expect(JSON.stringify(least)).not.toContain('xxx');
    expect(attemptsIn(least)).toEqual([1, 2]);
  });

  it('names the cause of a skipped task only where the graph does not imply it', () => {
    const run = new DrivenRun(runConfig({ symbols: ['A'], untilStage: 'store', tasks: [customTask('t', { dependencies: ['A/store'] })] }));
    run.start();
    run.ends('A', [failed('A/collect')]);
    expect(run.is('t')).toBe('skipped');
    expect(dehydrate(run.state)).toMatchObject({ skippedBecause: [] });
  });

  it('is written after a drain: open lanes end, and no other lane starts before the run continues', () => {
    const run = new DrivenRun(runConfig({ symbols: ['A', 'B', 'C'], untilStage: 'collect', maxConcurrent: 2 }));
    run.start();
    expect(run.tell({ type: 'drain', at: 1 })).toEqual([]);
    expect(run.ends('A', [succeeded('A/collect')])).toEqual([]);
    expect(run.why('C/collect')).toMatch(/^C\/collect is waiting for a slot/);
    expect(run.ends('B', [succeeded('B/collect')])).toEqual([]);
    const again = rehydrate(run.state.graph, dehydrate(run.state));
    expect(reduce(again, { type: 'wake', at: 9 })).toMatchObject([{ type: 'startSymbol', symbol: 'C' }]);
  });

  it('is given up when the run is cancelled while it drains', () => {
    const run = new DrivenRun(runConfig({ symbols: ['A', 'B'], untilStage: 'collect', maxConcurrent: 1 }));
    run.start();
    run.tell({ type: 'drain', at: 1 });
    expect(run.tell({ type: 'cancel', at: 2 })).toEqual(['cancel A']);
    expect(run.ends('A', [], { end: 'cancelled' })).toEqual(['finish cancelled']);
  });

  it('with a custom order needs the same order when it is read', () => {
    const order = { name: 'mine', key: () => 0 };
    const run = new DrivenRun(runConfig({ tasks: [customTask('a')] }), { order });
    run.start();
    const data = dehydrate(run.state);
    expect(() => rehydrate(run.state.graph, data)).toThrow(/ordered by mine/);
    const again = rehydrate(run.state.graph, data, { order });
    expect(reduce(again, { type: 'laneEnded', lane: 'a', reports: [succeeded('a')], end: 'completed', at: 1 })).toMatchObject([
      { type: 'finish', result: 'success' },
    ]);
  });
});
