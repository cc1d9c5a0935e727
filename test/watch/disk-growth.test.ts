import { expect, it } from 'vitest';
import { growthPerDay } from '../../src/watch/checks/disk.ts';

const HOUR = 3_600_000;

it('the growth per day of a disk’s content is known after three hours of observation', () => {
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
