import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { flagOutliers, RollingMedian } from '../../src/market/flag-outliers.ts';
import { columnsOf, tick } from './ticks.ts';

/** A quiet market around 0.50 whose trades are of size 100, with some ticks replaced from index 60 on. */
const quiet = (replaced: readonly { price: number; size?: number }[]) =>
  columnsOf(
    Array.from({ length: 120 }, (_, i) => {
      const { price, size = 100 } = replaced[i - 60] ?? { price: 0.5 + 0.002 * Math.sin(i) };
      return tick(i * 1000, Number(price.toFixed(4)), size, 1, i);
    }),
  );
const flagged = (replaced: readonly { price: number; size?: number }[]) =>
  [...flagOutliers(quiet(replaced))].flatMap((flag, i) => (flag === 1 ? [i] : []));

it('a small trade with a price far off is an outlier if the price returns at once', () => {
  expect(flagged([{ price: 0.9, size: 5 }])).toEqual([60]);
});

it('several small trades in a row are outliers if the price returns soon', () => {
  expect(
    flagged([
      { price: 0.9, size: 5 },
      { price: 0.91, size: 5 },
      { price: 0.9, size: 5 },
    ]),
  ).toEqual([60, 61, 62]);
});

it('five trades in a row are outliers if the sixth has the old price again, while six in a row are a new price', () => {
  const off = (count: number) => flagged(Array.from({ length: count }, () => ({ price: 0.9, size: 5 })));
  expect(off(5)).toEqual([60, 61, 62, 63, 64]);
  expect(off(6)).toEqual([]);
});

it('a trade of the usual size can be an outlier, and a larger trade cannot', () => {
  expect(flagged([{ price: 0.9, size: 100 }])).toEqual([60]);
  expect(flagged([{ price: 0.9, size: 100.5 }])).toEqual([]);
});

it('a price counts as returned when at most a quarter of the jump is left, measured by the logit', () => {
  const at = (logit: number) => Number((1 / (1 + Math.exp(-logit))).toFixed(4));
  const steady = (last: number) =>
    [
      ...flagOutliers(columnsOf([...Array.from({ length: 60 }, () => 0.5), at(2), last, last].map((price, i) => tick(i, price, 1, 1, i)))),
    ].indexOf(1);
  expect(steady(at(0.49))).toBe(60);
  expect(steady(at(0.52))).toBe(-1);
});

it('no tick is an outlier before ten price steps are known', () => {
  const after = (steps: number) =>
    [
      ...flagOutliers(columnsOf([...Array.from({ length: steps + 1 }, () => 0.5), 0.9, 0.5].map((price, i) => tick(i, price, 1, 1, i)))),
    ].indexOf(1);
  expect(after(9)).toBe(-1);
  expect(after(10)).toBe(11);
});

it('a price of 1 or 0 is no outlier in a market that is nearly decided', () => {
  const near = (price: number, last: number) =>
    [...flagOutliers(columnsOf(Array.from({ length: 80 }, (_, i) => tick(i, i === 60 ? last : price, 1, 1, i))))].indexOf(1);
  expect([near(0.9999, 1), near(0.0001, 0)]).toEqual([-1, -1]);
});

it('an asset’s prices are compared by their logarithm', () => {
  const asset = (price: number) =>
    [
      ...flagOutliers(columnsOf(Array.from({ length: 80 }, (_, i) => tick(i, i === 60 ? price : 100, 1, 1, i))), {
        market: 'asset',
        jump: 8,
      }),
    ].indexOf(1);
  // eight times the least deviation of 0.01
  expect([asset(100 * Math.exp(0.0801)), asset(100 * Math.exp(0.0799))]).toEqual([60, -1]);
});

it('a jump after news is no outlier, because the price stays at its new level', () => {
  expect(flagged(Array.from({ length: 60 }, (_, i) => ({ price: 0.9 + 0.001 * Math.sin(i), size: 5 })))).toEqual([]);
});

it('a large trade is no outlier, because real money moved the price', () => {
  expect(flagged([{ price: 0.9, size: 5000 }])).toEqual([]);
});

it('an ordinary market has no outliers', () => {
  expect(flagged([])).toEqual([]);
});

it('prices of 0 and 1 and price points without sizes can be outliers', () => {
  expect(flagged([{ price: 1, size: 5 }])).toEqual([60]);
  expect(flagged([{ price: 0, size: Number.NaN }])).toEqual([60]);
});

it('a market that has always jumped has no outliers', () => {
  const wild = columnsOf(Array.from({ length: 200 }, (_, i) => tick(i * 1000, i % 2 === 0 ? 0.3 : 0.7, 10, 1, i)));
  expect([...flagOutliers(wild)].reduce((sum, flag) => sum + flag, 0)).toBe(0);
});

it('the rolling median equals the median of the latest numbers', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: -5, max: 5 }), { minLength: 1, maxLength: 60 }),
      fc.integer({ min: 1, max: 9 }),
      (values, room) => {
        const rolling = new RollingMedian(room);
        values.forEach((value, i) => {
          rolling.push(value);
          const last = values.slice(Math.max(0, i + 1 - room), i + 1).sort((a, b) => a - b);
          const middle = last.length >> 1;
          expect(rolling.median).toBe(last.length % 2 === 1 ? last[middle] : (last[middle - 1] + last[middle]) / 2);
        });
      },
    ),
  );
});

it('many outliers do not hide the next one, since the step over an outlier is that between its neighbours', () => {
  const prices = [...Array.from({ length: 20 }, () => 0.9), ...Array.from({ length: 60 }, (_, i) => (i % 2 === 0 ? 0.2 : 0.9))];
  const flags = flagOutliers(columnsOf(prices.map((price, i) => tick(i, price, 1, 1, i))));
  expect(flags.reduce((sum, flag) => sum + flag, 0)).toBe(30);
});
