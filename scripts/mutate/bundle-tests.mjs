import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseSync, Visitor } from 'oxc-parser';
import { rolldown } from 'rolldown';
import { filesBelow, ROOT } from '../set-up/project.mjs';
import { isService, serviceFilesOf } from '../set-up/tiers.mjs';
import { IN_WORKFLOWS, withSwitches } from './mutants.mjs';

const TEST_API = fileURLToPath(new URL('./test-api.mjs', import.meta.url));
/** Below node_modules, so that the bundles find the installed packages. */
const OUT = path.join(ROOT, 'node_modules/.cache/predictlab/mutate');
const ENTRY = '\0tests';

/** Unit tests of a folder. Tests that run the whole command line prove src/cli, no other folder. */
export const testFilesOf = (folder) =>
  filesBelow(path.join(ROOT, 'test', folder), (file) => file.endsWith('.test.ts') && !isService(file))
    .map((file) => path.join(ROOT, 'test', folder, file))
    .filter((file) => /^cli\b/.test(folder) || !/\/(run-main|command)\.ts'/.test(readFileSync(file, 'utf8')));

/** Service files that test/tiers.json names for a folder and the folders inside it. */
export const serviceTestFilesOf = (folder) => serviceFilesOf(folder).map((file) => path.join(ROOT, file));

/** Bundles the module that starts the servers of service tests, as vitest does once for all of them. */
export const bundleServers = async () =>
  await bundle('servers', path.join(ROOT, 'test/support/global-setup.ts'), { tests: [], mutants: [] });

/**
 * Bundles all tests and the code they test into one module that holds every mutant behind a switch, so that a mutant costs no bundling.
 *
 * @param first modules that are loaded before the tests
 * @returns the path of the module, which exports `run`
 */
export const bundleTests = async (tests, mutants, first = []) => await bundle('tests', ENTRY, { tests, mutants, first });

/** Folders of src that a workflow bundle can hold. */
const WORKFLOW_FOLDERS = ['workflows', 'scheduling', 'contracts'];

/** Whether a file of src is part of the workflow bundle, where no switch of the tests' process reaches it. */
export const isInWorkflows = (file) => WORKFLOW_FOLDERS.some((folder) => file.startsWith(path.join(ROOT, 'src', folder) + path.sep));

/**
 * Bundles the workflows with every mutant behind a switch.
 *
 * @returns the file, which workers of service tests run, and a function that turns one mutant on in it; 0 turns all off
 */
export async function bundleWorkflows(mutants) {
  mkdirSync(OUT, { recursive: true });
  // the SDK bundles no TypeScript below node_modules
  const copy = mkdtempSync(path.join(ROOT, 'dist/.staging-mutate-'));
  const file = path.join(OUT, `${process.pid}-workflows.js`);
  try {
    for (const folder of WORKFLOW_FOLDERS) cpSync(path.join(ROOT, 'src', folder), path.join(copy, folder), { recursive: true });
    for (const changed of new Set(mutants.map((mutant) => mutant.file).filter(isInWorkflows))) {
      const source = withSwitches(changed, readFileSync(changed, 'utf8'), mutants, IN_WORKFLOWS);
      writeFileSync(path.join(copy, path.relative(path.join(ROOT, 'src'), changed)), source);
    }
    const { bundleWorkflowCode, DefaultLogger } = (await import('@temporalio/worker')).default;
    const { code } = await bundleWorkflowCode({ workflowsPath: path.join(copy, 'workflows/index.ts'), logger: new DefaultLogger('WARN') });
    const turn = (number) => writeFileSync(file, code.replaceAll(IN_WORKFLOWS, String(number)));
    turn(0);
    return { file, turn };
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}

async function bundle(name, input, { tests, mutants, first = [] }) {
  mkdirSync(OUT, { recursive: true });
  const build = await rolldown({
    input,
    platform: 'node',
    // the bundler's own runtime (@oxc-project/runtime) is not an installed package, so it is bundled
    external: (id) => /^[^./\0]/.test(id) && id !== 'vitest' && !path.isAbsolute(id) && !id.startsWith('@oxc-project/'),
    treeshake: false,
    logLevel: 'silent',
    plugins: [
      {
        name: 'mutate',
        resolveId: (id) => (id === ENTRY ? id : id === 'vitest' ? TEST_API : null),
        load(id) {
          if (id === ENTRY)
            return [
              ...[...first, ...tests].map((file) => `import ${JSON.stringify(file)};`),
              `export { run } from ${JSON.stringify(TEST_API)};`,
            ].join('\n');
          if (!id.endsWith('.ts')) return null;
          const source = readFileSync(id, 'utf8');
          const opening = tests.includes(id)
            ? `import { beginFile as beginTestFile } from 'vitest';\nbeginTestFile(${JSON.stringify(path.relative(ROOT, id))});\n`
            : '';
          return { code: opening + placed(id, withSwitches(id, source, mutants)), moduleType: 'ts' };
        },
      },
    ],
  });
  const file = path.join(OUT, `${process.pid}-${name}.mjs`);
  await build.write({ file, format: 'esm', codeSplitting: false });
  await build.close();
  return file;
}

/** Replaces `import.meta.url` and `import.meta.dirname` by the source's own address. Strings that contain these words stay. */
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
