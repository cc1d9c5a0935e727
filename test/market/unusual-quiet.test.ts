import { describe, expect, it } from 'vitest';
import { unusualQuiet } from '../../src/market/integrity/unusual-quiet.ts';

const HOUR = 3_600_000;

/** Hours with ticks, `every` so many hours, `count` of them; the last one ends at `end`. */
const hoursEvery = (every: number, count: number): { hours: number[]; end: number } => {
  const hours = Array.from({ length: count }, (_, k) => 1000 + k * every);
  return { hours, end: (1000 + (count - 1) * every + 1) * HOUR };
};
const all = (asOf: number) => [{ from: 0, to: asOf }];

describe('an open market without trades', () => {
  it('is unusually quiet after twice its usual pause, however often it trades', () => {
    const { hours, end } = hoursEvery(8, 60);
    const quietFor = (length: number) => unusualQuiet({ hours, covered: all(end + length), asOf: end + length });
    expect(quietFor(16 * HOUR)).toBeNull();
    expect(quietFor(17 * HOUR)).toEqual({ since: end, length: 17 * HOUR, usual: 8 * HOUR });
  });

  it('is never unusually quiet before six hours', () => {
    const { hours, end } = hoursEvery(1, 200);
    const quietFor = (length: number) => unusualQuiet({ hours, covered: all(end + length), asOf: end + length });
    expect(quietFor(6 * HOUR)).toBeNull();
    expect(quietFor(6 * HOUR + 1)).toMatchObject({ usual: HOUR });
  });

  it('has nights and weekends, so that one pause in a hundred may be longer than the usual one', () => {
    const night = Array.from({ length: 20 }, (_, day) => Array.from({ length: 16 }, (_, hour) => 1000 + day * 24 + hour)).flat();
    const end = ((night.at(-1) ?? 0) + 1) * HOUR;
    expect(unusualQuiet({ hours: night, covered: all(end + 18 * HOUR), asOf: end + 18 * HOUR })).toBeNull();
    expect(unusualQuiet({ hours: night, covered: all(end + 19 * HOUR), asOf: end + 19 * HOUR })).toMatchObject({ usual: 9 * HOUR });
    const once = [...hoursEvery(1, 150).hours, ...hoursEvery(1, 150).hours.map((hour) => hour + 200)];
    const later = ((once.at(-1) ?? 0) + 1 + 7) * HOUR;
    expect(unusualQuiet({ hours: once, covered: all(later), asOf: later })).toMatchObject({ usual: HOUR });
  });

  it('is judged by its last month, not by the activity before', () => {
    const busy = Array.from({ length: 500 }, (_, k) => k);
    const calm = Array.from({ length: 40 }, (_, k) => 500 + (k + 1) * 20);
    const asOf = ((calm.at(-1) ?? 0) + 1 + 39) * HOUR;
    expect(unusualQuiet({ hours: [...busy, ...calm], covered: all(asOf), asOf })).toBeNull();
  });

  it('is judged by the thirty days before its last tick, and needs ten pauses in them', () => {
    // the first of them is 720 hours before the last one
    const { hours, end } = hoursEvery(72, 11);
    const asOf = end + 145 * HOUR;
    const of = (known: readonly number[]) => unusualQuiet({ hours: known, covered: all(asOf), asOf });
    expect(of(hours)).toEqual({ since: end, length: 145 * HOUR, usual: 72 * HOUR });
    expect(of([hours[0] - 1, ...hours.slice(1)])).toBeNull();
    expect(of(hours.slice(1))).toBeNull();
  });

  it('is not judged for time in which it was not collected', () => {
    const { hours, end } = hoursEvery(1, 200);
    const asOf = end + 20 * HOUR;
    const until = (to: number) => unusualQuiet({ hours, covered: [{ from: 0, to }], asOf });
    expect(until(end + 10 * HOUR)).toBeNull();
    expect(until(asOf - HOUR)).toMatchObject({ length: 19 * HOUR });
    const back = end + 12 * HOUR;
    const gap = [
      { from: 0, to: end },
      { from: back, to: asOf },
    ];
    expect(unusualQuiet({ hours, covered: gap, asOf })).toEqual({ since: back, length: 8 * HOUR, usual: HOUR });
    expect(unusualQuiet({ hours, covered: [], asOf })).toBeNull();
  });

  it('has no pause where collection has a gap', () => {
    const before = hoursEvery(1, 30);
    const hours = [...before.hours, ...before.hours.map((hour) => hour + 80)];
    const end = ((hours.at(-1) ?? 0) + 1) * HOUR;
    const asOf = end + 10 * HOUR;
    const gap = [
      { from: 0, to: before.end + HOUR },
      { from: before.end + 2 * HOUR, to: asOf },
    ];
    expect(unusualQuiet({ hours, covered: gap, asOf })).toMatchObject({ usual: HOUR });
    expect(unusualQuiet({ hours, covered: all(asOf), asOf })).toBeNull();
  });

  it('has a pause wherever all time between two ticks was collected', () => {
    const hours = Array.from({ length: 13 }, (_, k) => 1000 + 4 * k);
    const end = 1049 * HOUR;
    const between = hours.slice(1).map((hour) => ({ from: (hour - 3) * HOUR, to: hour * HOUR }));
    const covered = [...between, { from: end, to: end + 20 * HOUR }];
    expect(unusualQuiet({ hours, covered, asOf: end + 20 * HOUR })).toEqual({ since: end, length: 20 * HOUR, usual: 4 * HOUR });
    const late = covered.map(({ from, to }) => ({ from: from + 1, to }));
    expect(unusualQuiet({ hours, covered: late, asOf: end + 20 * HOUR })).toBeNull();
  });

  it('has a usual pause of an hour when its ticks are in consecutive hours, even if those hours are not covered', () => {
    const { hours, end } = hoursEvery(1, 30);
    const asOf = end + 10 * HOUR;
    expect(unusualQuiet({ hours, covered: [{ from: end, to: asOf }], asOf })).toMatchObject({ usual: HOUR });
  });

  it('is not judged with fewer than ten pauses or by ticks after asOf', () => {
    const { hours, end } = hoursEvery(1, 10);
    const asOf = end + 100 * HOUR;
    expect(unusualQuiet({ hours, covered: all(asOf), asOf })).toBeNull();
    expect(unusualQuiet({ hours: [999, ...hours], covered: all(asOf), asOf })).toMatchObject({ length: 100 * HOUR });
    expect(unusualQuiet({ hours: [999, ...hours, asOf / HOUR + 1], covered: all(asOf), asOf })).toMatchObject({ since: end });
    expect(unusualQuiet({ hours: [], covered: all(asOf), asOf })).toBeNull();
  });
});
