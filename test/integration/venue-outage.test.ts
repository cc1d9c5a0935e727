import { afterEach, describe, expect, it } from 'vitest';
import { instrumentsOf } from '../../src/storage/markets/instruments.ts';
import { type CollectRig, createCollectRig, DAY, NOON, storedTrades, trueTrades } from '../sources/collect-rig.ts';

const HOUR = DAY / 24;
const GROUP = 'bitcoin-above-this-month';
const SYMBOL = 'BTC';

let rig: CollectRig;
afterEach(() => rig.close());

describe('an outage of one venue for eight days', () => {
  it('costs nothing at the other venue, and afterwards everything that is still available is collected', async () => {
    let clock = NOON;
    rig = await createCollectRig({
      now: () => clock,
      markets: [GROUP],
      // eight days pass in seconds, so the request limit is raised
      env: { PREDICTLAB_RATE_SHARE: '20' },
    });
    const [mine, theirs] = (['polymarket', 'predict'] as const).map((venue) => rig.venue.truth.instruments({ group: GROUP, venue })[0]);
    await rig.add({
      symbol: SYMBOL,
      sources: {
        polymarket: [{ conditionId: mine.id.slice('polymarket:'.length) }],
        predict: [{ marketId: Number(theirs.id.slice('predict:'.length)) }],
      },
    });
    const fire = async (daysBack = 7) =>
      await rig.collectAndStore({ symbol: SYMBOL, executionId: `at-${clock}-${daysBack}`, daysBack, lastAttempt: true });
    await fire();
    const begun = NOON - 7 * DAY;

    rig.venue.setFaults({ refused: 1, only: ['/predict'] });
    for (let firing = 1; firing <= 48; firing++) {
      clock += 4 * HOUR;
      const { collect, store } = await fire();
      expect(collect.output).toMatchObject({ failedSources: { predict: expect.stringContaining('403') as string } });
      expect(collect.degraded).toHaveLength(1);
      expect(store.degraded).toBeUndefined();
    }
    // the newest trades may not be settled yet
    const settled = (list: readonly { time: number }[]) => list.filter(({ time }) => time < clock - HOUR);
    const truth = () => settled(trueTrades(rig, mine.id, { from: begun, to: clock }));
    expect(truth().length).toBeGreaterThan(1000);
    expect(settled(await storedTrades(rig.database, mine.id))).toEqual(truth());
    // minute by minute too: the venue keeps these points for seven days only
    const { rows } = await rig.database.query<{ hours: number }>(
      `select count(distinct t.time / 3600000)::int as hours from ticks t join instruments i on i.key = t.instrument
       where i.id = $1 and t.kind = 1 and t.time >= $2 and t.time < $3`,
      [mine.id, NOON, clock],
    );
    expect(rows[0]?.hours).toBe(8 * 24);
    expect((await storedTrades(rig.database, theirs.id)).every(({ time }) => time <= NOON)).toBe(true);

    rig.venue.setFaults({});
    clock += 4 * HOUR;
    const back = await fire();
    expect(back.collect.degraded).toBeUndefined();
    const since = clock - 7 * DAY;
    const later = (list: readonly { time: number }[]) => settled(list).filter(({ time }) => time >= since);
    expect(later(await storedTrades(rig.database, theirs.id))).toEqual(later(trueTrades(rig, theirs.id, { from: since, to: clock })));
    expect(settled(await storedTrades(rig.database, mine.id))).toEqual(truth());
    // what fell out of the run's window while the venue was away is only a longer window away
    await fire(10);
    const whole = trueTrades(rig, theirs.id, { from: clock - 10 * DAY, to: clock });
    expect(settled(await storedTrades(rig.database, theirs.id)).filter(({ time }) => time >= clock - 10 * DAY)).toEqual(settled(whole));
    expect(await instrumentsOf(rig.database, SYMBOL, ['polymarket', 'predict'])).toHaveLength(2);
  }, 120_000);
});
