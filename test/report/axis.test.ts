import { describe, expect, it } from 'vitest';
import { linear, padded, timeTicks, valueTicks } from '../../src/report/charts/axis.ts';
import { plot } from '../../src/report/charts/plot.ts';
import { AS_OF, DAY, HOUR } from './sample-numbers.ts';

describe('the axis of values', () => {
  it('has round values with as many decimals as they need', () => {
    expect(valueTicks(0.37, 0.64, 5).map((tick) => tick.label)).toEqual(['0.4', '0.5', '0.6']);
    expect(valueTicks(0.611, 0.634, 5).map((tick) => tick.label)).toEqual(['0.615', '0.620', '0.625', '0.630']);
    expect(valueTicks(95_000, 105_000, 5).map((tick) => tick.label)).toEqual(['96000', '98000', '100000', '102000', '104000']);
  });

  it('has a single label when all values are the same', () => {
    expect(valueTicks(1, 1, 4)).toEqual([{ at: 0.5, label: '1' }]);
    expect(linear(1, 1)(1)).toBe(0.5);
    expect(padded(0, 0)).toEqual([-1, 1]);
  });
});

describe('the axis of times', () => {
  it('labels whole UTC days, the first one with the year', () => {
    expect(timeTicks(AS_OF - 3 * DAY, AS_OF, 4).map((tick) => tick.label)).toEqual(['2026-11-22', '11-23', '11-24']);
  });

  it('labels the hours inside a day', () => {
    expect(timeTicks(AS_OF - 4 * HOUR, AS_OF, 4).map((tick) => tick.label)).toEqual(['04:00', '05:00', '06:00', '07:00', '08:00']);
  });

  it.each([1, 60_000, HOUR, DAY, 40 * DAY, 4000 * DAY])('has about as many labels as requested, over %d ms', (length) => {
    expect(timeTicks(AS_OF, AS_OF + length, 8).length).toBeLessThanOrEqual(9);
  });

  it('has no label when the range is empty', () => {
    expect(timeTicks(AS_OF, AS_OF, 8)).toEqual([]);
  });

  it('keeps a label at the left edge inside the chart, and centres the others on their times', () => {
    const x = timeTicks(AS_OF - 4 * HOUR, AS_OF, 4);
    const { text } = plot({ height: 10, label: '', shapes: '', x, y: [] });
    const lefts = [...text.matchAll(/style="left:([^"]+)">\d\d:00/g)].map(([, left]) => left);
    expect(lefts).toEqual(['max(0%,1.4em)', '25%', '50%', '75%', '100%']);
    const near = plot({ height: 10, label: '', shapes: '', x: [0.119, 0.12].map((at) => ({ at, label: 'near' })), y: [] });
    expect([...near.text.matchAll(/style="left:([^"]+)">near/g)].map(([, left]) => left)).toEqual(['max(11.9%,1.2em)', '12%']);
  });
});
