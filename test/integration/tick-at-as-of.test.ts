import * as fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { MAX_LATENESS_MS } from '../../src/market/lateness.ts';
import { verifyData } from '../../src/storage/verify/verify.ts';
import { databasePipeline } from '../model/database-pipeline.ts';
import { ModelVenue } from '../model/model-venue.ts';
import { BEGIN, DAY, type Firing, HOUR, makeWorld, type WorldTrade } from '../model/world.ts';
import { type TestDatabase, testDatabase } from '../support/postgres.ts';
import { patience, worlds } from '../support/worlds.ts';

const RUNS = worlds(6);

let test: TestDatabase;
beforeAll(async () => {
  test = await testDatabase();
});
afterAll(() => test.close());

/** A trade at a full hour, or a millisecond beside it. */
const tradeAt = (time: number, index: number): WorldTrade => ({
  id: `t${index}`,
  made: time,
  stamp: time,
  visible: time,
  versions: [{ from: time, price: 0.5, size: 1 }],
  touchy: false,
  bad: false,
});

it(
  'a trade exactly at an end of a run’s window is stored once and covered, although the next window includes it too',
  async () => {
    const { database } = test;
    const trades = fc.uniqueArray(fc.tuple(fc.integer({ min: 0, max: 30 }), fc.constantFrom(-1, 0, 0, 0, 1)), {
      selector: ([hour, beside]) => `${hour} ${beside}`,
      minLength: 5,
      maxLength: 40,
    });
    const firings = fc.array(fc.record({ after: fc.integer({ min: 1, max: 8 }), hoursBack: fc.constantFrom(1, 6, 24) }), {
      minLength: 2,
      maxLength: 5,
    });
    await fc.assert(
      fc.asyncProperty(trades, firings, async (hours, steps) => {
        const made = hours.map(([hour, beside]) => BEGIN + hour * HOUR + beside).sort((a, b) => a - b);
        const world = { ...makeWorld(1, { plain: true, outages: [], pageSize: 10 }), trades: made.map(tradeAt), opensAt: BEGIN - DAY };
        const venue = new ModelVenue({ ...world, ended: null, closedFrom: null, headerSkew: 0, repeats: false });
        const pipeline = await databasePipeline(database, venue);
        const wanted = new Set<number>();
        let asOf = BEGIN;
        let lastLook = Number.POSITIVE_INFINITY;
        for (const [number, { after, hoursBack }] of steps.entries()) {
          asOf += after * HOUR;
          venue.now = asOf;
          const firing: Firing = { at: asOf, asOf, daysBack: hoursBack / 24, refetch: false, killedAt: [] };
          await pipeline.attempt(`run ${number}`, firing);
          await pipeline.store(`run ${number}`, firing);
          // a run also collects again what may have come late since the last look, however short its own window is
          const from = Math.min(asOf - hoursBack * HOUR, lastLook - MAX_LATENESS_MS);
          for (const time of made) if (time >= from && time <= asOf) wanted.add(time);
          lastLook = asOf;
          const stored = (await pipeline.ticks()).map(({ time }) => time);
          // rows of before the window are left to other runs, unless they were asked for
          expect(stored).toEqual([...wanted].sort((a, b) => a - b));
          expect((await verifyData(database)).findings).toEqual([]);
          const { rows } = await database.query<{ open: number; complete: boolean; covered: boolean }>(
            `select n.open_time as open, n.complete,
             c.ranges @> int8range(n.open_time, n.open_time + n.interval_minutes * 60000::bigint) as covered
           from candles n join coverage c on c.instrument = n.instrument and c.kind = n.kind`,
          );
          for (const { open, complete, covered } of rows) {
            expect(complete).toBe(covered);
            // the bucket that begins with the run's instant has one tick and is open
            if (open === asOf) expect(complete).toBe(false);
          }
        }
      }),
      { numRuns: RUNS },
    );
  },
  patience(120_000),
);
