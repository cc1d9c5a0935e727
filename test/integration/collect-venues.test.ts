import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CollectRig, createCollectRig, DAY, NOON, storedTrades, trueTrades } from '../sources/collect-rig.ts';

const GROUP = 'bitcoin-above-this-month';
const WINDOW = { from: NOON - 2 * DAY, to: NOON };

describe('collecting both venues into the database', () => {
  let rig: CollectRig;
  beforeAll(async () => {
    rig = await createCollectRig();
    await rig.add({ symbol: 'BTC_PRICE', sources: { polymarket: [{ eventSlug: GROUP }], predict: [{ categorySlug: GROUP }] } });
  });
  afterAll(() => rig.close());

  it('stores exactly the trades of the window, in the order in which they happened', async () => {
    const run = await rig.collectAndStore({ symbol: 'BTC_PRICE', executionId: 'first' });
    const instruments = rig.venue.truth.instruments({ group: GROUP });
    expect(instruments).toHaveLength(6);
    for (const { id } of instruments) {
      const truth = trueTrades(rig, id, WINDOW);
      expect(truth.length).toBeGreaterThan(50);
      expect(await storedTrades(rig.database, id)).toEqual(truth);
    }
    expect(run.collect.output).toMatchObject({ instruments: 6 });
    expect(run.collect.degraded).toBeUndefined();
  });
});
