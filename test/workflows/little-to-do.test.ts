import { describe, expect, it } from 'vitest';
import type { Json } from '../../src/contracts/run/pipeline-input.ts';
import { hasLittleToDo, outputIn } from '../../src/contracts/task/little-to-do.ts';
import type { TaskReport } from '../../src/contracts/task/stage-report.ts';
import { STAGES } from '../../src/contracts/words.ts';

const succeeded = (taskId: string, output: Json): TaskReport => ({ taskId, kind: 'succeeded', attempts: 1, startedAt: 0, at: 1, output });
const littleIn = (reports: readonly TaskReport[]) =>
  STAGES.filter((stage) => hasLittleToDo(stage, outputIn(reports), { ticks: 1_000, candles: 2_000 }));

describe('a stage counts as short', () => {
  it('after few ticks were collected, and when few candles are to be read', () => {
    const few = [succeeded('A/B/collect', { ticks: 1_000 }), succeeded('A/B/kline', { candles: 2_000 })];
    expect(littleIn(few)).toEqual(['clean', 'store', 'kline', 'backtest', 'visualize']);
    expect(littleIn(few.slice(0, 1))).toEqual(['clean', 'store', 'kline']);
  });

  it('only below these limits', () => {
    expect(littleIn([succeeded('A/collect', { ticks: 1_001 }), succeeded('A/kline', { candles: 3 })])).toEqual(['backtest', 'visualize']);
    expect(littleIn([succeeded('A/collect', { ticks: 3 }), succeeded('A/kline', { candles: 2_001 })])).toEqual(['clean', 'store', 'kline']);
  });

  it('only if the stage before is known: not when another segment ran it, it failed, or it reports no counts', () => {
    expect(littleIn([])).toEqual([]);
    expect(littleIn([succeeded('A/clean', { ticks: 3 })])).toEqual([]);
    expect(littleIn([succeeded('A/collect', null), succeeded('A/kline', { candles: '3' })])).toEqual([]);
    expect(littleIn([{ taskId: 'A/collect', kind: 'started', at: 1 }])).toEqual([]);
  });
});
