import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { filesBelow, ROOT } from './project.mjs';

/** Which tests each command runs. `rest` is what `.ci/run` adds to `quick`, so that both together are `full`. */
export const TIERS = ['quick', 'full', 'rest', 'night'];

/** Number of cases that property tests run in a tier, as test/support/worlds.ts reads it from PREDICTLAB_TIER. */
export const countsOf = (tier) => (tier === 'rest' ? 'full' : tier);

/** Folders whose tests need Temporal, Postgres or the sandbox venue. A file elsewhere needs them when its name says `.service.test.ts`. */
const SERVICE_FOLDERS = ['test/integration/', 'test/replay/', 'test/faults/'];
export const isService = (file) => SERVICE_FOLDERS.some((folder) => file.startsWith(folder)) || file.endsWith('.service.test.ts');

const posix = (file) => file.replaceAll(path.sep, '/');

/**
 * Reads test/tiers.json: the service files of `npm test` (`quick`), the unit files that it leaves out (`slow`), the files that only run at night, and
 * which service files prove a folder of src.
 */
export const readTiers = (root = ROOT) => JSON.parse(readFileSync(path.join(root, 'test/tiers.json'), 'utf8'));

/** Every test file of the project as `test/…/x.test.ts`. */
export const testFiles = (root = ROOT) =>
  filesBelow(path.join(root, 'test'), (file) => file.endsWith('.test.ts')).map((file) => `test/${posix(file)}`);

/** Whether a file's number of cases depends on the tier. */
function isCounted(file, root) {
  return readFileSync(path.join(root, file), 'utf8').includes('support/worlds.ts');
}

/**
 * Test files that a tier runs, those that need no servers and those that do; without a tier every file, for vitest run by hand.
 *
 * @returns { unit, services }
 */
export function filesOfTier(tier, root = ROOT) {
  const { quick, slow, night } = readTiers(root);
  const all = testFiles(root);
  const isQuick = (file) => !night.includes(file) && (quick.includes(file) || (!isService(file) && !slow.includes(file)));
  const chosen = {
    quick: isQuick,
    full: (file) => !night.includes(file),
    rest: (file) => !night.includes(file) && (!isQuick(file) || isCounted(file, root)),
    night: (file) => night.includes(file) || isCounted(file, root),
  }[tier];
  if (tier !== undefined && chosen === undefined) throw new Error(`${tier} is not a tier of tests; one of ${TIERS.join(', ')}`);
  const files = chosen === undefined ? all : all.filter(chosen);
  return { unit: files.filter((file) => !isService(file)), services: files.filter(isService) };
}

/** A service file of the map: `alert` is short for `test/integration/alert.test.ts`. */
const fileOfName = (name) => (name.includes('/') ? name : `test/integration/${name}.test.ts`);

/** Service files that test/tiers.json names for a folder of src or a folder inside it, without those that only run at night. */
export function serviceFilesOf(folder, root = ROOT) {
  const { proves, night } = readTiers(root);
  const names = Object.keys(proves).filter((name) => name === folder || name.startsWith(`${folder}/`));
  return [...new Set(names.flatMap((name) => proves[name]).map(fileOfName))].filter((file) => isService(file) && !night.includes(file));
}

/**
 * Test files that prove a folder of src: the unit tests of the mirrored folder in test/ (of the nearest one above, where there is none),
 * other unit tests of its room that import from it, and the service files that test/tiers.json names for it.
 *
 * @param folder `src/storage/candles`, a file in it, or the same without `src/`
 * @returns undefined where the folder is not in src
 */
export function proofOf(folder, root = ROOT) {
  const { proves, night } = readTiers(root);
  const inside = posix(path.relative(root, path.resolve(root, folder))).replace(/^src\/?/, '');
  if (!existsSync(path.join(root, 'src', inside))) return undefined;
  const parts = (inside.endsWith('.ts') ? path.posix.dirname(inside) : inside).split('/');
  const above = parts.map((_, index) => parts.slice(0, parts.length - index).join('/'));
  const named = above.find((name) => name in proves);
  const all = testFiles(root).filter((file) => !night.includes(file));
  const mirrored = above.map((name) => all.filter((file) => file.startsWith(`test/${name}/`))).find((files) => files.length > 0) ?? [];
  const imports = (file) => readFileSync(path.join(root, file), 'utf8').includes(`../src/${above[0]}/`);
  const importing = all.filter((file) => file.startsWith(`test/${above.at(-1)}/`) && !isService(file) && imports(file));
  return [...new Set([...mirrored, ...importing, ...(named === undefined ? [] : proves[named].map(fileOfName))])];
}

/** Folders of src that hold TypeScript, at any depth: the map must name the outermost ones and may name the others. */
const foldersOf = (root) => {
  const files = filesBelow(path.join(root, 'src'), (file) => file.endsWith('.ts') && file.includes(path.sep)).map(posix);
  const upTo = (parts) => parts.map((_, index) => parts.slice(0, index + 1).join('/'));
  return [...new Set(files.flatMap((file) => upTo(path.posix.dirname(file).split('/'))))];
};

/** One sentence for each fault of test/tiers.json: a folder it lacks, a folder or a file it names that does not exist, and a folder nothing proves. */
export function tierProblems(root = ROOT) {
  const { quick, slow, night, proves } = readTiers(root);
  const files = new Set(testFiles(root));
  const folders = foldersOf(root);
  const missing = (name) => `test/tiers.json names ${name}, which does not exist; correct the path or remove the entry`;
  return [
    ...[...quick, ...slow, ...night].filter((file) => !files.has(file)).map(missing),
    ...quick.filter((file) => night.includes(file)).map((file) => `test/tiers.json has ${file} in both quick and night; keep one`),
    ...slow.filter(isService).map((file) => `test/tiers.json has ${file} in slow, which is for unit tests; npm test leaves it out anyway`),
    ...quick
      .filter((file) => !isService(file))
      .map((file) => `test/tiers.json: ${file} needs no servers and always runs in npm test; remove it from quick`),
    ...folders
      .filter((folder) => !folder.includes('/') && !(folder in proves))
      .map((folder) => `test/tiers.json does not say what proves src/${folder}; add it under "proves" (an empty list: unit tests alone)`),
    ...Object.keys(proves)
      .filter((folder) => !folders.includes(folder))
      .map((folder) => `test/tiers.json names src/${folder} under "proves", which holds no code; remove the entry`),
    ...[...new Set(Object.values(proves).flat().map(fileOfName))].filter((file) => !files.has(file)).map(missing),
    ...Object.keys(proves)
      .filter((folder) => folders.includes(folder) && proofOf(`src/${folder}`, root)?.length === 0)
      .map((folder) => `test/tiers.json: nothing proves src/${folder}; name a service file, or add unit tests in test/${folder}`),
  ];
}
