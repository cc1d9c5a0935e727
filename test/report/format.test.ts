import { describe, expect, it } from 'vitest';
import {
  formatAge,
  formatDuration,
  formatNumber,
  formatPercent,
  formatRange,
  formatStopwatch,
  formatTime,
  plural,
  tableNumber,
} from '../../src/report/elements/format.ts';

describe('numbers in reports', () => {
  it.each([
    [10_080, 0, '10\u202f080'],
    [1_234_567.891, 2, '1\u202f234\u202f567.89'],
    [999, 0, '999'],
    [-0.5, 1, '−0.5'],
    [-0.0001, 2, '0.00'],
    [0, 2, '0.00'],
  ])('are written like this: %d with %d decimals is %s', (value, digits, text) => {
    expect(formatNumber(value, digits)).toBe(text);
  });

  it.each([null, undefined, Number.NaN, Number.POSITIVE_INFINITY])('are a dash when they are %s, never a number', (value) => {
    expect([formatNumber(value), formatPercent(value), tableNumber(value), formatDuration(value), formatAge(value)]).toEqual(
      Array.from({ length: 5 }, () => '–'),
    );
  });

  it('are written as percent with a typographic minus for fractions', () => {
    expect(formatPercent(-0.081)).toBe('−8.1\u202f%');
  });

  it.each([0.1, 1e-7, 1.23e-10, 0.30000000000000004, 123_456.789, 0])(
    'are written in data tables without exponent so that %d reads back the same',
    (value) => {
      expect(tableNumber(value)).not.toMatch(/e/);
      expect(Number(tableNumber(value))).toBe(value);
    },
  );

  it('are written as times for every possible date, and as a dash for later ones', () => {
    expect([formatTime(8.64e15), formatTime(8.64e15 + 1024), formatTime(0)]).toEqual(['+275760-09-13 00:00Z', '–', '1970-01-01 00:00Z']);
  });

  it('are written as a number with the right plural of the counted word', () => {
    expect([plural(1, 'task'), plural(2, 'task'), plural(1, 'retry', 'retries'), plural(3, 'retry', 'retries')]).toEqual([
      '1 task',
      '2 tasks',
      '1 retry',
      '3 retries',
    ]);
  });
});

describe('times in reports', () => {
  const time = Date.parse('2026-11-24T08:00:05.123Z');

  it('are in UTC, to the minute or to the second', () => {
    expect(formatTime(time)).toBe('2026-11-24 08:00Z');
    expect(formatTime(time, 'second')).toBe('2026-11-24 08:00:05Z');
  });

  it.each([Number.NaN, 1e18, null])('are a dash when they are not valid (%s)', (value) => {
    expect(formatTime(value)).toBe('–');
  });

  it('contain the day of a range once when it is one day', () => {
    expect(formatRange(time, time + 3_600_000)).toBe('2026-11-24 08:00–09:00Z');
    expect(formatRange(time, time + 86_400_000)).toBe('2026-11-24 08:00Z – 2026-11-25 08:00Z');
  });
});

describe('durations in reports', () => {
  it.each([
    [0.0042, '4 ms'],
    [0.9996, '1.0 s'],
    [41.23, '41.2 s'],
    [59.97, '1 m 00 s'],
    [130, '2 m 10 s'],
    [3599.6, '1 h 00 m'],
    [90_000, '1 d 1 h'],
    [-1.5, '−1.5 s'],
  ])('of %d s are written as %s', (seconds, text) => {
    expect(formatDuration(seconds)).toBe(text);
  });

  it.each([
    [59, '59 s'],
    [245, '4 m'],
    [7300, '2 h'],
    [600_000, '6 d'],
    [-5, '0 s'],
  ])('of %d s as an age are written as %s', (seconds, text) => {
    expect(formatAge(seconds)).toBe(text);
  });

  it('are written with two digits per unit on a stopwatch, without hours below one hour', () => {
    expect([formatStopwatch(18), formatStopwatch(3599), formatStopwatch(3661)]).toEqual(['00:18', '59:59', '1:01:01']);
  });
});
