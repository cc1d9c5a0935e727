import { describe, expect, it } from 'vitest';
import { DrivenRun, succeeded } from './driven-run.ts';
import { customTask, runConfig } from './run-config.ts';

describe('why', () => {
  const config = runConfig({
    symbols: ['BTC', 'ETH'],
    untilStage: 'clean',
    maxConcurrent: 1,
    tasks: [customTask('notify', { dependencies: ['BTC/clean', 'ETH/clean'] })],
  });

  it('names the tasks that are waited for, and how they stand', () => {
    const run = new DrivenRun(config);
    run.start();
    expect(run.why('notify')).toBe('notify is waiting for BTC/clean (pending), ETH/clean (pending)');
    expect(run.why('BTC/clean')).toBe('BTC/clean is waiting for BTC/collect (running)');
  });

  it('says who holds the slots and which place in the queue a task has', () => {
    const run = new DrivenRun(config);
    run.start();
    run.now = 65_000;
    expect(run.why('ETH/collect')).toBe(
      'ETH/collect is waiting for a slot: number 1 of 1 in the queue (priority) for 65 s; all 1 slots are held by BTC/collect',
    );
    expect(run.why('BTC/collect')).toBe('BTC/collect is running for 65 s');
  });

  it('says that the run is paused, or has not started', () => {
    const run = new DrivenRun(config);
    expect(run.why('BTC/collect')).toBe('BTC/collect is waiting for the run to start');
    run.tell({ type: 'pause', at: 0 });
    run.start();
    expect(run.why('BTC/collect')).toBe('BTC/collect is ready, but the run is paused; resume it to go on');
    expect(run.why('notify')).toMatch(/; the run is paused$/);
  });

  it('takes a symbol for its first unfinished stage, and a misspelt id for the nearest', () => {
    const run = new DrivenRun(config);
    run.start();
    run.reports('BTC', [succeeded('BTC/collect')]);
    expect(run.why('BTC')).toMatch(/^BTC\/clean is running/);
    expect(run.why('BTC/claen')).toBe('no task BTC/claen in this run; did you mean BTC/clean?');
    expect(run.why('BTC/collect')).toBe('BTC/collect succeeded');
  });
});
