import { describe, expect, it } from 'vitest';
import type { PredictLab } from '../../src/client.ts';
import { RUN_ACTIONS, SCHEDULE_ACTIONS, startRun } from '../../src/ui/run/run-actions.ts';

describe('starting a run over HTTP', () => {
  const inputs: unknown[] = [];
  const lab = { start: async (input: unknown) => (inputs.push(input), { runId: 'r' }) } as unknown as PredictLab;

  it.each([[null], [7], [[]], ['all'], [true]])('refuses the body %j instead of running every symbol', async (body) => {
    await expect(startRun(lab, body)).rejects.toMatchObject({ type: 'BadInput', message: expect.stringContaining('JSON object') });
    expect(inputs).toEqual([]);
  });

  it('accepts an object as the input of the run', async () => {
    expect(await startRun(lab, { symbols: ['AAA'] })).toEqual({ message: 'started as r', href: '/runs/r' });
    expect(inputs).toEqual([{ symbols: ['AAA'] }]);
  });
});

describe('changing the slots of a run over HTTP', () => {
  const lab = { setMaxConcurrent: async (_: unknown, value: number) => value } as unknown as PredictLab;
  const slots = async (value: unknown) => await RUN_ACTIONS.slots(lab, undefined as never, 'r', { value });

  it('requires a whole number of at least 1', async () => {
    expect(await slots(1)).toEqual({ message: '1 slots' });
    for (const value of [0, 1.5, '3', null]) await expect(slots(value)).rejects.toThrow('slots: write a whole number of at least 1');
  });
});

describe('changing the schedule over HTTP', () => {
  const filled: Date[][] = [];
  const firings = ['2026-11-23T08:00Z', '2026-11-23T12:00Z'].map((time) => new Date(time));
  const schedules = {
    show: async () => ({ scheduleId: 'desk' }),
    firings: async () => firings,
    backfill: async (_: string, times: Date[]) => void filled.push(times),
    trigger: async () => ({ started: null, open: ['r'] }),
  };
  const lab = { schedules } as unknown as PredictLab;

  it('can backfill every firing in a range', async () => {
    expect(await SCHEDULE_ACTIONS.backfill(lab, { from: '2026-11-23', to: '2026-11-24' })).toMatchObject({
      message: expect.stringMatching(/^2 runs start/),
    });
    expect(filled).toEqual([firings]);
  });

  it('can backfill at most 100 firings at once', async () => {
    const some = (count: number) => ({
      schedules: { ...schedules, firings: async () => Array.from({ length: count }, () => firings[0]) },
    });
    const backfill = async (count: number) =>
      await SCHEDULE_ACTIONS.backfill(some(count) as unknown as PredictLab, { from: '2026-11-23', to: '2026-11-24' });
    expect(await backfill(0)).toEqual({ message: 'the schedule has no firing in this range' });
    expect(await backfill(100)).toMatchObject({ message: expect.stringMatching(/^100 runs start/) });
    await expect(backfill(101)).rejects.toThrow('the schedule has 101 firings in this range; backfill at most 100 at once');
  });

  it.each([
    [{ from: 'yesterday', to: '2026-11-24' }, '"from": write a time such as'],
    [{ from: '2026-11-24', to: '2026-11-24' }, 'after "from"'],
    [null, '"from": write a time'],
  ])('refuses the range %j in one sentence', async (body, sentence) => {
    await expect(SCHEDULE_ACTIONS.backfill(lab, body)).rejects.toMatchObject({
      type: 'BadInput',
      message: expect.stringContaining(sentence),
    });
  });

  it('states which run is open when triggering starts no run', async () => {
    expect(await SCHEDULE_ACTIONS.trigger(lab, {})).toEqual({ message: 'no run was started: r is open' });
  });
});
