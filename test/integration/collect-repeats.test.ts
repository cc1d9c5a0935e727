import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { CandidateRow } from '../../src/contracts/market-data.ts';
import type { Source } from '../../src/sources/source.ts';
import { saveInstruments } from '../../src/storage/markets/instruments.ts';
import type { PageOrder } from '../../src/storage/staging/staging.ts';
import { stagePage } from '../../src/storage/staging/staging.ts';
import { type CollectRig, createCollectRig, DAY, NOON, storedTrades, trueTrades } from '../sources/collect-rig.ts';
import { empty, type TestDatabase, testDatabase } from '../support/postgres.ts';
import { instrument, runStages, START, trade } from '../support/stage-run.ts';

describe('a row that a later page repeats keeps its place among the trades of the same timestamp', () => {
  let test: TestDatabase;
  beforeAll(async () => {
    test = await testDatabase();
  });
  afterAll(() => test.close());
  beforeEach(() => empty(test.database, ['symbols', 'instruments', 'ledger', 'runs', 'staged_rows', 'ticks']));

  const at = (time: number, name: string, price = 0.5): CandidateRow => trade(time, price, { identity: name, tradeId: name });

  async function collectPages(order: PageOrder, pages: readonly (readonly CandidateRow[])[]): Promise<void> {
    const market = instrument();
    const instrumentKey = (await saveInstruments(test.database, 'RAIN', [market])).get(market.id) as number;
    for (const [pageNumber, rows] of pages.entries()) {
      await stagePage(test.database, { executionId: 'a', symbol: 'RAIN', instrumentKey, pageNumber, order, rows });
    }
  }

  const storedOf = async (time: number): Promise<readonly (string | null)[]> => {
    const stored = await storedTrades(test.database, instrument().id);
    return stored.filter((tick) => tick.time === time).map(({ tradeId }) => tradeId);
  };

  const [d, c, b, a] = ['d', 'c', 'b', 'a'].map((name) => at(START, name));

  it.each<{ what: string; order: PageOrder; pages: CandidateRow[][] }>([
    { what: 'ends within the timestamp', order: 'newest-first', pages: [[d, c, b, a], [d, c], [at(START - 1, 'older')]] },
    {
      what: 'ends within it where a boundary was',
      order: 'newest-first',
      pages: [
        [d, c],
        [b, a],
        [d, c, b],
      ],
    },
    {
      what: 'begins within the timestamp and continues',
      order: 'newest-first',
      pages: [
        [d, c, b],
        [c, b, a],
      ],
    },
    { what: 'came oldest first', order: 'oldest-first', pages: [[a, b, c, d], [b, c], [at(START + 1, 'newer')]] },
  ])('when the repeat $what ($order)', async ({ order, pages }) => {
    await collectPages(order, pages);
    const { store } = await runStages(test.database, { executionId: 'a' });
    expect(await storedOf(START)).toEqual(['a', 'b', 'c', 'd']);
    const rows = pages.flat();
    const inserted = new Set(rows).size;
    expect(store.output).toMatchObject({ inserted, duplicates: rows.length - inserted });
  });

  it('when more rows are merged than fit in one statement', async () => {
    const newer = Array.from({ length: 49_998 }, (_, i) => at(START + 60_000 - i, `n${i}`));
    await collectPages('newest-first', [
      [...newer, d, c, b, a],
      [d, c],
    ]);
    await runStages(test.database, { executionId: 'a' });
    expect(await storedOf(START)).toEqual(['a', 'b', 'c', 'd']);
  }, 60_000);
});

let rig: CollectRig | undefined;
afterEach(() => rig?.close());

it.each(['predict:1011', 'predict:1012', 'predict:1013'])(
  'the trades of %s keep their order when pages are read again with other boundaries',
  async (id) => {
    // bad rows take places on a page, so a repeated page starts slightly above the page before it, and ends above that page's end
    const badRows = 0.02;
    rig = await createCollectRig({ faults: { badRows } });
    await rig.add({ symbol: 'ONE', sources: { predict: [{ marketId: Number(id.slice('predict:'.length)) }] } });
    const { venue } = rig;
    const { predict } = rig.sources.byType;
    if (predict === undefined || !('source' in predict)) throw new Error('there is no such source');
    const repeating: Source = {
      ...predict.source,
      async *collect(request) {
        let pages = 0;
        for await (const page of predict.source.collect(request)) {
          // only every second page, because a repeat of the first page would be identical to it
          if (++pages % 2 === 0) venue.setFaults({ badRows, repeatPage: { count: 1 }, only: ['/predict/v1/orders/matches'] });
          yield page;
        }
      },
    };
    const sources = { ...rig.sources, byType: { ...rig.sources.byType, predict: { source: repeating } } };
    const { store } = await rig.collectAndStore({ symbol: 'ONE', executionId: 'a', daysBack: 3, sources });
    expect(store.output).toMatchObject({ duplicates: expect.toSatisfy((count: number) => count > 100) });
    expect(await storedTrades(rig.database, id)).toEqual(trueTrades(rig, id, { from: NOON - 3 * DAY, to: NOON }));
  },
);
