import { describe, expect, it } from 'vitest';
import { DrivenRun, failed, retryLater, succeeded } from './driven-run.ts';
import { customTask, runConfig } from './run-config.ts';

describe('the answer to why a task is where it is', () => {
  const config = runConfig({
    symbols: ['BTC', 'ETH'],
    untilStage: 'clean',
    maxConcurrent: 1,
    tasks: [customTask('notify', { dependencies: ['BTC/clean', 'ETH/clean'] })],
  });

  it('names the tasks that it waits for, and their state', () => {
    const run = new DrivenRun(config);
    run.start();
    expect(run.why('notify')).toBe('notify is waiting for BTC/clean (pending), ETH/clean (pending)');
    expect(run.why('BTC/clean')).toBe('BTC/clean is waiting for BTC/collect (running)');
  });

  it('states which tasks hold the slots, and the place in the queue', () => {
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
    expect(run.why('BTC/collect')).toBe('BTC/collect is ready, but the run is paused; resume it to continue');
    expect(run.why('notify')).toMatch(/; the run is paused$/);
  });

  it('is that of the first unfinished stage for a symbol, and suggests the nearest name for a misspelt id', () => {
    const run = new DrivenRun(config);
    run.start();
    run.reports('BTC', [succeeded('BTC/collect')]);
    expect(run.why('BTC')).toMatch(/^BTC\/clean is running/);
    expect(run.why('BTC/claen')).toBe('no task BTC/claen in this run; did you mean BTC/clean?');
    expect(run.why('BTC/collect')).toBe('BTC/collect succeeded');
  });

  it('counts waiting and running time from their start, not from 1970', () => {
    const run = new DrivenRun(config);
    run.start(1_000_000);
    run.now = 1_065_400;
    expect(run.why('ETH/collect')).toMatch(/ for 65 s; all 1 slots/);
    expect(run.why('BTC/collect')).toBe('BTC/collect is running for 65 s');
  });

  it('numbers the queue from the next task on, and equal tasks in the order of the graph', () => {
    const queue = new DrivenRun(runConfig({ tasks: ['a', 'b', 'c', 'd'].map((id) => customTask(id)), maxConcurrent: 1 }));
    queue.start();
    expect(['b', 'c', 'd'].map((id) => /number \d of \d/.exec(queue.why(id))?.[0])).toEqual([
      'number 1 of 3',
      'number 2 of 3',
      'number 3 of 3',
    ]);
  });

  it('names five tasks that it waits for, and counts the others', () => {
    const first = Array.from({ length: 7 }, (_, i) => customTask(`t${i}`));
    const waiting = (count: number) =>
      new DrivenRun(
        runConfig({ tasks: [...first, customTask('last', { dependencies: first.slice(0, count).map(({ taskId }) => taskId) })] }),
      );
    const five = waiting(5);
    five.start();
    expect(five.why('last')).toBe(`last is waiting for ${[0, 1, 2, 3, 4].map((i) => `t${i} (running)`).join(', ')}`);
    const seven = waiting(7);
    seven.start();
    expect(seven.why('last')).toMatch(/t4 \(running\) and 2 more$/);
  });

  it('states when a retry is due, the last error in one line, and the number of attempts', () => {
    const run = new DrivenRun(config);
    run.start();
    run.ends('BTC', [retryLater('BTC/collect', 3_600_000)]);
    expect(run.why('BTC/collect')).toBe(
      'BTC/collect is waiting for its retry at 1970-01-01T01:00:00.000Z after 1 attempt: RateLimited: polymarket asks to wait',
    );
    run.ends('ETH', [failed('ETH/collect', 'first line\n  second line')]);
    expect(run.why('ETH/collect')).toBe('ETH/collect failed after 4 attempts: SourceUnavailable: first line second line');
    expect(run.why('ETH/clean')).toBe(
      'ETH/clean was skipped because ETH/collect failed, and it depends on that: SourceUnavailable: first line second line',
    );
  });
});
