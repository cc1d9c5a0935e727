import { describe, expect, it } from 'vitest';
import { DEFAULT_CATCH_UP_MS, windowOf } from '../../src/contracts/run/run-window.ts';
import { afterFailure, mostFailures, STORAGE_PATIENCE_MS } from '../../src/contracts/task/after-failure.ts';
import { hasLittleToDo, LITTLE, outputIn } from '../../src/contracts/task/little-to-do.ts';
import { numberIn, sentencesIn, textsIn } from '../../src/contracts/task/task-output.ts';
import { defaultPolicy, unlessDefault } from '../../src/contracts/task/task-policy.ts';
import { INTERVAL_MS, INTERVALS } from '../../src/contracts/words.ts';

describe('the output of a task', () => {
  it('gives its numbers, sentences and texts by name, and nothing when they have another type', () => {
    const output = { ticks: 7, failedSources: { polymarket: 'away', predict: 3 }, venueChanges: ['a', 7, 'b'], none: null };
    expect([numberIn(output, 'ticks'), numberIn(output, 'none'), numberIn(output, 'venueChanges')]).toEqual([7, null, null]);
    expect(sentencesIn(output, 'failedSources')).toEqual({ polymarket: 'away' });
    expect(['none', 'ticks', 'venueChanges', 'absent'].map((key) => sentencesIn(output, key))).toEqual([{}, {}, {}, {}]);
    expect([textsIn(output, 'venueChanges'), textsIn(output, 'ticks')]).toEqual([['a', 'b'], []]);
    for (const other of [null, undefined, 7, 'ticks', ['ticks']]) expect(numberIn(other, 'ticks')).toBeNull();
  });

  it('states whether the next stage has little to do; otherwise that stage may be large, as collect always may', () => {
    const little = (output: { ticks?: number; candles?: number } | undefined, stage: 'collect' | 'clean' | 'backtest') =>
      hasLittleToDo(stage, () => output, LITTLE);
    expect([little({ ticks: 1_000 }, 'clean'), little({ ticks: 1_001 }, 'clean'), little(undefined, 'clean')]).toEqual([
      true,
      false,
      false,
    ]);
    expect([little({ candles: 2_000 }, 'backtest'), little({ candles: 2_001 }, 'backtest')]).toEqual([true, false]);
    expect(little({ ticks: 0 }, 'collect')).toBe(false);
  });

  it('is found in the reports of the stages that succeeded', () => {
    const [ended, error] = [
      { at: 2, startedAt: 1, attempts: 1 },
      { type: 'BadInput', message: 'no' },
    ];
    const outputOf = outputIn([
      { ...ended, taskId: 'BTC/collect', kind: 'succeeded', output: { ticks: 7 } },
      { ...ended, taskId: 'BTC/clean', kind: 'failed', error },
    ]);
    expect([outputOf('collect'), outputOf('clean'), outputOf('store')]).toEqual([{ ticks: 7 }, undefined, undefined]);
  });
});

describe('the default policy of a task', () => {
  it('gives collect a timeout of fifteen minutes, and other stages one of five', () => {
    expect((['collect', 'clean', undefined] as const).map((stage) => defaultPolicy(stage).timeoutMs / 60_000)).toEqual([15, 5, 5]);
  });

  it('is left out of a payload only when every field has the default value', () => {
    expect(unlessDefault(defaultPolicy('collect'), 'collect')).toEqual({});
    const others = [defaultPolicy('collect'), { ...defaultPolicy(), maxRetries: 4 }, { ...defaultPolicy(), byError: {} }];
    for (const policy of others) expect(unlessDefault(policy)).toEqual({ policy });
  });

  it('waits ten minutes for storage, counted from the first failure of an outage', () => {
    expect(STORAGE_PATIENCE_MS).toBe(600_000);
    const policy = defaultPolicy();
    const after = (at: number) =>
      afterFailure(policy, { failures: 0, spent: { storage: { count: 1, since: 0, last: at - 1 } } }, { type: 'StorageUnavailable', at })
        .next;
    expect([after(599_999), after(600_000)]).toEqual(['retry', 'none']);
  });

  it('counts that wait again from 0 once storage has been available for more than five minutes', () => {
    const storage = { count: 20, since: 0, last: 500_000 };
    const after = (at: number, before: { count: number; since: number; last: number } = storage) =>
      afterFailure(defaultPolicy(), { failures: 0, spent: { storage: before } }, { type: 'StorageUnavailable', at });
    expect(after(800_000).next).toBe('none');
    expect(after(800_001)).toMatchObject({ next: 'retry', waitMs: 250, spent: { storage: { count: 21, since: 800_001 } } });
    // forty failures over all outages are the end
    expect([38, 39].map((count) => after(900_000, { ...storage, count }).next)).toEqual(['retry', 'none']);
  });

  it('limits the number of failed attempts to the sum over all rules', () => {
    expect(mostFailures(defaultPolicy())).toBe(4 + 40);
    expect(mostFailures({ ...defaultPolicy(), byError: { RateLimited: { maxRetries: 10 }, TaskTimeout: {} } })).toBe(4 + 11 + 4 + 40);
  });
});

describe('times of the contract', () => {
  it('are in milliseconds', () => {
    expect(INTERVALS.map((interval) => INTERVAL_MS[interval] / 60_000)).toEqual([1, 5, 15, 30, 60, 120, 240, 360, 720, 1_440, 10_080]);
    expect(DEFAULT_CATCH_UP_MS).toBe(604_800_000);
    expect(windowOf({ asOf: 10 * 86_400_000, daysBack: 7 })).toEqual({ from: 3 * 86_400_000, to: 10 * 86_400_000 });
  });
});
