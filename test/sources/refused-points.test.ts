import { describe, expect, it } from 'vitest';
import type { Instrument } from '../../src/contracts/market-data.ts';
import type { Http } from '../../src/sources/http/venue-client.ts';
import { VenueError } from '../../src/sources/http/venue-error.ts';
import { polymarket } from '../../src/sources/polymarket/polymarket.ts';
import { collectPrices, readPoint } from '../../src/sources/polymarket/prices.ts';
import { bookOf } from '../../src/sources/venue-source.ts';

const DAY = 86_400_000;
const asOf = Date.UTC(2026, 5, 10, 12);
const window = { from: asOf - DAY, to: asOf };
const never = new AbortController().signal;

const instrument = (closed: boolean): Instrument => ({
  id: 'polymarket:0x1',
  source: 'polymarket',
  market: 'probability',
  title: 'Rain?',
  outcomes: ['Yes', 'No'],
  outcomeIds: ['11', '22'],
  opensAt: asOf - 5 * DAY,
  closesAt: asOf - DAY / 2,
  closed,
  resolution: { kind: 'open' },
  fees: null,
  tickSize: null,
  twins: [],
  book: null,
  reference: 'rain',
});

const refusing = (status: number, type: 'BadInput' | 'SourceUnavailable' = 'BadInput'): Http =>
  ({ clock: asOf, get: () => Promise.reject(new VenueError(type, `polymarket answered ${status}`, { status })) }) as unknown as Http;

const points = (status: number, closed: boolean, type?: 'SourceUnavailable') => pointsFrom(refusing(status, type), closed);

async function pointsFrom(client: Http, closed: boolean) {
  const request = {
    instrument: instrument(closed),
    selectors: [],
    window,
    asOf,
    before: {
      covered: { trade: [], price: [] },
      looked: { trade: null, price: null },
      isStored: () => Promise.resolve([]),
      hasTradesBefore: () => Promise.resolve(false),
    },
    clock: asOf,
    lateness: 600_000,
    refetch: false,
    cursor: undefined,
    signal: never,
  };
  const pages = [];
  for await (const page of collectPrices(client, request, undefined)) pages.push(page);
  return pages;
}

describe('a venue that refuses price points', () => {
  it('still gives trades: the refusal is reported and covers nothing', async () => {
    const pages = await points(400, false);
    expect(pages).toMatchObject([
      { rows: [], coverage: [], problems: [expect.stringContaining('only its trades: polymarket answered 400')] },
    ]);
  });

  it('is asked again later about the unknown token of an open market', async () => {
    expect(await points(404, false)).toEqual([]);
  });

  it('is not asked again about the unknown token of a closed market', async () => {
    expect(await points(404, true)).toMatchObject([{ rows: [], coverage: [window] }]);
  });

  it('fails the collection while it is unavailable, so that nothing is stored as empty', async () => {
    await expect(points(503, false, 'SourceUnavailable')).rejects.toThrow('answered 503');
  });
});

describe('contradicting price points of the same time', () => {
  it('are stored as the first one, and the others are quarantined as malformed', async () => {
    const time = (asOf - 3_600_000) / 1000;
    const data = [0.4, 0.5, 0.4].map((price) => ({ timestamp: time, price, resolution_seconds: 60 }));
    const client = {
      clock: asOf,
      get: () => Promise.resolve({ data, pagination: { next_cursor: null } }),
    } as unknown as Http;
    const [{ rows }] = await pointsFrom(client, false);
    expect(rows.map(({ price, defect }) => [price, defect])).toEqual([
      [0.4, null],
      [0.5, 'malformed'],
      [0.4, null],
    ]);
    // the two good rows are one point
    expect(rows[2].identity).toBe(rows[0].identity);
    expect(rows[1].identity).not.toBe(rows[0].identity);
  });
});

it('a price point has a grain from a second to a day, and keeps its row with the reason where a field cannot be read', () => {
  const grainOf = (resolution_seconds: unknown) => readPoint({ timestamp: 1_780_000_000, price: 0.5, resolution_seconds }).grain;
  expect([60, 1, 86_400].map(grainOf)).toEqual([60, 1, 86_400]);
  expect([0, 86_401, 1.5, null, 'x'].map(grainOf)).toEqual([undefined, undefined, undefined, undefined, undefined]);
  expect(readPoint({ timestamp: 1_780_000_000, price: 'x' })).toMatchObject({ time: 1_780_000_000_000, price: null, defect: 'malformed' });
  expect(readPoint(7)).toMatchObject({ time: null, price: null, raw: '7' });
});

describe('a venue that refuses order books', () => {
  it.each([400, 404])('with status %i still gives trades', async (status) => {
    const book = () =>
      polymarket.book?.(
        { http: { gamma: refusing(status), clob: refusing(status), data: refusing(status) }, options: {} },
        instrument(false),
      );
    expect(await bookOf(book, asOf)).toBeNull();
  });
});
