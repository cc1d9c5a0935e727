import { afterEach, describe, expect, it } from 'vitest';
import type { Faults } from '../../sandbox/faults.ts';
import { peakWithin } from '../../sandbox/request-log.ts';
import { PredictLabError } from '../../src/contracts/errors.ts';
import type { StageEffect } from '../../src/contracts/task/stage-report.ts';
import { type CollectRig, type CollectRun, createCollectRig, DAY, NOON, storedTrades, trueTrades } from '../sources/collect-rig.ts';

const GROUP = 'bitcoin-above-this-month';
const SYMBOL = 'BTC_PRICE';
const WINDOW = { from: NOON - 3 * DAY, to: NOON };

/** All faults at once. */
const STORM: Faults = {
  unavailable: 0.1,
  cutInBody: 0.05,
  cutBefore: 0.02,
  rateLimited: { count: 3 },
  retryAfterSeconds: 1,
  repeatPage: 0.1,
  repeatRows: 0.3,
  shuffle: 0.3,
  badRows: 0.02,
  textNumbers: 0.1,
};

/** Repeats attempts after temporary failures, as the engine does. */
async function untilDone(rig: CollectRig, run: CollectRun): Promise<{ collect: StageEffect; clean: StageEffect; store: StageEffect }> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await rig.collectAndStore(run);
    } catch (error) {
      if (!(error instanceof PredictLabError) || !error.retryable || attempt === 6) throw error;
    }
  }
}

let rig: CollectRig;
afterEach(() => rig.close());

async function symbolOfBothVenues(faults: Faults): Promise<void> {
  rig = await createCollectRig({ faults });
  await rig.add({ symbol: SYMBOL, sources: { polymarket: [{ eventSlug: GROUP }], predict: [{ categorySlug: GROUP }] } });
}

async function expectTruth(): Promise<void> {
  for (const { id } of rig.venue.truth.instruments({ group: GROUP })) {
    expect(await storedTrades(rig.database, id), id).toEqual(trueTrades(rig, id, WINDOW));
  }
}

async function quarantined(): Promise<Record<string, number>> {
  const { rows } = await rig.database.query<{ reason: string; count: number }>(
    'select reason, count(*)::int as count from quarantine group by reason',
  );
  return Object.fromEntries(rows.map(({ reason, count }) => [reason, count]));
}

function trueBadRows(): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { id } of rig.venue.truth.instruments({ group: GROUP })) {
    for (const { reason } of rig.venue.truth.badRows(id, WINDOW)) counts[reason] = (counts[reason] ?? 0) + 1;
  }
  return counts;
}

describe('collecting from venues that show every fault at once', () => {
  it('loses no tick after one run or five, and lists each bad row once', async () => {
    await symbolOfBothVenues(STORM);
    await untilDone(rig, { symbol: SYMBOL, executionId: 'run-1', daysBack: 3 });
    await expectTruth();
    const after1 = await quarantined();
    // a row from the future lies in no window: the pages also contain those beside trades older than the window
    const { 'time-range': future, ...others } = trueBadRows();
    expect(after1).toMatchObject(others);
    expect(after1['time-range']).toBeGreaterThanOrEqual(future);
    for (const n of [2, 3, 4, 5]) {
      const again = await untilDone(rig, { symbol: SYMBOL, executionId: `run-${n}`, daysBack: 3, refetch: n === 3 });
      expect(again.store.output).toMatchObject({ inserted: 0 });
    }
    await expectTruth();
    expect(await quarantined()).toEqual(after1);
    expect(
      peakWithin(
        rig.venue.requests.filter(({ route }) => route === '/data/v2/trades'),
        10_000,
      ),
    ).toBeLessThanOrEqual(200);
  }, 120_000);

  it('stores the trades that the venue shows late in the next run', async () => {
    await symbolOfBothVenues({ late: 0.3, shuffle: 0.2 });
    await untilDone(rig, { symbol: SYMBOL, executionId: 'early', daysBack: 3 });
    const [first] = rig.venue.truth.instruments({ group: GROUP, venue: 'polymarket' });
    const before = await storedTrades(rig.database, first.id);
    expect(before.length).toBeLessThan(trueTrades(rig, first.id, WINDOW).length);
    await untilDone(rig, { symbol: SYMBOL, executionId: 'later', daysBack: 3 });
    const byContent = (ticks: readonly object[]): string[] => ticks.map((tick) => JSON.stringify(tick)).sort();
    for (const { id } of rig.venue.truth.instruments({ group: GROUP })) {
      expect(byContent(await storedTrades(rig.database, id)), id).toEqual(byContent(trueTrades(rig, id, WINDOW)));
    }
  });
});
