import { describe, expect, it } from 'vitest';
import { linear, padded, timeTicks, valueTicks } from '../../src/report/charts/axis.ts';
import { plot } from '../../src/report/charts/plot.ts';
import { AS_OF, DAY, HOUR } from './sample-numbers.ts';

describe('value axes', () => {
  it('carry round values with as many decimals as they need', () => {
    expect(valueTicks(0.37, 0.64, 5).map((tick) => tick.label)).toEqual(['0.4', '0.5', '0.6']);
    expect(valueTicks(0.611, 0.634, 5).map((tick) => tick.label)).toEqual(['0.615', '0.620', '0.625', '0.630']);
    expect(valueTicks(95_000, 105_000, 5).map((tick) => tick.label)).toEqual(['96000', '98000', '100000', '102000', '104000']);
  });

  it('stand for one value when all are the same', () => {
    expect(valueTicks(1, 1, 4)).toEqual([{ at: 0.5, label: '1' }]);
    expect(linear(1, 1)(1)).toBe(0.5);
    expect(padded(0, 0)).toEqual([-1, 1]);
  });
});

describe('time axes', () => {
  it('name whole UTC days, with the year first', () => {
    expect(timeTicks(AS_OF - 3 * DAY, AS_OF, 4).map((tick) => tick.label)).toEqual(['2026-11-22', '11-23', '11-24']);
  });

  it('name hours inside a day', () => {
    expect(timeTicks(AS_OF - 4 * HOUR, AS_OF, 4).map((tick) => tick.label)).toEqual(['04:00', '05:00', '06:00', '07:00', '08:00']);
  });

  it.each([1, 60_000, HOUR, DAY, 40 * DAY, 4000 * DAY])('have about as many labels as requested, over %d ms', (length) => {
    expect(timeTicks(AS_OF, AS_OF + length, 8).length).toBeLessThanOrEqual(9);
  });

  it('have no label over an empty range', () => {
    expect(timeTicks(AS_OF, AS_OF, 8)).toEqual([]);
  });

  it('keep a label at the left edge whole, and leave the others centred on their times', () => {
    const x = timeTicks(AS_OF - 4 * HOUR, AS_OF, 4);
    const { text } = plot({ height: 10, label: '', shapes: '', x, y: [] });
    const lefts = [...text.matchAll(/style="left:([^"]+)">\d\d:00/g)].map(([, left]) => left);
    expect(lefts).toEqual(['max(0%,1.4em)', '25%', '50%', '75%', '100%']);
  });
});
