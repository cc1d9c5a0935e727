import { expect, it } from 'vitest';
import { serverClock } from '../../src/workflows/shared-activity.ts';

const ACTIVITY = { from: 1_000_000, to: 1_010_000 };
const FOLLOWED = [
  { startedAt: 1_004_000, at: 1_006_000 },
  { startedAt: 1_006_000, at: 1_009_000 },
];
const HOUR = 3_600_000;

it('the times from a worker whose clock is right stay unchanged', () => {
  expect(FOLLOWED.map(({ at }) => serverClock(FOLLOWED, ACTIVITY)(at))).toEqual([1_006_000, 1_009_000]);
  const { from, to } = ACTIVITY;
  expect(serverClock([{ startedAt: from, at: 1_006_000 }], ACTIVITY)(1_006_000)).toBe(1_006_000);
  expect(serverClock([{ startedAt: 1_004_000, at: to }], ACTIVITY)(1_004_000)).toBe(1_004_000);
});

it.each([
  ['ahead', 2 * HOUR],
  ['behind', -2 * HOUR],
])('the times from a worker whose clock is %s keep their distances and end with the activity', (_, by) => {
  const shifted = FOLLOWED.map(({ startedAt, at }) => ({ startedAt: startedAt + by, at: at + by }));
  const clock = serverClock(shifted, ACTIVITY);
  expect(shifted.map(({ startedAt, at }) => [clock(startedAt), clock(at)])).toEqual([
    [1_005_000, 1_007_000],
    [1_007_000, 1_010_000],
  ]);
});

it('a corrected time is never outside the activity', () => {
  const clock = serverClock([{ startedAt: 0, at: 5_000_000 }], ACTIVITY);
  expect([clock(0), clock(5_000_000)]).toEqual([1_000_000, 1_010_000]);
});
