import { expect, it } from 'vitest';
import { createRequestTally } from '../../src/sources/http/request-tally.ts';
import { noteFields, noteHeaders, noteWord, routeOf } from '../../src/sources/http/venue-changes.ts';

const changes = async (work: () => void): Promise<readonly string[]> => {
  const tally = createRequestTally();
  await tally.count(() => Promise.resolve(work()));
  return tally.changes();
};

it('a route is named without the id of the market', () => {
  expect(
    ['/v1/markets/123/orderbook', '/markets/slug/rain-today', '/v1/categories/btc-updown-5m-1', '/markets/0xab', '/markets'].map(routeOf),
  ).toEqual(['/v1/markets/{id}/orderbook', '/markets/slug/{slug}', '/v1/categories/{slug}', '/markets/{id}', '/markets']);
});

it('an announced end of a route is noted once, for whatever markets the route was read', async () => {
  const headers = { deprecation: 'true', sunset: 'Fri, 01 May 2026 00:00:00 GMT', date: 'now' };
  const found = await changes(() => {
    noteHeaders('polymarket', '/markets/1', headers);
    noteHeaders('polymarket', '/markets/2', headers);
  });
  expect(found).toEqual(['polymarket /markets/{id}: deprecation: true', 'polymarket /markets/{id}: sunset: Fri, 01 May 2026 00:00:00 GMT']);
});

it('unknown words, new fields and fields that are missing in many rows are noted', async () => {
  const rows = Array.from({ length: 10 }, () => ({ price: 1, maker: 'x' }));
  const found = await changes(() => {
    noteWord('predict', 'market', 'status', 'RESOLVED', new Set(['RESOLVED']));
    noteWord('predict', 'market', 'status', 'ARCHIVED', new Set(['RESOLVED']));
    noteFields('polymarket', '/v2/trades', rows, { known: ['price', 'size'] });
    noteFields('polymarket', '/v2/trades', rows.slice(1), { known: ['price', 'maker', 'side'] });
  });
  expect(found).toEqual([
    'polymarket /v2/trades: has the new field "maker"',
    'polymarket /v2/trades: lacks the field "size" in all of its rows',
    'predict market: status has the unknown word "ARCHIVED"',
  ]);
});

it('outside a task no change of a venue is noted', () => {
  expect(() => noteWord('predict', 'market', 'status', 'X', new Set())).not.toThrow();
});
