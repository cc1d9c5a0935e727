import { mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseSync, Visitor } from 'oxc-parser';
import { rolldown } from 'rolldown';
import { filesBelow, ROOT } from '../set-up/project.mjs';

const TEST_API = fileURLToPath(new URL('./test-api.mjs', import.meta.url));
/** Below node_modules, so that the bundles find the installed packages. */
const OUT = path.join(ROOT, 'node_modules/.cache/predictlab/mutate');
const ENTRY = '\0tests';

/** The unit tests of a folder, without those that run the whole command line: they prove the command line, not the folder. */
export const testFilesOf = (folder) =>
  filesBelow(path.join(ROOT, 'test', folder), (file) => file.endsWith('.test.ts'))
    .map((file) => path.join(ROOT, 'test', folder, file))
    .filter((file) => !/\/(run-main|command)\.ts'/.test(readFileSync(file, 'utf8')));

let count = 0;

/**
 * Bundles all tests and the code they test into one module, with one operator changed. Bundling takes a tenth of a second; packages are
 * loaded once per thread.
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
          return { code: opening + placed(id, code), moduleType: 'ts' };
        },
      },
    ],
  });
  const file = path.join(OUT, `${process.pid}-${count++}.mjs`);
  await build.write({ file, format: 'esm', codeSplitting: false });
  await build.close();
  return file;
}

/** The code with its own address in place of `import.meta.url` and `import.meta.dirname`; texts that hold these words stay. */
function placed(file, code) {
  const values = { url: pathToFileURL(file).href, dirname: path.dirname(file) };
  const places = [];
  new Visitor({
    MemberExpression({ object, property, start, end }) {
      if (object.type === 'MetaProperty' && property.name in values)
        places.push({ start, end, text: JSON.stringify(values[property.name]) });
    },
  }).visit(parseSync(file, code).program);
  return places
    .toSorted((a, b) => b.start - a.start)
    .reduce((text, { start, end, text: value }) => text.slice(0, start) + value + text.slice(end), code);
}
