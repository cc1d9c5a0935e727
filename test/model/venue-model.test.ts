import { describe, expect, it } from 'vitest';
import { patience, worlds as worldsOf } from '../support/worlds.ts';
import { memoryPipeline } from './pipeline.ts';
import { runPointsWorld } from './points-world.ts';
import { runMixedWorld, runWorld, type WorldReport } from './run-world.ts';
import { SHAPES } from './shapes.ts';
import { runTwoVenues } from './two-venues.ts';
import { runSparingWorld, runWitnessWorld, sparingWorld, witnessWorld } from './witness-world.ts';
import { makeWorld, mixedShape } from './world.ts';

/** Number of worlds; for more: `PREDICTLAB_WORLDS=20000 npx vitest run --project unit test/model` */
const WORLDS = worldsOf(500);
/** Worlds in which the venue lies in several ways at once. */
const MIXED_WORLDS = worldsOf(500, { quick: 40, night: 4_000 });
/** Worlds of each rate of trading in which one trade in 500 is left out. */
const SPARING_WORLDS = worldsOf(42, { quick: 2, night: 200 });
const FOR_MS = patience(600_000);
const FIRST = Number(process.env.PREDICTLAB_FIRST_WORLD ?? 1);

/** Runs worlds and expects no difference, and at least so many runs and stored rows: worlds without them prove nothing. */
async function expectTrue(
  worlds: number,
  run: (seed: number) => Promise<WorldReport>,
  least: { runs: number; stored: number },
): Promise<void> {
  const wrong: string[] = [];
  let runs = 0;
  let stored = 0;
  for (let seed = FIRST; seed < FIRST + worlds; seed++) {
    const report = await run(seed);
    wrong.push(...report.wrong.slice(0, 1));
    runs += report.runs;
    stored += report.stored;
  }
  expect({ worlds: wrong.length, wrong: wrong.slice(0, 10) }).toEqual({ worlds: 0, wrong: [] });
  expect(runs / worlds).toBeGreaterThan(least.runs);
  expect(stored / worlds).toBeGreaterThan(least.stored);
}

describe('a venue with late and corrected rows, early ends and failures', () => {
  it(
    `loses no row, and coverage claims only time that was read, in ${WORLDS} worlds`,
    async () => {
      await expectTrue(WORLDS, (seed) => runWorld(makeWorld(seed), memoryPipeline), { runs: 5, stored: 100 });
    },
    FOR_MS,
  );

  it(
    `loses no row as Kalshi, which states each close, and coverage claims only time that was read, in ${WORLDS} worlds`,
    async () => {
      const kalshiWorld = (seed: number) => makeWorld(seed, { statesClose: true });
      await expectTrue(WORLDS, (seed) => runWorld(kalshiWorld(seed), memoryPipeline, 'kalshi'), { runs: 5, stored: 100 });
    },
    FOR_MS,
  );

  it.each(SHAPES)(
    '$name',
    async ({ shape }) => {
      await expectTrue(Math.ceil(WORLDS / 20), (seed) => runWorld(makeWorld(seed, shape), memoryPipeline), { runs: 5, stored: 100 });
    },
    FOR_MS,
  );
});

describe('a venue that lies in any combination of ways', () => {
  it(
    `adds no wrong row and no copy while it lies, and all its data is right after the documented recovery, in ${MIXED_WORLDS} worlds`,
    async () => {
      await expectTrue(MIXED_WORLDS, (seed) => runMixedWorld(makeWorld(seed, mixedShape(seed))), { runs: 5, stored: 100 });
    },
    FOR_MS,
  );
});

describe('a venue that is unavailable for days', () => {
  it(
    'does not affect a venue that works, and its data is complete once it answers again',
    async () => {
      await expectTrue(Math.ceil(WORLDS / 20), runTwoVenues, { runs: 25, stored: 200 });
    },
    FOR_MS,
  );
});

describe('a venue with late price points and a limited range per request', () => {
  it(
    'never loses a price point in covered time, for markets of any age and length',
    async () => {
      await expectTrue(Math.ceil(WORLDS / 5), (seed) => runPointsWorld(seed), { runs: 5, stored: 20 });
    },
    FOR_MS,
  );

  it(
    'loses no price point of a backfill whose asOf is the time at which the venue drops a grain',
    async () => {
      await expectTrue(Math.ceil(WORLDS / 5), (seed) => runPointsWorld(seed, true), { runs: 5, stored: 20 });
    },
    FOR_MS,
  );
});

describe('a venue that states the number of trades', () => {
  it(
    'raises no alarm while its index has all trades',
    async () => {
      await expectTrue(Math.ceil(WORLDS / 5), (seed) => runWitnessWorld(witnessWorld(seed, [])), { runs: 5, stored: 100 });
    },
    FOR_MS,
  );

  it(
    'is reported within two firings when it omits trades, and the data is complete once they are back',
    async () => {
      await expectTrue(Math.ceil(WORLDS / 5), (seed) => runWitnessWorld(witnessWorld(seed, ['dropped', 'hole'])), { runs: 5, stored: 100 });
    },
    FOR_MS,
  );

  it(
    'is reported within two firings in 95 of 100 worlds when it omits one trade in 500 for a day, at any rate of trading',
    async () => {
      const noticed: boolean[] = [];
      for (const perHour of [10, 60, 300]) {
        let left = SPARING_WORLDS;
        for (let seed = FIRST; left > 0; seed++) {
          const world = sparingWorld(seed, perHour);
          if (world === null) continue;
          left--;
          const after = await runSparingWorld(world);
          noticed.push(after !== null && after <= 2);
        }
      }
      expect(noticed.filter(Boolean).length / noticed.length).toBeGreaterThanOrEqual(0.95);
    },
    FOR_MS,
  );
});
