import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CandidateRow, TimeRange } from '../../src/contracts/market-data.ts';
import { POINT_IDENTITY } from '../../src/market/identity.ts';
import { isWithin } from '../../src/sources/walk/time-ranges.ts';
import { instrumentById, saveInstruments } from '../../src/storage/markets/instruments.ts';
import { stageGrain } from '../../src/storage/staging/settle-grains.ts';
import { stageCoverage, stagePage } from '../../src/storage/staging/staging.ts';
import { verifyData } from '../../src/storage/verify/verify.ts';
import { empty, type TestDatabase, testDatabase } from '../support/postgres.ts';
import { DAY, instrument, runStages, START } from '../support/stage-run.ts';
import { patience, worlds } from '../support/worlds.ts';

const MINUTE = 60_000;
const GRAINS = [60, 300, 1800, 10_800] as const;
const RUNS = worlds(15);

/** Points of one grain over a stretch: on its grid with holes, and perhaps one off the grid at its end. */
interface Collection {
  readonly grain: number;
  readonly range: TimeRange;
  readonly times: readonly number[];
}

const collection: fc.Arbitrary<Collection> = fc
  .record({
    grain: fc.constantFrom(...GRAINS),
    from: fc.integer({ min: 0, max: 500 }),
    minutes: fc.integer({ min: 1, max: 400 }),
    holes: fc.array(fc.integer({ min: 0, max: 60 }), { maxLength: 10 }),
    terminal: fc.boolean(),
  })
  .map(({ grain, from, minutes, holes, terminal }) => {
    const range = { from: START + from * MINUTE, to: START + (from + minutes) * MINUTE };
    const width = grain * 1000;
    const times: number[] = [];
    for (let time = Math.ceil(range.from / width) * width; time < range.to; time += width) {
      if (!holes.includes((time / width) % 61)) times.push(time);
    }
    if (terminal) times.push(range.to - 17_000);
    return { grain, range, times };
  });

/** The price that the venue has at a grain: each grain has its own, so that it shows whose point is stored. */
const priceOf = (grain: number, time: number): number => ((time / 1000 + grain * 7) % 97) / 100;

const point = (grain: number, time: number): CandidateRow => ({
  kind: 'price',
  time,
  price: priceOf(grain, time),
  size: null,
  side: null,
  outcome: null,
  tradeId: null,
  identity: POINT_IDENTITY,
  raw: '{}',
  defect: null,
  grain,
});

let test: TestDatabase;
beforeAll(async () => {
  test = await testDatabase();
});
afterAll(() => test.close());

/** Collects one after the other and stores, each group of a run together. @returns the points and candles that are there then */
async function stored(runs: readonly (readonly Collection[])[]): Promise<{ points: readonly string[]; candles: readonly string[] }> {
  const { database } = test;
  await empty(database, ['symbols', 'instruments', 'ledger', 'runs', 'staged_rows', 'ticks', 'candles']);
  for (const [number, collections] of runs.entries()) {
    const executionId = `run ${number}`;
    const keys = await saveInstruments(database, 'RAIN', [instrument()]);
    const key = { executionId, symbol: 'RAIN', instrumentKey: keys.get(instrument().id) as number };
    for (const [pageNumber, { grain, range, times }] of collections.entries()) {
      await database.transaction(async (transaction) => {
        await stagePage(transaction, { ...key, pageNumber, order: 'oldest-first', rows: times.map((time) => point(grain, time)) });
        await stageCoverage(transaction, { ...key, kind: 'price', ranges: [range] });
        if (times.length > 0) await stageGrain(transaction, { ...key, grain, range });
      });
    }
    await runStages(database, { executionId, asOf: START + 2 * DAY, intervals: ['5m', '1h', '4h'] });
  }
  const { key } = (await instrumentById(database, instrument().id)) as { key: number };
  const { rows: points } = await database.query<{ one: string }>(
    `select time || ' ' || grain || ' ' || price as one from ticks where instrument = $1 order by time`,
    [key],
  );
  const { rows: candles } = await database.query<{ one: string }>(
    `select concat_ws(' ', interval_minutes, open_time, open, high, low, close, trades, complete) as one from candles
     where instrument = $1 order by interval_minutes, open_time`,
    [key],
  );
  return { points: points.map(({ one }) => one), candles: candles.map(({ one }) => one) };
}

/** What must stay: each point but those in time of which a finer grain was collected. */
function wanted(collections: readonly Collection[]): readonly string[] {
  const found = collections.filter(({ times }) => times.length > 0);
  const points = found.flatMap(({ grain, times }) =>
    times.filter((time) => !found.some((other) => other.grain < grain && isWithin(time, [other.range]))).map((time) => ({ time, grain })),
  );
  const unique = new Map(points.map(({ time, grain }) => [time, grain]));
  return [...unique].sort(([a], [b]) => a - b).map(([time, grain]) => `${time} ${grain} ${priceOf(grain, time)}`);
}

describe('price points of several grains', () => {
  it(
    'are stored at the finest grain ever collected, in whatever order and pieces, and candles are built from those',
    async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.array(collection, { minLength: 2, maxLength: 5 }).chain((collections) =>
            fc.tuple(
              fc.constant(collections),
              fc.shuffledSubarray(
                collections.map((_, index) => index),
                { minLength: collections.length },
              ),
              fc.integer({ min: 1, max: 3 }),
            ),
          ),
          async ([collections, order, perRun]) => {
            const inOrder = await stored(collections.map((each) => [each]));
            expect(inOrder.points).toEqual(wanted(collections));
            const shuffled = order.map((index) => collections[index]);
            const groups = Array.from({ length: Math.ceil(shuffled.length / perRun) }, (_, run) =>
              shuffled.slice(run * perRun, (run + 1) * perRun),
            );
            // and once more, as a refetch does
            expect(await stored([...groups, shuffled])).toEqual(inOrder);
            expect((await verifyData(test.database)).findings).toEqual([]);
          },
        ),
        { numRuns: RUNS },
      );
    },
    patience(120_000),
  );
});
