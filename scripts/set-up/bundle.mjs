import path from 'node:path';

/** What is started, or imported, by its file: everything else is a part of these. */
const ENTRIES = {
  main: 'cli/main.js',
  index: 'index.js',
  'plugin-prints': 'plugins/plugin-prints.js',
  'health-thread': 'telemetry/health-thread.js',
  'own-thread': 'activities/custom/threads/own-thread.js',
  'pool-thread': 'activities/custom/threads/pool-thread.js',
  'try-thread': 'activities/custom/threads/try-thread.js',
};

/**
 * Puts the compiled code of `staging` together as fewer files: a worker loads some 90 instead of 530. What a command loads only when
 * it is asked for stays apart.
 *
 * @param folder beside `src`, to which it is written
 */
export async function bundleOurs(staging, folder) {
  const { rolldown } = await import('rolldown');
  const to = path.join(staging, folder);
  const build = await rolldown({
    // the names of files in the result are the same wherever it is built
    cwd: staging,
    input: Object.fromEntries(Object.entries(ENTRIES).map(([name, file]) => [name, path.join(staging, 'src', file)])),
    platform: 'node',
    external: isElsewhere,
    plugins: [placesOf(to)],
    onLog: () => {},
  });
  // names stay whole: a reader of a stack trace finds the module by the comment above it
  await build.write({ dir: to, format: 'esm', minifyInternalExports: false, entryFileNames: '[name].js', chunkFileNames: '[name].js' });
  await build.close();
}

/** Packages are loaded as they are installed; only what the bundler itself adds goes in. */
const isElsewhere = (id) => !id.startsWith('@oxc-project/') && /^[^./]/.test(id);

/** A module finds what lies beside it (SQL, a font, the bundled workflows) where its file is in `src`. */
function placesOf(folder) {
  return {
    name: 'where modules look for their files',
    transform(code, id) {
      if (!code.includes('import.meta.url')) return undefined;
      const place = path.relative(folder, id).replaceAll(path.sep, '/');
      return code.replaceAll('import.meta.url', `new URL('${place}', import.meta.url).href`);
    },
  };
}
