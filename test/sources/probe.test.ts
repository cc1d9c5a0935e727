import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Faults } from '../../sandbox/faults.ts';
import { type SandboxVenue, startSandboxVenue } from '../../sandbox/venue.ts';
import { createSources, probedVenues } from '../../src/sources/create-sources.ts';
import { type ProbedRoute, probeExitCode } from '../../src/sources/probe/judge-answer.ts';

let venue: SandboxVenue;
beforeAll(async () => {
  venue = await startSandboxVenue();
});
afterAll(() => venue.close());

async function probe(faults: Faults, { name, env = {} }: { name?: string; env?: Record<string, string> } = {}) {
  venue.setFaults(faults);
  venue.requests.length = 0;
  const sources = createSources({ env: { ...venue.environment, ...env } });
  const routes = await sources.probe({ venues: name === undefined ? probedVenues() : [name], signal: new AbortController().signal });
  await sources.close();
  return { code: probeExitCode(routes), routes };
}
const meaningsOf = (routes: readonly ProbedRoute[]) => Object.fromEntries(routes.map(({ route, meaning }) => [route, meaning]));

it('probing finds every route of all venues as expected, with one request each', async () => {
  const { code, routes } = await probe({});
  expect(routes.filter(({ meaning }) => meaning !== 'ok')).toEqual([]);
  expect(code).toBe(0);
  expect(routes.map(({ route }) => route)).toEqual([
    '/markets/keyset',
    '/markets',
    '/events/keyset',
    '/events',
    '/markets/slug/{slug}',
    '/events/slug/{slug}',
    '/public-search',
    '/v2/trades',
    '/v2/prices-history',
    '/v2/resolutions',
    '/book',
    '/v1/categories',
    '/v1/categories/{slug}',
    '/v1/markets/{id}',
    '/v1/orders/matches',
    '/v1/markets/{id}/orderbook',
    '/v1/search',
    '/events',
    '/markets/trades',
    '/markets/{ticker}/orderbook',
    '/historical/cutoff',
  ]);
  expect(venue.requests).toHaveLength(routes.length);
});

it('probing reports a renamed field, an announced end and a missing listing', async () => {
  // A venue whose markets opened weeks ago: the newest ones of a series have no trades at some times of day.
  const traded = await startSandboxVenue({ markets: ['bitcoin-above-this-month'] });
  traded.setFaults({ renamed: { price: 'px' }, only: ['/polymarket/data/v2/trades'] });
  const renamed = await probe({}, { name: 'polymarket', env: traded.environment });
  await traded.close();
  expect(renamed.code).toBe(1);
  expect(renamed.routes.find(({ route }) => route === '/v2/trades')).toMatchObject({ meaning: 'changed' });
  expect(JSON.stringify(renamed.routes)).toContain('data[].price');
  const sunset = await probe({ sunset: true }, { name: 'polymarket' });
  expect(sunset.code).toBe(0);
  expect(meaningsOf(sunset.routes)).toMatchObject({ '/markets': 'announced to end', '/markets/keyset': 'ok' });
  const gone = await probe({ goneListings: 'plain' }, { name: 'polymarket' });
  expect([gone.code, meaningsOf(gone.routes)['/markets']]).toEqual([0, 'ok']);
  const goneFirst = await probe({ goneListings: 'keyset' }, { name: 'polymarket' });
  expect([goneFirst.code, meaningsOf(goneFirst.routes)['/markets/keyset']]).toEqual([1, 'changed']);
});

it('probing distinguishes a block from a venue that does not answer, and leaves out a venue without its key', async () => {
  const blocked = await probe({ blocked: 1 }, { name: 'predict' });
  expect([blocked.code, meaningsOf(blocked.routes)['/v1/categories']]).toEqual([3, 'blocked']);
  const away = await probe({}, { name: 'predict', env: { PREDICT_API_URL: 'http://127.0.0.1:1' } });
  expect([away.code, meaningsOf(away.routes)['/v1/categories']]).toEqual([3, 'unreachable']);
  const keyless = await probe({}, { name: 'predict', env: { PREDICT_API_KEY: '' } });
  expect(keyless.code).toBe(3);
  expect(keyless.routes[0]).toMatchObject({ meaning: 'not requested', came: expect.stringContaining('PREDICT_API_KEY') });
});
