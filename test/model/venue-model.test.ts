import { describe, expect, it } from 'vitest';
import { memoryPipeline } from './pipeline.ts';
import { runWorld } from './run-world.ts';
import { makeWorld } from './world.ts';

/** More of them: `PREDICTLAB_WORLDS=20000 npx vitest run --project unit test/model` */
const WORLDS = Number(process.env.PREDICTLAB_WORLDS ?? 500);
const FIRST = Number(process.env.PREDICTLAB_FIRST_WORLD ?? 1);

describe('a venue that is late, corrects itself, ends when it likes and fails', () => {
  it(`loses no row and is claimed no more of than was seen, in ${WORLDS} worlds`, async () => {
    const wrong: string[] = [];
    let runs = 0;
    let stored = 0;
    for (let seed = FIRST; seed < FIRST + WORLDS; seed++) {
      const report = await runWorld(makeWorld(seed), memoryPipeline);
      wrong.push(...report.wrong.slice(0, 1));
      runs += report.runs;
      stored += report.stored;
    }
    expect({ worlds: wrong.length, wrong: wrong.slice(0, 10) }).toEqual({ worlds: 0, wrong: [] });
    // worlds in which nothing happens prove nothing
    expect(runs / WORLDS).toBeGreaterThan(5);
    expect(stored / WORLDS).toBeGreaterThan(100);
  }, 600_000);
});
