import { expect, it } from 'vitest';
import { groupedBy } from '../../../src/contracts/grouped-by.ts';
import { INTERVALS, TICK_KINDS } from '../../../src/contracts/words.ts';
import {
  flagBits,
  intervalMinutes,
  intervalOf,
  kindCode,
  sideCode,
  sideOf,
  tickKindOf,
  withSeries,
} from '../../../src/storage/database/codes.ts';

it('every word has a code, and that code has the word', () => {
  expect(TICK_KINDS.map((kind) => tickKindOf(kindCode(kind)))).toEqual(TICK_KINDS);
  expect(INTERVALS.map((interval) => intervalOf(intervalMinutes(interval)))).toEqual(INTERVALS);
  expect((['buy', 'sell', null] as const).map((side) => sideOf(sideCode(side)))).toEqual(['buy', 'sell', null]);
});

it('the codes are those of the stored data', () => {
  expect([kindCode('trade'), kindCode('price')]).toEqual([0, 1]);
  expect([sideCode('sell'), sideCode('buy'), sideCode(null)]).toEqual([0, 1, null]);
  expect([intervalMinutes('1m'), intervalMinutes('1w')]).toEqual([1, 10_080]);
  expect([flagBits([]), flagBits(['outlier', 'extreme-price'])]).toEqual([0, flagBits(['outlier']) | flagBits(['extreme-price'])]);
  expect(flagBits(['outlier'])).not.toBe(flagBits(['extreme-price']));
});

it('a series gets the words for the codes in its row, and keeps the other fields', () => {
  expect(withSeries({ kind: 1, minutes: 240, id: 7 })).toEqual({ priceType: 'price', interval: '4h', id: 7 });
});

it('grouping keeps the order of the rows', () => {
  const groups = groupedBy([3, 1, 4, 1, 5, 9], (n) => n % 2);
  expect([...groups]).toEqual([
    [1, [3, 1, 1, 5, 9]],
    [0, [4]],
  ]);
});
