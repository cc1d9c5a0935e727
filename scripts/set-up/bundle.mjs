import { existsSync, readFileSync } from 'node:fs';
import { createRequire, isBuiltin } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** Files that are started or imported by path; everything else is bundled into these. */
export const ENTRIES = {
  main: 'cli/main.js',
  index: 'index.js',
  'plugin-prints': 'plugins/plugin-prints.js',
  'health-thread': 'telemetry/health-thread.js',
  'own-thread': 'activities/custom/threads/own-thread.js',
  'venue-thread': 'activities/custom/venue-threads/venue-thread.js',
  'pool-thread': 'activities/custom/threads/pool-thread.js',
  'try-thread': 'activities/custom/threads/try-thread.js',
};

/**
 * Bundles the compiled code of `staging` into fewer files: a worker loads about 90 instead of 530. Code that a command loads on demand
 * stays in separate files.
 *
 * @param folder next to `src`, for the result
 */
export async function bundleOurs(staging, folder) {
  const { rolldown } = await import('rolldown');
  const to = path.join(staging, folder);
  const build = await rolldown({
    // the names of files in the result are the same wherever it is built
    cwd: staging,
    input: Object.fromEntries(Object.entries(ENTRIES).map(([name, file]) => [name, path.join(staging, 'src', file)])),
    platform: 'node',
    external: (id, importer) => isElsewhere(id) && !isRequired(id, importer),
    plugins: [requireCommonJs(), placesOf(to)],
    onLog: () => {},
  });
  // names stay whole: a reader of a stack trace finds the module by the comment above it
  await build.write({ dir: to, format: 'esm', minifyInternalExports: false, entryFileNames: '[name].js', chunkFileNames: '[name].js' });
  await build.close();
}

/** Packages stay outside and are loaded from node_modules; only the bundler's own runtime goes in. */
const isElsewhere = (id) => !id.startsWith('@oxc-project/') && /^[^./]/.test(id);

/** Makes a bundled module find the files next to its source (SQL, a font, the workflow bundle) in `src`. */
function placesOf(folder) {
  return {
    name: 'where modules look for their files',
    transform(code, id) {
      if (id.startsWith('\0') || !code.includes('import.meta.url')) return undefined;
      const place = path.relative(folder, id).replaceAll(path.sep, '/');
      return code.replaceAll('import.meta.url', `new URL('${place}', import.meta.url).href`);
    },
  };
}

const REQUIRED = '\0required/';

/**
 * Loads CommonJS packages by `require`: for their `import`, Node.js reads and analyses all their files for names before it loads them, which
 * takes as long as the loading.
 */
function requireCommonJs() {
  return {
    name: 'CommonJS packages are required',
    resolveId: (id, importer) => (isElsewhere(id) && isRequired(id, importer) ? REQUIRED + id : undefined),
    load: (id) => (id.startsWith(REQUIRED) ? `module.exports = require(${JSON.stringify(id.slice(REQUIRED.length))});` : undefined),
  };
}

const isRequired = (id, importer) => importer !== undefined && !importer.startsWith(REQUIRED) && !isBuiltin(id) && isCommonJs(id);

/** Whether `import` and `require` of a package load the same file, and that file is CommonJS. */
function isCommonJs(id) {
  const imported = fileURLToPath(import.meta.resolve(id));
  if (imported.endsWith('.mjs') || imported !== createRequire(import.meta.url).resolve(id)) return false;
  if (imported.endsWith('.cjs')) return true;
  let folder = path.dirname(imported);
  while (!existsSync(path.join(folder, 'package.json'))) folder = path.dirname(folder);
  return JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8')).type !== 'module';
}
