import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { instrumentsOf } from '../../src/storage/markets/instruments.ts';
import { type CollectRig, createCollectRig, DAY, NOON, storedTrades, trueTrades } from '../sources/collect-rig.ts';
import { empty } from '../support/postgres.ts';
import { runStage } from '../support/stage-run.ts';

const GROUP = 'bitcoin-above-this-month';

let rig: CollectRig;
beforeAll(async () => {
  rig = await createCollectRig();
});
afterAll(() => rig.close());
afterEach(async () => {
  rig.venue.setFaults({});
  await empty(rig.database, ['symbols', 'instruments', 'ledger', 'runs', 'staged_rows', 'ticks']);
});

// time enough for the other venue on a busy machine
const slowly = { symbol: 'BTC', daysBack: 2, timeoutMs: 5_000 };

describe('a venue so slow that it uses up the time of an attempt', () => {
  it.each([
    { where: 'when it is asked for its markets', only: ['/predict'] },
    { where: 'when it is asked for trades', only: ['/predict/v1/orders'] },
  ])('fails alone $where: the rows of the other venue are stored, and the slow one is named', async ({ only }) => {
    await rig.add({ symbol: 'BTC', sources: { polymarket: [{ eventSlug: GROUP }], predict: [{ categorySlug: GROUP }] } });
    rig.venue.setFaults({ only, slow: 1, slowMs: 60_000 });
    // repeated until the other venue was read within one attempt, which a busy machine may not manage at once
    let before: number;
    const sinceThen = () => rig.venue.requests.slice(before).filter(({ route }) => route === '/data/v2/trades');
    do {
      before = rig.venue.requests.length;
      await expect(rig.collect({ ...slowly, executionId: 'slow' })).rejects.toMatchObject({ type: 'TaskTimeout' });
    } while (sinceThen().length > 0);
    before = rig.venue.requests.length;
    const collected = await rig.collect({ ...slowly, executionId: 'slow', lastAttempt: true });
    expect(collected.output).toMatchObject({
      failedSources: { predict: expect.stringContaining('predict had not finished after 4 s') as string },
    });
    expect(collected.degraded).toEqual([
      expect.stringContaining('predict failed (TaskTimeout): it takes longer than an attempt may') as string,
    ]);
    // nothing of the other venue is collected twice
    expect(sinceThen()).toEqual([]);
    for (const stage of ['clean', 'store'] as const)
      await runStage(rig.database, stage, { symbol: 'BTC', executionId: 'slow', asOf: NOON, daysBack: 2 });
    for (const { id } of await instrumentsOf(rig.database, 'BTC', ['polymarket'])) {
      expect(await storedTrades(rig.database, id), id).toEqual(trueTrades(rig, id, { from: NOON - 2 * DAY, to: NOON }));
    }
  });

  it('has the whole time of the attempt when the symbol has no other venue', async () => {
    await rig.add({ symbol: 'BTC', sources: { predict: [{ categorySlug: GROUP }] } });
    rig.venue.setFaults({ only: ['/predict/v1/orders'], slow: { count: 2 }, slowMs: 1_500 });
    const { output } = await rig.collect({ symbol: 'BTC', executionId: 'alone', timeoutMs: 1_500 });
    expect(output).not.toHaveProperty('failedSources');
  });
});
