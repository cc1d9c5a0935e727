import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { rolldown } from 'rolldown';
import { afterAll, describe, expect, it } from 'vitest';
import { BUGS, type Bug, ROOT, withBug } from './bugs.ts';
import type { WorldReport } from './run-world.ts';
import type { Shape } from './world.ts';

/** Beside the installed packages, so that they are found from it. */
const OUT = path.join(ROOT, 'node_modules/.cache/predictlab', `put-back-${process.pid}`);

interface Model {
  readonly any: (seed: number, shape?: Shape) => Promise<WorldReport>;
  readonly two: (seed: number) => Promise<WorldReport>;
  readonly points: (seed: number) => Promise<WorldReport>;
  readonly backfills: (seed: number) => Promise<WorldReport>;
  readonly witness: (seed: number) => Promise<WorldReport>;
  readonly mixed: (seed: number) => Promise<WorldReport>;
  readonly shapes: readonly Shape[];
}

const ENTRY = '\0model';

/** The model with a bug in what it tests, as a module of its own. */
async function modelWith({ changes }: Pick<Bug, 'changes'>, name: string): Promise<Model> {
  const left = new Set(changes);
  const build = await rolldown({
    input: ENTRY,
    platform: 'node',
    external: (id) => /^[^./\0]/.test(id) && !path.isAbsolute(id),
    treeshake: false,
    logLevel: 'silent',
    plugins: [
      {
        name: 'put-back',
        resolveId: (id) => (id === ENTRY ? id : null),
        load(id) {
          if (id === ENTRY) {
            const model = JSON.stringify(path.join(ROOT, 'test/model')).slice(1, -1);
            return [
              `import { memoryPipeline } from '${model}/pipeline.ts';`,
              `import { runMixedWorld, runWorld } from '${model}/run-world.ts';`,
              `import { makeWorld, mixedShape } from '${model}/world.ts';`,
              'export const mixed = (seed) => runMixedWorld(makeWorld(seed, mixedShape(seed)));',
              `import { SHAPES } from '${model}/shapes.ts';`,
              `export { runTwoVenues as two } from '${model}/two-venues.ts';`,
              `import { runWitnessWorld, witnessWorld } from '${model}/witness-world.ts';`,
              "export const witness = (seed) => runWitnessWorld(witnessWorld(seed, ['dropped', 'hole']));",
              `import { runPointsWorld } from '${model}/points-world.ts';`,
              'export const points = (seed) => runPointsWorld(seed);',
              'export const backfills = (seed) => runPointsWorld(seed, true);',
              'export const any = (seed, shape) => runWorld(makeWorld(seed, shape), memoryPipeline);',
              'export const shapes = SHAPES.map(({ shape }) => shape);',
            ].join('\n');
          }
          if (!id.endsWith('.ts')) return null;
          const own = changes.filter((change) => path.join(ROOT, 'src', change.file) === id);
          for (const change of own) left.delete(change);
          const code = withBug(readFileSync(id, 'utf8'), own);
          return { code: code.replaceAll('import.meta.url', JSON.stringify(pathToFileURL(id).href)), moduleType: 'ts' };
        },
      },
    ],
  });
  mkdirSync(OUT, { recursive: true });
  const file = path.join(OUT, `${name}.mjs`);
  await build.write({ file, format: 'esm', codeSplitting: false });
  await build.close();
  expect([...left]).toEqual([]);
  return (await import(pathToFileURL(file).href)) as Model;
}

afterAll(() => rmSync(OUT, { recursive: true, force: true }));

/**
 * Number of worlds in which each bug is tried, for the share that shows it: `PREDICTLAB_PUT_BACK=500 npx vitest run --project unit
 * test/model/put-back.test.ts`
 */
const COUNTED = Number(process.env.PREDICTLAB_PUT_BACK ?? 0);

describe('the model of venues detects the bug that', () => {
  it.each(BUGS.map((bug, index) => ({ ...bug, index })))(
    '$name',
    async (bug) => {
      const model = await modelWith(bug, String(bug.index));
      const { worlds, within = 60, first = 1 } = bug;
      const shape =
        typeof worlds === 'object'
          ? model.shapes.find((each) => Object.entries(worlds).every(([key, value]) => each[key as keyof Shape] === value))
          : undefined;
      const last = Math.max(first + within - 1, COUNTED);
      let showing = 0;
      let sentence = '';
      for (let seed = COUNTED > 0 ? 1 : first; seed <= last; seed++) {
        const world =
          typeof worlds === 'string' ? (worlds === 'two venues' ? model.two : model[worlds]) : (of: number) => model.any(of, shape);
        // an error counts too, because no correct world raises one
        const { wrong } = await world(seed).catch((error: unknown) => ({ wrong: [String(error)] }));
        if (wrong.length === 0) continue;
        showing++;
        sentence ||= wrong[0];
        if (COUNTED === 0) break;
      }
      if (COUNTED > 0) console.log(`${bug.name}: ${showing} of ${last}, first: ${sentence}`);
      expect(showing).toBeGreaterThan(0);
    },
    600_000,
  );
});
