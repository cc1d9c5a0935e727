import { setMaxListeners } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { peakWithin } from '../../sandbox/request-log.ts';
import type { RateBudget } from '../../src/budget/rate-limits.ts';
import { createTokenPool } from '../../src/budget/token-pool.ts';
import { limitsOf } from '../../src/sources/create-sources.ts';
import { createPostgresWindows } from '../../src/storage/rate-budget.ts';
import { type CollectRig, createCollectRig } from '../sources/collect-rig.ts';
import { type TestDatabase, testDatabase } from '../support/postgres.ts';

const never = new AbortController().signal;
// any number of requests may wait on one signal
setMaxListeners(0, never);
const LIMIT = { requests: 20, windowMs: 1000 };

describe('a request budget that workers share', () => {
  let test: TestDatabase;
  beforeAll(async () => {
    test = await testDatabase();
  });
  afterAll(() => test.close());

  const worker = (): RateBudget =>
    createTokenPool({ store: createPostgresWindows(test.database), limits: { ...limitsOf(), 'polymarket/data-trades': LIMIT } });

  it('is never exceeded by all workers together, in any time window', async () => {
    const times: number[] = [];
    const work = async (budget: RateBudget, count: number): Promise<void> => {
      await Promise.all(
        Array.from({ length: count }, () => budget.take('polymarket/data-trades', 'live', never).then(() => times.push(performance.now()))),
      );
    };
    await Promise.all([worker(), worker(), worker()].map((budget) => work(budget, 17)));
    expect(times).toHaveLength(51);
    times.sort((a, b) => a - b);
    for (let index = LIMIT.requests; index < times.length; index++) {
      expect(times[index] - times[index - LIMIT.requests]).toBeGreaterThan(LIMIT.windowMs);
    }
  });

  it('is paused for all workers when the venue asks one to wait', async () => {
    const [asked, other] = [worker(), worker()];
    await asked.pause('polymarket/data-prices', 60_000);
    await expect(other.take('polymarket/data-prices', 'live', never)).rejects.toMatchObject({ type: 'RateLimited' });
    await other.take('polymarket/clob-book', 'live', never);
  });
});

describe('the requests of a collection, as the venue sees them', () => {
  let rig: CollectRig;
  beforeAll(async () => {
    rig = await createCollectRig({ enforceLimits: true, scale: { instruments: 30, tradesPerInstrument: 2500 } });
    await rig.add({ symbol: 'SCALE', sources: { polymarket: [{ eventSlug: 'scale' }] } });
  });
  afterAll(() => rig.close());

  it('stay below the published limits, ask once per page and reuse connections', async () => {
    const { output } = await rig.collect({ symbol: 'SCALE', executionId: 'run', daysBack: 8 });
    const { requests } = rig.venue;
    expect(output).toMatchObject({ instruments: 30, requests: requests.length });
    expect(requests.filter(({ status }) => status !== 200)).toEqual([]);
    const trades = requests.filter(({ route }) => route === '/data/v2/trades');
    // three pages each, and now and then one again to check that trades of one second keep their order
    expect(trades.length).toBeLessThanOrEqual(30 * 3 + 8);
    expect(peakWithin(trades, 10_000)).toBeLessThanOrEqual(limitsOf()['polymarket/data-trades'].requests);
    expect(new Set(requests.map(({ connectionId }) => connectionId)).size).toBeLessThanOrEqual(36);
  });
});
