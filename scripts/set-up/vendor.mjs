import { spawnSync } from 'node:child_process';
import { copyFileSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { filesBelow, ROOT, SetUpError } from './project.mjs';

const MODULES = path.join(ROOT, 'node_modules');

/**
 * Packages of many small files that every command or worker loads: as a few files they load sooner. Left out is what
 * a plugin must share with us (zod: one instance) and what looks for files or threads of its own (pino, tinypool, resvg, fastify).
 */
const BUNDLED = [
  '@temporalio/activity',
  '@temporalio/client',
  '@temporalio/common',
  '@temporalio/common/lib/internal-non-workflow/index.js',
  '@temporalio/common/lib/time.js',
  '@temporalio/envconfig',
  '@temporalio/proto',
  '@temporalio/worker',
  'commander',
  'pg',
  'pg-copy-streams',
  'prom-client',
  'undici',
];

/** Thread of the Temporal worker in which workflows run. */
const WORKFLOW_THREAD = '@temporalio/worker/lib/workflow/workflow-worker-thread.js';

/** Loaded as they are, where they are wanted at all: native code, what has a file of WebAssembly beside it, and what only bundles workflows. */
const OUTSIDE = [/^node:/, /\.node$/, /^@swc\//, /^webpack/, /^source-map/, /^swc-loader/, 'pg-native', 'pg-cloudflare'];

/** `@temporalio/common/lib/time.js` → `temporalio-common-lib-time` */
const fileOf = (name) =>
  name
    .replace(/\.js$/, '')
    .replace(/^@/, '')
    .replaceAll(/[^\w-]+/g, '-');

/** Writes the packages to `folder`, a file each and what they share, with the licences of all that went in. */
export async function bundlePackages(folder) {
  const { rolldown } = await import('rolldown');
  const entries = Object.fromEntries([...BUNDLED, WORKFLOW_THREAD].map((name) => [fileOf(name), `vendor:${name}.mjs`]));
  const build = await rolldown({
    cwd: ROOT,
    input: entries,
    platform: 'node',
    external: OUTSIDE,
    plugins: [wrappers(), ownPlaces()],
    onLog: () => {},
  });
  const { output } = await build.write({
    dir: folder,
    format: 'cjs',
    exports: 'named',
    dynamicImportInCjs: false,
    comments: { jsdoc: false, annotation: false },
    // by their content: what is compiled beforehand belongs to exactly this text
    entryFileNames: '[name]-[hash].cjs',
    chunkFileNames: 'shared-[name]-[hash].cjs',
  });
  await build.close();
  // code that comes compiled knows no loader
  const late = output.find(({ code = '' }) => /\bimport\(/.test(code));
  if (late !== undefined) throw new SetUpError(`a package in ${late.fileName} imports at run time: leave it out of BUNDLED in vendor.mjs`);
  for (const { name, fileName, exports } of output.filter(({ isEntry }) => isEntry))
    writeFileSync(path.join(folder, `${name}.js`), importable(fileName, exports));
  copyFileSync(path.join(import.meta.dirname, 'load-compiled.mjs'), path.join(folder, 'load-compiled.js'));
  compileBeforehand(folder);
  writeLicences(folder, new Set(output.flatMap(({ moduleIds = [] }) => moduleIds.map(packageOf)).filter(Boolean)));
}

/** An entry per package with the names that Node.js gives to whoever imports it. */
function wrappers() {
  return {
    name: 'a name for each export',
    resolveId: (id) => (id.startsWith('vendor:') ? id : undefined),
    async load(id) {
      if (!id.startsWith('vendor:')) return undefined;
      const name = id.slice('vendor:'.length, -'.mjs'.length);
      if (name === WORKFLOW_THREAD) return `import '${path.join(MODULES, name)}';`;
      const exported = Object.keys(await import(name)).filter((key) => /^[A-Za-z_$][\w$]*$/.test(key) && key !== '__esModule');
      const names = exported.filter((key) => key !== 'default');
      return [
        `import * as all from ${JSON.stringify(name)};`,
        ...(exported.includes('default') ? ['export default all.default;'] : []),
        ...names.map((key, index) => `const export${index} = all[${JSON.stringify(key)}]; export { export${index} as ${key} };`),
      ].join('\n');
    },
  };
}

/** What is imported: the names of a file that is compiled already. */
const importable = (file, names) =>
  [
    "import { load } from './load-compiled.js';",
    `const all = load(${JSON.stringify(file)});`,
    ...(names.includes('default') ? ['export default all.default;'] : []),
    ...names
      .filter((name) => name !== 'default')
      .map((name, index) => `const export${index} = all[${JSON.stringify(name)}]; export { export${index} as ${name} };`),
    '',
  ].join('\n');

/** In a process of its own: a thread of Temporal's, and the native code, end with it. */
function compileBeforehand(folder) {
  const files = BUNDLED.map((name) => `import './${fileOf(name)}.js';`);
  const program = `${files.join('\n')}\nimport { keepCompiled } from './load-compiled.js';\nkeepCompiled();\nprocess.exit();\n`;
  const at = path.join(folder, 'compile.mjs');
  writeFileSync(at, program);
  const { status, stderr } = spawnSync(process.execPath, [at], { encoding: 'utf8' });
  rmSync(at);
  if (status !== 0) throw new SetUpError(`the packages in ${folder} cannot be loaded:\n${stderr}`);
}

/** Files that a package looks for beside itself are found where it is installed, or in the folder of the bundle. */
function ownPlaces() {
  return {
    name: 'where packages look for their files',
    transform(code, id) {
      const inside = path.relative(MODULES, id).replaceAll(path.sep, '/');
      if (inside.endsWith('/workflow/threaded-vm.js'))
        return code.replace(
          "require.resolve('./workflow-worker-thread')",
          `require('node:path').join(__dirname, '${fileOf(WORKFLOW_THREAD)}.js')`,
        );
      if (!/^@temporalio\/(worker|core-bridge)\//.test(inside)) return undefined;
      // asked from the worker's package: where packages are not flat, only it sees what it depends on
      const theirs = "require('node:module').createRequire(require.resolve('@temporalio/worker'))";
      const folder = path.posix.dirname(inside);
      return code
        .replaceAll(
          /\brequire\.resolve\('([^']+)'\)/g,
          (_, file) => `${theirs}.resolve('${file.startsWith('.') ? path.posix.join(folder, file) : file}')`,
        )
        .replaceAll(/\brequire\(["'](webpack|source-map)["']\)/g, (_, name) => `${theirs}('${name}')`)
        .replaceAll(/\b__dirname\b/g, `require('node:path').dirname(${theirs}.resolve('${inside}'))`);
    },
  };
}

function packageOf(file) {
  const [, name] = /.*node_modules[\\/]((?:@[^\\/]+[\\/])?[^\\/]+)/.exec(file) ?? [];
  return name && path.join(file.slice(0, file.lastIndexOf('node_modules')), 'node_modules', name);
}

const byName = (a, b) => (a < b ? -1 : 1);

function writeLicences(folder, packages) {
  const texts = [...packages].sort(byName).map((place) => {
    const { name, version, license } = JSON.parse(readFileSync(path.join(place, 'package.json'), 'utf8'));
    const files = readdirSync(place).filter((file) => /^(licen[sc]e|notice|copying)/i.test(file));
    return [`${name} ${version} (${license})`, ...files.map((file) => readFileSync(path.join(place, file), 'utf8').trim())].join('\n\n');
  });
  writeFileSync(path.join(folder, 'LICENSES.txt'), `${texts.join(`\n\n${'-'.repeat(80)}\n\n`)}\n`);
}

/**
 * Points the compiled code in `folder` to the bundled packages. What becomes workflow code keeps its imports: the SDK bundles it.
 *
 * @param workflowFolders folders of `src` that workflows are made of
 */
export function useBundled(folder, workflowFolders) {
  const files = filesBelow(path.join(folder, 'src'), (file) => file.endsWith('.js') && !workflowFolders.includes(file.split(path.sep)[0]));
  const imports = new RegExp(`(\\bfrom |\\bimport\\()'(${BUNDLED.map((name) => name.replaceAll('.', '\\.')).join('|')})'`, 'g');
  for (const file of files) {
    const at = path.join(folder, 'src', file);
    const code = readFileSync(at, 'utf8');
    const to = '../'.repeat(file.split(path.sep).length);
    const pointed = code.replaceAll(imports, (_, before, name) => `${before}'${to}vendor/${fileOf(name)}.js'`);
    if (pointed !== code) writeFileSync(at, pointed);
  }
}
