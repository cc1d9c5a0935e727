import { describe, expect, it } from 'vitest';
import { lanesToCome } from '../../src/scheduling/run/lanes.ts';
import { DrivenRun, failed, retryLater, succeeded } from './driven-run.ts';
import { customTask, runConfig } from './run-config.ts';

const STAGES_TO_STORE = ['collect', 'clean', 'store'];
const through = (symbol: string) => STAGES_TO_STORE.map((stage) => succeeded(`${symbol}/${stage}`));

describe('the slots of a run', () => {
  it('are given to a symbol for all its stages, so that symbols finish one after the other', () => {
    const run = new DrivenRun(runConfig({ symbols: ['BTC', 'ETH'], untilStage: 'store', maxConcurrent: 1 }));
    expect(run.start()).toEqual(['start BTC collect..store']);
    expect(run.reports('BTC', [succeeded('BTC/collect')])).toEqual([]);
    expect(run.is('BTC/clean')).toBe('running');
    expect(run.ends('BTC', through('BTC'))).toEqual(['start ETH collect..store']);
    expect(run.ends('ETH', through('ETH'))).toEqual(['finish success']);
  });

  it('are released at a closed gate: one slot suffices for a check in the middle of a symbol', () => {
    const check = customTask('check', { dependencies: ['BTC/clean'], runBefore: ['BTC/store'] });
    const run = new DrivenRun(runConfig({ symbols: ['BTC'], untilStage: 'store', maxConcurrent: 1, tasks: [check] }));
    expect(run.start()).toEqual(['start BTC collect..clean']);
    expect(run.ends('BTC', [succeeded('BTC/collect'), succeeded('BTC/clean')])).toEqual(['start check']);
    expect(run.ends('check', [succeeded('check')])).toEqual(['start BTC store']);
  });

  it('are not released at a gate that is open already', () => {
    const check = customTask('check', { runBefore: ['BTC/store'] });
    const run = new DrivenRun(runConfig({ symbols: [], untilStage: 'store', maxConcurrent: 2, tasks: [customTask('check')] }));
    expect(run.start()).toEqual(['start check']);
    const gated = new DrivenRun(runConfig({ symbols: ['BTC'], untilStage: 'store', maxConcurrent: 1, tasks: [{ ...check, priority: 1 }] }));
    expect(gated.start()).toEqual(['start check']);
    expect(gated.ends('check', [succeeded('check')])).toEqual(['start BTC collect..store']);
  });

  it('are released for a long wait: five symbols that retry in five minutes never block the sixth', () => {
    const symbols = ['A', 'B', 'C', 'D', 'E', 'F'];
    const run = new DrivenRun(runConfig({ symbols, untilStage: 'collect', maxConcurrent: 5 }));
    run.start();
    expect(run.ends('A', [retryLater('A/collect', 300_000)])).toEqual(['wake at 300000', 'start F collect']);
    for (const symbol of ['B', 'C', 'D', 'E']) expect(run.ends(symbol, [retryLater(`${symbol}/collect`, 300_000)])).toEqual([]);
    expect(run.ends('F', [succeeded('F/collect')])).toEqual([]);
    expect(run.why('A/collect')).toMatch(/retry at 1970-01-01T00:05:00.000Z .*polymarket asks to wait/);
    expect(run.tell({ type: 'wake', at: 300_000 })).toEqual(symbols.slice(0, 5).map((symbol) => `start ${symbol} collect`));
  });

  it('come with the earlier attempts, failures and last error when they are given again after a long wait', () => {
    const run = new DrivenRun(runConfig({ symbols: ['A'], untilStage: 'collect' }));
    run.start();
    run.ends('A', [retryLater('A/collect', 100, { attempts: 2, failures: 2 })]);
    run.tell({ type: 'wake', at: 100 });
    expect(run.commands).toMatchObject([
      { type: 'startSymbol', earlierAttempts: 2, earlierFailures: 2, earlierError: { type: 'RateLimited' } },
    ]);
    expect(run.ends('A', [succeeded('A/collect', { attempts: 3 })])).toEqual(['finish success']);
    expect(run.status.taskResults['A/collect'].attempts).toBe(3);
  });

  it('have a known number of lanes that still have to start', () => {
    const tasks = [customTask('notify', { dependencies: ['A/visualize'] })];
    const run = new DrivenRun(runConfig({ symbols: ['A', 'B', 'C', 'D'], tasks, maxConcurrent: 2 }));
    expect(lanesToCome(run.state)).toBe(5);
    run.start();
    expect(lanesToCome(run.state)).toBe(3);
    run.ends('A', [failed('A/collect')]);
    expect(run.status.taskResults.notify.status).toBe('skipped');
    expect(lanesToCome(run.state)).toBe(1);
    run.ends('B', [succeeded('B/collect')], { end: 'yielded' });
    expect(lanesToCome(run.state)).toBe(1);
  });

  it('become free once, however a lane ends', () => {
    for (const [end, type] of [
      ['terminated', 'Terminated'],
      ['not-started', 'NotStarted'],
      ['cancelled', 'Cancelled'],
      ['completed', 'Terminated'],
    ] as const) {
      const run = new DrivenRun(runConfig({ symbols: ['A', 'B', 'C'], untilStage: 'collect', maxConcurrent: 1 }));
      run.start();
      expect(run.ends('A', [], { end })).toEqual(['start B collect']);
      expect(run.ends('A', [], { end })).toEqual([]);
      expect(run.status.taskResults['A/collect']).toMatchObject({ status: 'failed', error: { type } });
      expect(run.status.taskResults['A/collect'].error?.message).toContain(`A ended (${end}) without saying how`);
    }
  });

  it('are taken back one by one for more urgent tasks, from the least urgent symbol first', () => {
    const symbols = [
      { symbol: 'LATE', priority: 5 },
      { symbol: 'MIDDLE', priority: 3 },
    ];
    const urgent = ['u1', 'u2', 'u3'].map((id) => customTask(id, { priority: 1, dependencies: ['first'] }));
    const tasks = [customTask('first', { priority: 2 }), ...urgent];
    const run = new DrivenRun(runConfig({ symbols, untilStage: 'store', maxConcurrent: 3, tasks }));
    expect(run.start()).toEqual(['start first', 'start MIDDLE collect..store', 'start LATE collect..store']);
    // one of them will take the slot of `first`; for the other two the symbols are asked
    expect(run.ends('first', [succeeded('first')])).toEqual(['yield LATE', 'yield MIDDLE', 'start u1']);
    expect(run.ends('LATE', [succeeded('LATE/collect')], { end: 'yielded' })).toEqual(['start u2']);
    expect(run.why('LATE/clean')).toMatch(/waiting for a slot: number 2 of 2 .*all 3 slots are held by MIDDLE\/collect, u1, u2/);
  });

  it('are never taken back for an equally urgent task: waiting only moves a task up in the queue', () => {
    const run = new DrivenRun(runConfig({ symbols: ['A', 'B'], untilStage: 'store', maxConcurrent: 1 }));
    run.start();
    expect(run.reports('A', [succeeded('A/collect')], 3_600_000)).toEqual([]);
  });

  it('are added at once when maxConcurrent rises, and removed at the next stage boundary when it falls, newest symbols first', () => {
    const run = new DrivenRun(runConfig({ symbols: ['A', 'B', 'C', 'D'], untilStage: 'store', maxConcurrent: 2 }));
    run.start();
    expect(run.tell({ type: 'setMaxConcurrent', value: 3, at: 1 })).toEqual(['start C collect..store']);
    expect(run.tell({ type: 'setMaxConcurrent', value: 1, at: 2 })).toEqual(['yield C', 'yield B']);
    expect(run.ends('C', [succeeded('C/collect')], { end: 'yielded' })).toEqual([]);
    expect(run.ends('B', [succeeded('B/collect')], { end: 'yielded' })).toEqual([]);
    expect(run.ends('A', through('A'))).toEqual(['start D collect..store']);
    expect(run.tell({ type: 'setMaxConcurrent', value: 0, at: 9 })).toEqual([]);
    expect(run.state.maxConcurrent).toBe(1);
  });

  it('stay free while the run is paused, and a paused run does not end', () => {
    const run = new DrivenRun(runConfig({ symbols: ['A', 'B'], untilStage: 'clean', maxConcurrent: 1 }));
    run.start();
    expect(run.tell({ type: 'pause', at: 1 })).toEqual(['yield A']);
    expect(run.ends('A', [succeeded('A/collect')], { end: 'yielded' })).toEqual([]);
    expect(run.why('A/clean')).toMatch(/paused/);
    expect(run.tell({ type: 'resume', at: 5 })).toEqual(['start B collect..clean']);
  });

  it('become free after a failure, and the tasks that depend on it are skipped', () => {
    const run = new DrivenRun(runConfig({ symbols: ['A', 'B'], untilStage: 'store', maxConcurrent: 1 }));
    run.start();
    expect(run.ends('A', [succeeded('A/collect'), failed('A/clean')])).toEqual(['start B collect..store']);
    expect(run.ends('B', through('B'))).toEqual(['finish degraded']);
  });
});

describe('more slots than Temporal supports', () => {
  it('are not used, because Temporal refuses a workflow with more than 2,000 open children', () => {
    const symbols = Array.from({ length: 2_100 }, (_, i) => `S${i}`);
    const run = new DrivenRun(runConfig({ symbols, untilStage: 'collect', maxConcurrent: 10_000 }));
    expect(run.start()).toHaveLength(1_500);
    expect(run.ends('S0', [succeeded('S0/collect')])).toEqual(['start S1500 collect']);
  });
});
