import { Agent, request } from 'undici';
import { afterEach, describe, expect, it } from 'vitest';
import type { Faults } from '../../sandbox/faults.ts';
import { peakWithin } from '../../sandbox/request-log.ts';
import { type SandboxOptions, type SandboxVenue, startSandboxVenue } from '../../sandbox/venue.ts';
import { type Body, get, NOW } from './walk.ts';

let venue: SandboxVenue;
const start = async (options: SandboxOptions = {}): Promise<SandboxVenue> => (venue = await startSandboxVenue({ now: NOW, ...options }));
afterEach(() => venue.close());

const EVENT = '/polymarket/gamma/events/slug/bitcoin-above-this-month';
const trades = (): string => `/polymarket/data/v2/trades?condition=${venue.truth.instruments()[0].id.split(':')[1]}&limit=50`;

describe('a fault of the sandbox venue', () => {
  it('with a count applies to that many requests and no more', async () => {
    await start({ faults: { unavailable: { count: 2 } } });
    const statuses = [];
    for (let i = 0; i < 4; i++) statuses.push((await get(venue, EVENT)).status);
    expect(statuses).toEqual([503, 503, 200, 200]);
  });

  it('with a probability applies to about that share, and to the same requests for the same seed', async () => {
    const statusesOf = async (seed: number): Promise<number[]> => {
      await start({ seed, faults: { unavailable: 0.3 } });
      const statuses = [];
      for (let i = 0; i < 60; i++) statuses.push((await get(venue, EVENT)).status);
      await venue.close();
      return statuses;
    };
    const first = await statusesOf(7);
    const failed = first.filter((status) => status === 503).length;
    expect(failed).toBeGreaterThan(8);
    expect(failed).toBeLessThan(30);
    expect(await statusesOf(7)).toEqual(first);
    expect(await statusesOf(8)).not.toEqual(first);
    await start();
  });

  it('can request a wait with Retry-After, or with RateLimit-Reset at Predict.fun', async () => {
    await start({ faults: { rateLimited: { count: 2 }, retryAfterSeconds: 3 } });
    const data = await get(venue, trades());
    expect(data).toMatchObject({ status: 429, body: { code: 'rate_limited', retryable: true } });
    expect(data.headers.get('retry-after')).toBe('3');
    const predict = await get(venue, '/predict/v1/markets');
    expect(predict.status).toBe(429);
    expect(predict.headers.get('ratelimit-reset')).toBe('3');
    expect(predict.headers.get('ratelimit-remaining')).toBe('0');
  });

  it.each(['cutBefore', 'cutInBody'] as const)('named %s cuts the connection, and the next request succeeds', async (name) => {
    await start({ faults: { [name]: { count: 1 } } });
    await expect(get(venue, trades())).rejects.toThrow(/fetch failed|terminated|socket|closed/);
    expect((await get(venue, trades())).status).toBe(200);
  });

  it('can be an HTML page as the answer', async () => {
    await start({ faults: { blocked: 1 } });
    const { status, body } = await get(venue, EVENT);
    expect(status).toBe(403);
    expect(body).toContain('<html>');
  });

  it('can be a slow answer', async () => {
    await start({ faults: { slow: { count: 1 }, slowMs: 80 } });
    const elapsed = async (): Promise<number> => {
      const from = performance.now();
      await get(venue, EVENT);
      return performance.now() - from;
    };
    expect(await elapsed()).toBeGreaterThanOrEqual(75);
  });

  it('can be a field that is renamed everywhere', async () => {
    await start({ faults: { renamed: { price: 'px' } } });
    const [row] = (await get(venue, trades())).body.data;
    expect(row.price).toBeUndefined();
    expect(row.px).toBeGreaterThan(0);
  });

  it('can be a market that is unknown', async () => {
    await start({ faults: { missing: ['bitcoin-above-110k-this-month', '1012'] } });
    expect((await get(venue, '/polymarket/gamma/markets/slug/bitcoin-above-110k-this-month')).status).toBe(404);
    expect((await get(venue, EVENT)).body.markets).toHaveLength(2);
    expect((await get(venue, '/predict/v1/markets/1012')).status).toBe(404);
    expect((await get(venue, '/predict/v1/markets/1011')).status).toBe(200);
  });

  it('can be limited to some routes', async () => {
    await start({ faults: { only: ['/polymarket/data'], unavailable: 1 } });
    expect((await get(venue, EVENT)).status).toBe(200);
    expect((await get(venue, trades())).status).toBe(503);
  });

  it('can be a repeated page, repeated rows or times that move within a second', async () => {
    const page = async (faults: Faults, cursor?: string): Promise<Body> => {
      venue.setFaults(faults);
      return (await get(venue, trades() + (cursor === undefined ? '' : `&cursor=${cursor}`))).body;
    };
    await start();
    const first = await page({});
    const cursor = first.pagination.next_cursor;
    const second = await page({}, cursor);
    const repeated = await page({ repeatPage: 1 }, cursor);
    expect(repeated.data).toEqual(first.data);
    expect(repeated.pagination.next_cursor).not.toBe(cursor);
    expect((await page({}, repeated.pagination.next_cursor)).data).toEqual(second.data);
    const overlapping = await page({ repeatRows: 1 }, cursor);
    expect(overlapping.data).toContainEqual(first.data.at(-1));
    const shuffled = await page({ shuffle: 1 });
    expect(shuffled.data).not.toEqual(first.data);
    const text = (rows: unknown[]): string[] => rows.map((row) => JSON.stringify(row)).sort();
    expect(text(shuffled.data)).toEqual(text(first.data));
  });
});

