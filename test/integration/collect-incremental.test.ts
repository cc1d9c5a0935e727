import { afterEach, describe, expect, it } from 'vitest';
import { MIN_LATENESS_MS } from '../../src/market/lateness.ts';
import { instrumentsOf } from '../../src/storage/markets/instruments.ts';
import { coverageOf } from '../../src/storage/ticks/coverage.ts';
import { latenessByInstrument } from '../../src/storage/ticks/lateness.ts';
import { type CollectRig, createCollectRig, DAY, NOON, storedTrades, trueTrades } from '../sources/collect-rig.ts';
import { until } from '../support/until.ts';

const HOUR = 3_600_000;
const GROUP = 'bitcoin-above-this-month';

let rig: CollectRig;
let clock = NOON;
afterEach(async () => {
  await rig.close();
  clock = NOON;
});

/** A venue whose clock the test moves. */
const start = async (options: Parameters<typeof createCollectRig>[0] = {}): Promise<void> => {
  rig = await createCollectRig({ now: () => clock, ...options });
};

describe('collecting again', () => {
  it('fetches what happened since the last run, and keeps the stored rows', async () => {
    await start();
    await rig.add({ symbol: 'BTC', sources: { polymarket: [{ eventSlug: GROUP }], predict: [{ categorySlug: GROUP }] } });
    await rig.collectAndStore({ symbol: 'BTC', executionId: 'noon', daysBack: 2 });
    clock = NOON + 4 * HOUR;
    await rig.collectAndStore({ symbol: 'BTC', executionId: 'four', daysBack: 2 });
    for (const { id } of rig.venue.truth.instruments({ group: GROUP })) {
      expect(await storedTrades(rig.database, id), id).toEqual(trueTrades(rig, id, { from: NOON - 2 * DAY, to: clock }));
    }
  });

  it('catches up with a pause longer than the window, and covers a night without trades', async () => {
    await start();
    await rig.add({ symbol: 'BTC', sources: { polymarket: [{ slug: 'bitcoin-above-110k-this-month' }] } });
    await rig.collectAndStore({ symbol: 'BTC', executionId: 'monday', daysBack: 1 });
    clock = NOON + 3 * DAY;
    await rig.collectAndStore({ symbol: 'BTC', executionId: 'thursday', daysBack: 1 });
    const [instrument] = await instrumentsOf(rig.database, 'BTC', ['polymarket']);
    // nothing younger than ten minutes counts as collected
    expect(await coverageOf(rig.database, instrument.key, 'trade')).toEqual([{ from: NOON - DAY, to: NOON + 3 * DAY - HOUR / 6 }]);
    expect(await storedTrades(rig.database, instrument.id)).toEqual(trueTrades(rig, instrument.id, { from: NOON - DAY, to: clock }));
  });

  it('continues after the last complete page when an attempt is interrupted', async () => {
    await start({ scale: { instruments: 1, tradesPerInstrument: 6_000 } });
    await rig.add({ symbol: 'SCALE', sources: { polymarket: [{ eventSlug: 'scale' }] } });
    const trades = (): number => rig.venue.requests.filter(({ route }) => route === '/data/v2/trades').length;
    const controller = new AbortController();
    const run = { symbol: 'SCALE', executionId: 'killed', daysBack: 8 };
    const attempt = rig.collect({ ...run, signal: controller.signal }).catch((error: unknown) => error);
    await until(() => trades() >= 3, { everyMs: 2 });
    controller.abort(new Error('killed'));
    expect(await attempt).toMatchObject({ message: 'killed' });
    const before = rig.venue.requests.length;
    await rig.collectAndStore(run);
    const again = rig.venue.requests.slice(before).filter(({ route }) => route === '/data/v2/trades');
    expect(again.filter(({ url }) => !url.includes('cursor='))).toEqual([]);
    const [{ id }] = rig.venue.truth.instruments({ group: 'scale' });
    expect(await storedTrades(rig.database, id)).toEqual(trueTrades(rig, id, { from: NOON - 8 * DAY, to: NOON }));
  });

  it('waits for late rows of markets that had late rows, and of markets that are new to it', async () => {
    await start();
    const slugs = ['ethereum-above-3500-this-month', 'ethereum-above-4000-this-month'];
    await rig.add({ symbol: 'ETH', sources: { polymarket: slugs.map((slug) => ({ slug })) } });
    const firing = async (hour: number): Promise<void> => {
      clock = NOON + hour * HOUR;
      await rig.collectAndStore({ symbol: 'ETH', executionId: `hour ${hour}`, daysBack: 2, sourceTypes: ['polymarket'] });
    };
    await firing(0);
    await firing(4);
    const [late, prompt] = await instrumentsOf(rig.database, 'ETH', ['polymarket']);
    rig.venue.addLateTrades(late.id, 8);
    await firing(8);
    await firing(12);
    const lateness = await latenessByInstrument(rig.database, 'ETH', clock);
    expect(lateness(prompt)).toBe(MIN_LATENESS_MS);
    expect(lateness(late)).toBeGreaterThan(2 * MIN_LATENESS_MS);
    // a market with late rows holds back its own coverage, but not that of others
    const coveredTo = async ({ key }: { key: number }) => (await coverageOf(rig.database, key, 'trade')).at(-1)?.to;
    expect(await coveredTo(prompt)).toBe(clock - MIN_LATENESS_MS);
    expect(await coveredTo(late)).toBe(clock - lateness(late));
    expect(lateness({ id: 'polymarket:0xnew', source: 'polymarket' })).toBe(lateness(late));
    expect(await storedTrades(rig.database, late.id)).toEqual(trueTrades(rig, late.id, { from: NOON - 2 * DAY, to: clock }));
  });

  it('collects the whole window again with refetch, and changes nothing', async () => {
    await start();
    await rig.add({ symbol: 'BTC', sources: { predict: [{ categorySlug: GROUP }] } });
    const first = await rig.collectAndStore({ symbol: 'BTC', executionId: 'one' });
    const again = await rig.collectAndStore({ symbol: 'BTC', executionId: 'two', refetch: true });
    const { ticks } = first.collect.output as { ticks: number };
    expect(ticks).toBeGreaterThan(100);
    expect(again.collect.output).toMatchObject({ ticks });
    expect(again.store.output).toMatchObject({ inserted: 0, duplicates: ticks });
  });
});
