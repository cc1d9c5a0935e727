import { describe, expect, it } from 'vitest';
import { buildGraph } from '../../src/scheduling/graph/graph.ts';
import { reduce } from '../../src/scheduling/run/reducer.ts';
import { createRun, type RunState } from '../../src/scheduling/run/run-state.ts';
import { activityOptions } from '../../src/workflows/activity-options.ts';
import { isHistoryFull, requestedSlots, timeOf } from '../../src/workflows/run/prepare-run.ts';
import { runConfig } from '../scheduling/run-config.ts';

/** A started run of 100 symbols, of which three have a slot. */
function startedRun(): RunState {
  const config = runConfig({ symbols: Array.from({ length: 100 }, (_, i) => `S${i}`), maxConcurrent: 3 });
  const built = buildGraph(config);
  if ('problems' in built) throw new Error('no graph');
  const state = createRun({ graph: built.graph, config });
  reduce(state, { type: 'start', at: 0 });
  return state;
}

describe('a run continues in a new execution', () => {
  const state = startedRun();
  const history = { continueAsNewSuggested: false, historyLength: 4_001, historySize: 0 };

  it('up to 4,000 events when the server suggests it', () => {
    expect(isHistoryFull(state, { ...history, historyLength: 4_000 })).toBe(false);
    expect(isHistoryFull(state, { ...history, historyLength: 4_000, continueAsNewSuggested: true })).toBe(true);
  });

  it('past 4,000 events unless it can end within 5,000, at five events for each open and each coming symbol', () => {
    expect(isHistoryFull(state, { ...history, historyLength: 4_500 })).toBe(false);
    expect(isHistoryFull(state, { ...history, historyLength: 4_500, continueAsNewSuggested: true })).toBe(false);
    expect(isHistoryFull(state, { ...history, historyLength: 4_501 })).toBe(true);
  });

  it('past 8 MB of history', () => {
    expect(isHistoryFull(state, { ...history, historySize: 8_000_000 })).toBe(false);
    expect(isHistoryFull(state, { ...history, historySize: 8_000_001 })).toBe(true);
  });
});

it('a query is answered for the time of the client’s clock if that is a later time, else for the time of the last event', () => {
  const before = Date.now();
  expect(timeOf(before + 60_000)).toBe(before + 60_000);
  expect(timeOf(8.64e15)).toBe(8.64e15);
  for (const other of [before - 1, 8.64e15 + 1, Number.NaN, undefined, String(before + 60_000)]) {
    const answer = timeOf(other);
    expect(answer).toBeGreaterThanOrEqual(before);
    expect(answer).toBeLessThanOrEqual(Date.now());
  }
});

it('the number of slots of an input that is not checked yet counts if it is a whole number', () => {
  expect(requestedSlots({ maxConcurrent: 7 })).toBe(7);
  for (const input of [{ maxConcurrent: 1.5 }, { maxConcurrent: '7' } as never, {}, null]) expect(requestedSlots(input)).toBeUndefined();
});

it('an activity may take 15 s more than its task, and is lost with 20 workers before the task fails', () => {
  const policy = { timeoutMs: 60_000, maxRetries: 2, retryDelayMs: 1, backoff: 1, maxDelayMs: 1 };
  expect(activityOptions({ taskId: 'A/collect', policy })).toMatchObject({
    activityId: 'A/collect',
    startToCloseTimeout: 75_000,
    heartbeatTimeout: 5_000,
    // three failures of the task, 40 of the storage, 20 lost workers
    retry: { maximumAttempts: 63 },
  });
  expect(activityOptions({ taskId: 'A/collect', policy })).not.toHaveProperty('summary');
  expect(activityOptions({ taskId: 'news', name: 'read the news', policy })).toMatchObject({ summary: 'read the news' });
});