describe('the sandbox venue', () => {
  it('accepts faults over HTTP, and lists the requests that it received', async () => {
    await start();
    const post = (path: string, body: unknown): Promise<Response> =>
      fetch(venue.url + path, { method: 'POST', body: JSON.stringify(body) });
    await get(venue, EVENT);
    await post('/control/faults', { unavailable: 1 });
    await get(venue, EVENT);
    const log = (await get(venue, '/control/requests')).body;
    expect(log.map(({ venue: name, route, status }: Body) => [name, route, status])).toEqual([
      ['polymarket', '/gamma/events/slug/{slug}', 200],
      ['polymarket', '/gamma/events/slug/{slug}', 503],
    ]);
    const instrument = venue.truth.instruments()[0].id;
    const before = (await get(venue, `/control/ticks?instrument=${instrument}`)).body.length;
    await post('/control/late', { instrument, count: 2 });
    expect((await get(venue, `/control/ticks?instrument=${instrument}`)).body.length).toBe(before + 2);
    await post('/control/requests', {});
    expect((await get(venue, '/control/requests')).body).toEqual([]);
  });

  it('enforces the published limits on request', async () => {
    await start({ enforceLimits: true });
    const answers = await Promise.all(Array.from({ length: 210 }, () => get(venue, trades())));
    const refused = answers.filter(({ status }) => status === 429);
    expect(refused).toHaveLength(10);
    expect(Number(refused[0].headers.get('retry-after'))).toBeGreaterThan(0);
    expect(peakWithin(venue.requests, 10_000)).toBe(210);
  });

  it('counts connections separately', async () => {
    await start();
    const ask = async (agent: Agent): Promise<void> => void (await (await request(venue.url + EVENT, { dispatcher: agent })).body.text());
    const agents = [new Agent({ connections: 1 }), new Agent({ connections: 1 })] as const;
    for (const agent of [agents[0], agents[0], agents[1], agents[0]]) await ask(agent);
    await Promise.all(agents.map((agent) => agent.close()));
    expect(venue.requests.map(({ connectionId }) => connectionId)).toEqual([1, 1, 2, 1]);
  });

  it('refuses any request but GET', async () => {
    await start();
    expect((await fetch(venue.url + EVENT, { method: 'POST' })).status).toBe(405);
  });
});
