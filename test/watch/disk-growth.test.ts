import { expect, it } from 'vitest';
import { growthPerDay } from '../../src/watch/checks/disk.ts';

const HOUR = 3_600_000;

it('a disk that loses bytes over at least three hours has a growth per day', () => {
  expect(growthPerDay([])).toBe(0);
  expect(growthPerDay([[0, 900]])).toBe(0);
  expect(
    growthPerDay([
      [HOUR, 900],
      [4 * HOUR - 1, 300],
    ]),
  ).toBe(0);
  expect(
    growthPerDay([
      [HOUR, 900],
      [2 * HOUR, 0],
      [4 * HOUR, 300],
    ]),
  ).toBe(4_800);
  expect(
    growthPerDay([
      [HOUR, 300],
      [4 * HOUR, 900],
    ]),
  ).toBe(0);
});
