import { describe, expect, it } from 'vitest';
import type { Instrument } from '../../src/contracts/market-data.ts';
import { venueSource } from '../../src/sources/venue-source.ts';

const HOUR = 3_600_000;
const volumesOf = (answer: unknown) =>
  venueSource({ venue: { name: 'shop', hourlyVolumes: () => Promise.resolve(answer) }, clients: {}, options: {} } as never).hourlyVolumes?.(
    {
      instrument: {} as Instrument,
      range: { from: 0, to: HOUR },
      asOf: HOUR,
      signal: new AbortController().signal,
    },
  );

describe('the hourly volumes of a venue from a plugin', () => {
  it('are used unchanged', async () => {
    expect(await volumesOf([{ from: 0, to: HOUR, volume: 1 }])).toEqual([{ from: 0, to: HOUR, volume: 1 }]);
  });

  it.each([
    ['ends before it starts', { from: HOUR, to: 0, volume: 1 }],
    ['is empty', { from: 0, to: 0, volume: 1 }],
    ['has no number', { from: 0, to: HOUR, volume: Number.NaN }],
  ])('are refused when an entry %s', async (_, one) => {
    await expect(volumesOf([one])).rejects.toThrow('shop: hourlyVolumes must return');
  });
});
