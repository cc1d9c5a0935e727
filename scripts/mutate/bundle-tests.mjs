import { mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { rolldown } from 'rolldown';
import { filesBelow, ROOT } from '../set-up/project.mjs';

const TEST_API = fileURLToPath(new URL('./test-api.mjs', import.meta.url));
/** Beside the installed packages, so that they are found from it. */
const OUT = path.join(ROOT, 'node_modules/.cache/predictlab/mutate');
const ENTRY = '\0tests';

/** A folder's unit tests, without those that go through the whole command line: that is not what they are asked about here. */
export const testFilesOf = (folder) =>
  filesBelow(path.join(ROOT, 'test', folder), (file) => file.endsWith('.test.ts'))
    .map((file) => path.join(ROOT, 'test', folder, file))
    .filter((file) => !/\/(run-main|command)\.ts'/.test(readFileSync(file, 'utf8')));

let count = 0;

/**
 * One module with all the tests and what they test, in which one operator may be turned. Making one takes a tenth of a second; what
 * it imports of packages is loaded once per thread.
 *
 * @returns the path of the module, which exports `run`
 */
export async function bundleTests(tests, mutant) {
  mkdirSync(OUT, { recursive: true });
  const build = await rolldown({
    input: ENTRY,
    platform: 'node',
    // what the bundler itself adds (@oxc-project/runtime) is no package of ours and goes in
    external: (id) => /^[^./\0]/.test(id) && id !== 'vitest' && !path.isAbsolute(id) && !id.startsWith('@oxc-project/'),
    treeshake: false,
    logLevel: 'silent',
    plugins: [
      {
        name: 'mutate',
        resolveId: (id) => (id === ENTRY ? id : id === 'vitest' ? TEST_API : null),
        load(id) {
          if (id === ENTRY)
            return [...tests.map((file) => `import ${JSON.stringify(file)};`), `export { run } from ${JSON.stringify(TEST_API)};`].join(
              '\n',
            );
          if (!id.endsWith('.ts')) return null;
          const source = readFileSync(id, 'utf8');
          const opening = tests.includes(id) ? "import { beginFile as beginTestFile } from 'vitest';\nbeginTestFile();\n" : '';
          const code = id === mutant?.file ? source.slice(0, mutant.at) + mutant.text + source.slice(mutant.end) : source;
          return { code: opening + code.replaceAll('import.meta.url', JSON.stringify(pathToFileURL(id).href)), moduleType: 'ts' };
        },
      },
    ],
  });
  const file = path.join(OUT, `${process.pid}-${count++}.mjs`);
  await build.write({ file, format: 'esm', codeSplitting: false });
  await build.close();
  return file;
}
