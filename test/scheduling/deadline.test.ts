import { describe, expect, it } from 'vitest';
import { dehydrate, rehydrate } from '../../src/scheduling/carry/dehydrate.ts';
import type { RunState } from '../../src/scheduling/run/run-state.ts';
import { deadlineWarning, expectedEnd } from '../../src/scheduling/run/status/deadline.ts';
import { resultOf, statusOf } from '../../src/scheduling/run/status/status.ts';
import { whyOf } from '../../src/scheduling/run/status/why.ts';
import { DrivenRun, succeeded } from './driven-run.ts';
import { runConfig } from './run-config.ts';

const START = Date.parse('2026-11-24T12:00:00Z');
const SECOND = 1000;
const DURATIONS = { collect: 60, clean: 10, store: 10, kline: 10, backtest: 20, visualize: 10 };

/** A run of one symbol, two minutes long by its durations. */
function runWith({ deadline, slots = 2, symbols = ['AAA'] }: { deadline?: number; slots?: number; symbols?: string[] }): DrivenRun {
  const config = runConfig({ symbols, maxConcurrent: slots, ...(deadline === undefined ? {} : { deadline }) });
  const run = new DrivenRun(config, { durations: DURATIONS });
  run.start(START);
  run.reports(symbols[0], [{ taskId: `${symbols[0]}/collect`, kind: 'started', at: START }], START);
  return run;
}

describe('the warning of a deadline', () => {
  it('appears when a run is expected to end after the deadline, not when it will end exactly then', () => {
    const warningOf = (seconds: number) => deadlineWarning(runWith({ deadline: START + seconds * SECOND }).state, START);
    expect(warningOf(120)).toBeUndefined();
    expect(warningOf(119)).toContain('after its deadline 12:01:59Z');
  });
});

describe('the expected end of a run', () => {
  it('is the end of its longest chain, or of all work divided by the slots', () => {
    expect(expectedEnd(runWith({}).state, START)).toEqual({
      at: START + 120 * SECOND,
      chain: ['AAA/collect', 'AAA/clean', 'AAA/store', 'AAA/kline', 'AAA/backtest', 'AAA/visualize'],
    });
    expect(expectedEnd(runWith({ symbols: ['AAA', 'BBB'], slots: 1 }).state, START).at).toBe(START + 240 * SECOND);
  });

  it('is the end of the chain that ends last, whichever task that chain starts with', () => {
    const run = runWith({ symbols: ['AAA', 'BBB'], slots: 3 });
    const now = START + 30 * SECOND;
    // half the usual time: of the other symbol nothing is known to be quicker
    run.reports('AAA', [succeeded('AAA/collect', { at: now, startedAt: START })], now);
    const { at, chain } = expectedEnd(run.state, now);
    expect({ at, first: chain[0] }).toEqual({ at: START + 120 * SECOND, first: 'BBB/collect' });
  });

  it('moves back while a task takes longer than usual', () => {
    const { state } = runWith({});
    expect(expectedEnd(state, START + 60 * SECOND).at).toBe(START + 120 * SECOND);
    expect(expectedEnd(state, START + 100 * SECOND).at).toBe(START + 160 * SECOND);
  });
});

describe('a deadline', () => {
  const STAGES = ['collect', 'clean', 'store', 'kline', 'backtest', 'visualize'];
  const ended = (at: number): RunState => {
    const run = runWith({ deadline: START + 90 * SECOND });
    run.ends(
      'AAA',
      STAGES.map((stage) => succeeded(`AAA/${stage}`)),
      { at },
    );
    return run.state;
  };

  it('that will be missed is announced in the answers of `status` and `why`', () => {
    const { state } = runWith({ deadline: START + 90 * SECOND });
    const { deadline } = statusOf(state, { runId: 'r', now: START + SECOND, detail: 'stage' });
    expect(deadline).toEqual({
      at: '2026-11-24T12:01:30.000Z',
      expectedEnd: '2026-11-24T12:02:00.000Z',
      warning: expect.stringMatching(
        /expected to end at 12:02:00Z, after its deadline 12:01:30Z, along AAA\/collect → AAA\/clean → AAA\/store → …$/,
      ),
    });
    expect(whyOf(state, 'AAA/clean', START)).toContain('after its deadline 12:01:30Z');
    expect(whyOf(state, 'AAA/clean', START + 90 * SECOND)).toContain('after its deadline 12:01:30Z');
    expect(whyOf(state, 'AAA/clean', START + 91 * SECOND)).toContain('the deadline 12:01:30Z has passed');
    expect(statusOf(runWith({}).state, { runId: 'r', now: START, detail: 'stage' })).not.toHaveProperty('deadline');
  });

  it('degrades the run with the reason when it is missed, and not when it is met', () => {
    expect(resultOf(ended(START + 100 * SECOND), { runId: 'r', now: START + 200 * SECOND, detail: 'stage' })).toMatchObject({
      result: 'degraded',
      reasons: ['the deadline 12:01:30Z was missed by 10 s: the run ended at 12:01:40Z'],
    });
    expect(resultOf(ended(START + 90 * SECOND), { runId: 'r', now: START + 200 * SECOND, detail: 'stage' })).toMatchObject({
      result: 'success',
      deadline: { warning: null },
    });
  });

  it('states the delay in minutes when it is missed by two minutes or more', () => {
    const missedBy = (seconds: number) =>
      resultOf(ended(START + (90 + seconds) * SECOND), { runId: 'r', now: START + 900 * SECOND, detail: 'stage' }).reasons?.join();
    expect([119, 120, 200].map(missedBy)).toEqual([
      expect.stringContaining('was missed by 119 s:'),
      expect.stringContaining('was missed by 2 min:'),
      expect.stringContaining('was missed by 3 min:'),
    ]);
  });

  it('is kept when the run continues as new', () => {
    const { state } = runWith({ deadline: START + 90 * SECOND });
    const again = rehydrate(state.graph, dehydrate(state), { durations: DURATIONS, deadline: START + 90 * SECOND });
    expect(again.deadline).toBe(START + 90 * SECOND);
  });
});
