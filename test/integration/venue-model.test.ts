import { afterAll, beforeAll, expect, it } from 'vitest';
import { verifyData } from '../../src/storage/verify/verify.ts';
import { databasePipeline } from '../model/database-pipeline.ts';
import { runWorld } from '../model/run-world.ts';
import { runWitnessWorld, witnessWorld } from '../model/witness-world.ts';
import { HOUR, makeWorld, type World } from '../model/world.ts';
import { type TestDatabase, testDatabase } from '../support/postgres.ts';
import { patience, worlds } from '../support/worlds.ts';

/** Some of those that test/model runs in memory, by the stages themselves: `PREDICTLAB_WORLDS=200` for more. */
const WORLDS = worlds(4);
const FIRST = Number(process.env.PREDICTLAB_FIRST_WORLD ?? 1);

let test: TestDatabase;
beforeAll(async () => {
  test = await testDatabase();
});
afterAll(() => test.close());

const seeds: number[] = [];
for (let seed = FIRST; seeds.length < WORLDS; seed++) {
  // worlds with few firings whose venue repeats rows
  const { repeats, firings } = makeWorld(seed);
  if (repeats && firings.length <= 9) seeds.push(seed);
}

/** A world whose venue claims for a while that there are no trades, or only the newest few. */
const LYING = { plain: true, lateness: 'prompt', outages: [], lies: true, count: 6, every: 4 * HOUR, pageSize: 50 } as const;
let lying = FIRST;
const hides = ({ lies }: World): boolean => lies.length > 0 && lies.every(({ kind }) => kind === 'empty' || kind === 'cut');
while (!hides(makeWorld(lying, LYING))) lying++;

it.each([...seeds.map((seed) => ({ seed, shape: {} })), { seed: lying, shape: LYING }])(
  'the stages store, cover and build exactly what the venue of world $seed showed',
  async ({ seed, shape }) => {
    const { database } = test;
    const world = makeWorld(seed, shape);
    const report = await runWorld(world, (venue) => databasePipeline(database, venue));
    expect(report.wrong).toEqual([]);
    // a market may end before its first trade
    expect(report.stored).toBeGreaterThanOrEqual(Math.min(20, world.trades.length));
    const { findings } = await verifyData(database);
    expect(findings).toEqual([]);
    const { rows } = await database.query(
      `select n.open_time from candles n join coverage c on c.instrument = n.instrument and c.kind = n.kind
     where n.complete and not c.ranges @> int8range(n.open_time, n.open_time + n.interval_minutes * 60000::bigint)`,
    );
    expect(rows).toEqual([]);
  },
  patience(120_000),
);

it('the stages detect from a venue’s stated volume that its index lacks trades, and store these once the index has them', async () => {
  const { database } = test;
  let seed = FIRST;
  while ((await runWitnessWorld(witnessWorld(seed, ['hole']))).alarms === 0) seed++;
  let raised = 0;
  const report = await runWitnessWorld(witnessWorld(seed, ['hole']), async (venue) => {
    const pipeline = await databasePipeline(database, venue);
    return {
      ...pipeline,
      alarms: async () => {
        const alarms = await pipeline.alarms();
        raised = Math.max(raised, alarms.length);
        return alarms;
      },
    };
  });
  expect(report.wrong).toEqual([]);
  expect(raised).toBeGreaterThan(0);
  // in the end both agree, and what the totals have confirmed says so
  expect(report.alarms).toBe(0);
  const { rows } = await database.query<{ confirmed: boolean }>("select confirmed <> '{}' as confirmed from coverage where kind = 0");
  expect(rows).toEqual([{ confirmed: true }]);
  expect((await verifyData(database)).findings).toEqual([]);
});
