import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createPluginThreads } from '../../src/activities/custom/threads/plugin-threads.ts';
import { createBacktest } from '../../src/activities/stages/backtest/backtest.ts';
import { recordedWork } from '../../src/activities/stages/stage-work.ts';
import { shippedStrategies } from '../../src/backtest/strategies/registry.ts';
import type { CatalogueEntry } from '../../src/contracts/catalogue.ts';
import { readBacktests } from '../../src/storage/backtests/backtests.ts';
import { instrumentById } from '../../src/storage/markets/instruments.ts';
import { type CollectRig, createCollectRig, DAY, NOON, storedTrades } from '../sources/collect-rig.ts';
import { empty } from '../support/postgres.ts';
import { silent } from '../support/silent.ts';
import { runStage } from '../support/stage-run.ts';

const HOURLY = `btc-updown-1h-${NOON / 1000}`;
const MINUTE = 60_000;
const QUARTERLY = `eth-updown-15m-${(NOON + 30 * MINUTE) / 1000}`;
const OTHER: CatalogueEntry['sources'] = { polymarket: [{ eventSlug: 'bitcoin-above-this-month' }] };

let rig: CollectRig;
let clock = NOON;
const threads = createPluginThreads(silent);
beforeAll(async () => {
  rig = await createCollectRig({ now: () => clock });
});
afterAll(async () => {
  await threads.close();
  await rig.close();
});
afterEach(async () => {
  rig.venue.setFaults({});
  await empty(rig.database, ['symbols', 'instruments', 'ledger', 'runs', 'staged_rows', 'ticks']);
  clock = NOON;
});

/** Collects two markets half way through their lives, forgets them, and comes back when they are long over. */
async function forget(sources: CatalogueEntry['sources']): Promise<readonly [hourly: string, quarterly: string]> {
  clock = NOON + 40 * MINUTE;
  await rig.add({ symbol: 'BTC', sources: { polymarket: [{ slug: HOURLY }], predict: [{ categorySlug: QUARTERLY }] } });
  await rig.collectAndStore({ symbol: 'BTC', executionId: 'first' });
  await runStage(rig.database, 'kline', { symbol: 'BTC', executionId: 'first', asOf: clock, intervals: ['1m'] });
  await rig.add({ symbol: 'BTC', sources });
  clock = NOON + DAY;
  const { rows } = await rig.database.query<{ id: string }>('select id from instruments order by id');
  expect(rows.map(({ id }) => id.split(':')[0])).toEqual(['polymarket', 'predict']);
  return [rows[0].id, rows[1].id];
}

describe('the market of a selector that was removed while the market was open', () => {
  it('still gets its end and its result collected, and nothing else', async () => {
    const dropped = await forget(OTHER);
    const held = await Promise.all(dropped.map((id) => storedTrades(rig.database, id)));
    const { collect, store } = await rig.collectAndStore({ symbol: 'BTC', executionId: 'second' });
    for (const [index, id] of dropped.entries()) {
      const instrument = await instrumentById(rig.database, id);
      expect(instrument).toMatchObject({ closed: true, resolution: { kind: 'settled' } });
      expect(await storedTrades(rig.database, id)).toEqual(held[index]);
    }
    expect(collect.degraded).toBeUndefined();
    expect(store.degraded).toBeUndefined();
    // once the result is known, no more requests follow
    const before = rig.venue.requests.length;
    await rig.collect({ symbol: 'BTC', executionId: 'third' });
    const asked = rig.venue.requests.slice(before).map(({ url }) => url);
    expect(asked.filter((each) => each.includes(HOURLY) || each.includes('/v1/'))).toEqual([]);
  });

  it('is settled in the backtest of the rows that were collected while it was selected', async () => {
    const [hourly] = await forget(OTHER);
    await rig.collectAndStore({ symbol: 'BTC', executionId: 'second' });
    const about = { runId: 'run', executionId: 'second', symbol: 'BTC', stage: 'backtest' } as const;
    const settings = {
      sourceTypes: ['polymarket', 'predict'],
      intervals: ['1m'],
      daysBack: 2,
      asOf: clock,
      refetch: false,
      strategies: [{ name: 'buy-and-hold', params: {} }],
    } as const;
    await createBacktest({ database: rig.database, strategies: shippedStrategies, threads, log: silent })(
      { ...about, settings },
      recordedWork(rig.database, about, { log: silent }),
    );
    const results = (await readBacktests(rig.database, { symbol: 'BTC' })).filter(({ instrument }) => instrument === hourly);
    expect(results.length).toBeGreaterThan(0);
    for (const { metrics } of results) expect(metrics.settlementPnl).not.toBe(0);
  });

  it('does not cause a venue failure when the venue no longer lists it, nor when no selector of the venue is left', async () => {
    const [, quarterly] = await forget(OTHER);
    rig.venue.setFaults({ only: ['/predict'], refused: 1 });
    const during = await rig.collect({ symbol: 'BTC', executionId: 'down' });
    expect(during.degraded).toBeUndefined();
    expect(await instrumentById(rig.database, quarterly)).toMatchObject({ closed: false });
    rig.venue.setFaults({});
    await rig.collect({ symbol: 'BTC', executionId: 'up' });
    expect(await instrumentById(rig.database, quarterly)).toMatchObject({ closed: true, resolution: { kind: 'settled' } });
  });
});
