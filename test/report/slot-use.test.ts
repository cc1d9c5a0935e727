import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { shareBoundBySlots } from '../../src/report/run/time/path-times.ts';
import { resultOf } from './sample-run.ts';

const BEGAN = Date.parse('2026-11-24T08:00:00Z');

/** A run of independent tasks of a second each that go `slots` at a time. */
const runOf = (tasks: number, slots: number) => ({
  ...resultOf(
    Object.fromEntries(
      Array.from({ length: tasks }, (_, i) => [
        `S${i}/collect`,
        { status: 'success' as const, startedAt: new Date(BEGAN + Math.floor(i / slots) * 1000).toISOString(), durationSeconds: 1 },
      ]),
    ),
  ),
  startedAt: new Date(BEGAN).toISOString(),
  durationSeconds: Math.ceil(tasks / slots),
  maxConcurrent: slots,
});

describe('a run of equal tasks without dependencies', () => {
  it('is limited by its slots until its last round of tasks starts', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 1, max: 12 }), (tasks, slots) => {
        const rounds = Math.ceil(tasks / slots);
        expect(shareBoundBySlots(runOf(tasks, slots), null)).toBeCloseTo(rounds <= 1 ? 0 : (rounds - 1) / rounds, 9);
      }),
    );
  });

  it('is not limited by its slots when one was free all the time', () => {
    expect(shareBoundBySlots({ ...runOf(10, 5), maxConcurrent: 6 }, null)).toBe(0);
  });
});
