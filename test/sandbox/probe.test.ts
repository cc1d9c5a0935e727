import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import type { Faults } from '../../sandbox/faults.ts';
import { type SandboxVenue, startSandboxVenue } from '../../sandbox/venue.ts';
import type { ProbedRoute } from '../../src/sources/probe/judge-answer.ts';
import { predictlab } from '../cli/run-main.ts';

let venue: SandboxVenue;
const before = { ...process.env };
beforeAll(async () => {
  venue = await startSandboxVenue();
  Object.assign(process.env, venue.environment);
});
afterEach(() => {
  venue.setFaults({});
  Object.assign(process.env, venue.environment);
  process.exitCode = undefined;
});
afterAll(async () => {
  for (const name of Object.keys(venue.environment)) delete process.env[name];
  Object.assign(process.env, before);
  await venue.close();
});

const probe = async (faults: Faults, ...args: string[]): Promise<{ code: number; routes: readonly ProbedRoute[] }> => {
  venue.setFaults(faults);
  venue.requests.length = 0;
  process.exitCode = undefined;
  const { code, out } = await predictlab('probe', ...args, '--json');
  return { code, routes: (JSON.parse(out) as { routes: readonly ProbedRoute[] }).routes };
};
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
  Object.assign(process.env, traded.environment);
  traded.setFaults({ renamed: { price: 'px' }, only: ['/polymarket/data/v2/trades'] });
  const renamed = await probe({}, 'polymarket');
  await traded.close();
  Object.assign(process.env, venue.environment);
  expect(renamed.code).toBe(1);
  expect(renamed.routes.find(({ route }) => route === '/v2/trades')).toMatchObject({ meaning: 'changed' });
  expect(JSON.stringify(renamed.routes)).toContain('data[].price');
  const sunset = await probe({ sunset: true }, 'polymarket');
  expect(sunset.code).toBe(0);
  expect(meaningsOf(sunset.routes)).toMatchObject({ '/markets': 'announced to end', '/markets/keyset': 'ok' });
  const gone = await probe({ goneListings: 'plain' }, 'polymarket');
  expect([gone.code, meaningsOf(gone.routes)['/markets']]).toEqual([0, 'ok']);
  const goneFirst = await probe({ goneListings: 'keyset' }, 'polymarket');
  expect([goneFirst.code, meaningsOf(goneFirst.routes)['/markets/keyset']]).toEqual([1, 'changed']);
});

it('probing distinguishes a block from a venue that does not answer, and leaves out a venue without its key', async () => {
  const blocked = await probe({ blocked: 1 }, 'predict');
  expect([blocked.code, meaningsOf(blocked.routes)['/v1/categories']]).toEqual([3, 'blocked']);
  process.env.PREDICT_API_URL = 'http://127.0.0.1:1';
  const away = await probe({}, 'predict');
  expect([away.code, meaningsOf(away.routes)['/v1/categories']]).toEqual([3, 'unreachable']);
  delete process.env.PREDICT_API_KEY;
  const keyless = await probe({}, 'predict');
  expect(keyless.code).toBe(3);
  expect(keyless.routes[0]).toMatchObject({ meaning: 'not requested', came: expect.stringContaining('PREDICT_API_KEY') });
});

it('probing prints a table with the remedies', async () => {
  venue.setFaults({ sunset: true });
  const { code, out } = await predictlab('probe', 'polymarket');
  expect(code).toBe(0);
  expect(out).toMatch(/polymarket {2}\/markets +200 +announced to end/);
  expect(out).toContain('→ update PredictLab before the route ends');
});
