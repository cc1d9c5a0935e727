import { expect, it } from 'vitest';
import type { Source } from '../../src/sources/source.ts';
import { createCollectRig, DAY, NOON, storedTrades, trueTrades } from '../sources/collect-rig.ts';
import { gate } from '../support/stages.ts';

it('a delayed attempt writes nothing once another attempt has taken over: no row is lost, and none returns uncleaned', async () => {
  const rig = await createCollectRig({ scale: { instruments: 1, tradesPerInstrument: 3_500 }, faults: { badRows: 0.02 } });
  await rig.add({ symbol: 'SCALE', sources: { polymarket: [{ eventSlug: 'scale' }] } });
  const run = { symbol: 'SCALE', executionId: 'one', daysBack: 8, sourceTypes: ['polymarket'] } as const;

  // The first attempt stages one page of trades and then sleeps, as on a laptop whose lid is closed.
  const asleep = gate();
  const lid = gate();
  const { polymarket } = rig.sources.byType;
  if (polymarket === undefined || !('source' in polymarket)) throw new Error('there is no such source');
  const drowsy: Source = {
    ...polymarket.source,
    async *collect(request) {
      let pages = 0;
      for await (const page of polymarket.source.collect(request)) {
        if (pages++ === 1) {
          asleep.open();
          await lid.opened;
        }
        yield page;
      }
    },
  };
  const heldUp = rig.collect({ ...run, sources: { ...rig.sources, byType: { ...rig.sources.byType, polymarket: { source: drowsy } } } });
  heldUp.catch(() => undefined);
  await asleep.opened;
  const { store } = await rig.collectAndStore(run);
  lid.open();

  await expect(heldUp).rejects.toThrow('another attempt collects it now');
  const [{ id }] = rig.venue.truth.instruments();
  const truth = trueTrades(rig, id, { from: NOON - 8 * DAY, to: NOON });
  expect(truth).toHaveLength(3_500);
  expect(await storedTrades(rig.database, id)).toEqual(truth);
  expect(store.output).toMatchObject({ gaps: 0 });
  const { rows } = await rig.database.query<{ staged: number }>('select count(*)::int as staged from staged_rows');
  expect(rows[0].staged).toBe(0);
  await rig.close();
});
