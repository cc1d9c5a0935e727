import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { intervalsOf } from '../../src/cli/commands/schedule.ts';
import type { TimeRange } from '../../src/contracts/market-data.ts';
import { windowOf } from '../../src/contracts/run/run-window.ts';
import { isInside } from '../../src/storage/runs/ledger/ledger.ts';

const HOUR = 3_600_000;
const BEGIN = Date.UTC(2026, 0, 2);

/** Times of a schedule, some of them irregular, oldest first. */
const schedule = fc
  .record({ steps: fc.array(fc.integer({ min: 1, max: 48 }), { maxLength: 20 }), daysBack: fc.constantFrom(0.042, 0.5, 1, 7) })
  .map(({ steps, daysBack }) => {
    let time = BEGIN;
    return { firings: [time, ...steps.map((hours) => (time += hours * HOUR))].map((each) => new Date(each)), daysBack };
  });

/** Windows of earlier successful runs. */
const windows: fc.Arbitrary<readonly TimeRange[]> = fc.array(
  fc
    .tuple(fc.integer({ min: -48, max: 500 }), fc.integer({ min: 1, max: 200 }))
    .map(([from, hours]) => ({ from: BEGIN + from * HOUR, to: BEGIN + (from + hours) * HOUR })),
  { maxLength: 5 },
);

it('a plan names the times whose own part of a window is inside no successful run', () => {
  const at = (hours: number): Date => new Date(BEGIN + hours * HOUR);
  expect(intervalsOf([at(0), at(4), at(8)], 7)).toEqual([
    { from: BEGIN - 4 * HOUR, to: BEGIN },
    { from: BEGIN, to: BEGIN + 4 * HOUR },
    { from: BEGIN + 4 * HOUR, to: BEGIN + 8 * HOUR },
  ]);
  // a run that covers half a day cannot fill the other half, so that half is not planned
  expect(intervalsOf([at(0), at(24)], 0.5)).toEqual([
    { from: BEGIN - 12 * HOUR, to: BEGIN },
    { from: BEGIN + 12 * HOUR, to: BEGIN + 24 * HOUR },
  ]);
  expect(intervalsOf([], 7)).toEqual([]);
});

it('a plan names exactly the times that a backfill then fills, so that none is missing once they have succeeded', () => {
  fc.assert(
    fc.property(schedule, windows, ({ firings, daysBack }, before) => {
      const intervals = intervalsOf(firings, daysBack);
      const named = firings.filter((_, i) => !isInside(intervals[i], before));
      const filled = named.map((time) => windowOf({ asOf: time.getTime(), daysBack }));
      return intervals.every((interval) => isInside(interval, [...before, ...filled]));
    }),
  );
});
