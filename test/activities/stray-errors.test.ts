import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const DIST = new URL('../../dist/', import.meta.url);
const BUILT = new URL('src/activities/custom/threads/stray-errors.js', DIST);

/** Exit status and output of a worker whose plugin throws outside of its tasks, at the given place. */
function endsOf(place: string): { status: number | null; said: string } {
  const program = `import { keepFromStrayErrors } from ${JSON.stringify(BUILT.href)};
keepFromStrayErrors({ modules: ['./mine.mjs'], log: { error: (message) => console.log(message) } });
setTimeout(() => {
  setTimeout(() => console.log('goes on'));
  throw Object.assign(new Error('stray'), { stack: 'Error: stray\\n    at late (${place}:1:1)' });
});`;
  const { status, stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', program], { encoding: 'utf8' });
  return { status, said: stdout };
}

it.skipIf(!existsSync(BUILT))('an error outside of tasks ends a worker if it is in our code, not in a plugin’s', () => {
  const ours = ['src/activities/run.js', 'src/storage/database/pool.js', 'bundle/worker.js'];
  for (const file of ours)
    expect(endsOf(new URL(file, DIST).href), file).toEqual({
      status: 1,
      said: expect.stringMatching(/^the worker ends: stray\n$/) as string,
    });
  for (const place of [fileURLToPath(new URL('mine.mjs', `file://${process.cwd()}/`)), 'node:internal/timers'])
    expect(endsOf(place), place).toEqual({
      status: 0,
      said: expect.stringMatching(/mine\.mjs threw outside .*stray.*\ngoes on\n$/) as string,
    });
});
