import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { bundleOurs } from './bundle.mjs';
import { filesBelow, hashFiles, ROOT, SetUpError, say } from './project.mjs';

const DIST = path.join(ROOT, 'dist');
const STAMP = path.join(DIST, '.build-stamp');
const BUNDLE = 'workflow-bundle.js';
/** The workflow bundle for workers that have a payload key: the texts of failures are encoded as payloads. */
const SEALED_BUNDLE = 'workflow-bundle-sealed.js';
const FAILURE_CONVERTER = 'secrets/failure-converter.cjs';
const SOURCES = ['src', 'sandbox', 'bench'];
/** Our own code as fewer files, see bundle.mjs. */
const OURS = 'bundle';
const isAsset = (file) => !/\.(ts|md)$/.test(file);

/** Folders that the workflow sandbox can load; a change elsewhere needs no new bundle. */
const WORKFLOW_FOLDERS = ['workflows', 'scheduling', 'contracts'];

/**
 * Brings dist/ up to date; returns whether anything had to be done. Files are compiled aside and moved in one by one, so a
 * process that runs from dist/ never sees half a file; two builds at once are kept apart by the caller's lock.
 */
export async function build() {
  // even when everything is built: the compiler of a killed build continues and may write after the next build has checked
  removeStagings();
  const inputs = hashFiles(ROOT, [
    ...SOURCES.flatMap((folder) => filesBelow(path.join(ROOT, folder)).map((file) => path.join(folder, file))),
    'tsconfig.json',
    'tsconfig.build.json',
    'package-lock.json',
    'scripts/set-up/build.mjs',
    'scripts/set-up/bundle.mjs',
  ]);
  const last = readStamp();
  if (last?.inputs === inputs && last.files.every((file) => existsSync(path.join(DIST, file)))) return false;

  const started = Date.now();
  rmSync(STAMP, { force: true });
  const staging = path.join(DIST, `.staging-${process.pid}`);
  try {
    compile(staging);
    copyAssets(staging);
    await bundleOurs(staging, OURS);
    const files = moveIn(staging, [...SOURCES, OURS]);
    const bundle = await bundleWorkflows(last?.bundle);
    if (bundle) files.push(BUNDLE, SEALED_BUNDLE);
    writeFileSync(STAMP, JSON.stringify({ inputs, bundle, files }));
  } finally {
    rmSync(staging, { recursive: true, force: true });
  }
  say(`built in ${((Date.now() - started) / 1000).toFixed(1)} s`);
  return true;
}

function readStamp() {
  try {
    return JSON.parse(readFileSync(STAMP, 'utf8'));
  } catch {
    return undefined;
  }
}

function removeStagings() {
  if (!existsSync(DIST)) return;
  for (const name of readdirSync(DIST)) if (name.startsWith('.staging-')) rmSync(path.join(DIST, name), { recursive: true, force: true });
}

/** Emits without type checks, which `npm run types` does: a build takes a second and works on unfinished code. */
function compile(staging) {
  const tsc = path.join(ROOT, 'node_modules/typescript/bin/tsc');
  const result = spawnSync(process.execPath, [tsc, '-p', 'tsconfig.build.json', '--noCheck', '--outDir', staging], {
    cwd: ROOT,
    encoding: 'utf8',
  });
  if (result.status !== 0) throw new SetUpError(`the build failed:\n${result.stdout}${result.stderr}`);
}

/** Copies SQL migrations, JSON and other assets next to the code that reads them. */
function copyAssets(staging) {
  for (const folder of SOURCES) {
    for (const file of filesBelow(path.join(ROOT, folder), isAsset))
      cpSync(path.join(ROOT, folder, file), path.join(staging, folder, file));
  }
}

function moveIn(staging, folders) {
  const files = filesBelow(staging);
  const wanted = new Set(files);
  for (const file of files) {
    const target = path.join(DIST, file);
    mkdirSync(path.dirname(target), { recursive: true });
    renameSync(path.join(staging, file), target);
  }
  for (const folder of folders) {
    for (const file of filesBelow(path.join(DIST, folder))) if (!wanted.has(path.join(folder, file))) rmSync(path.join(DIST, folder, file));
  }
  return files;
}

/** Bundles the workflows, so that a worker starts without webpack. Returns the hash of the input. */
async function bundleWorkflows(last) {
  const compiled = path.join(DIST, 'src');
  const entry = path.join(compiled, 'workflows/index.js');
  if (!existsSync(entry)) return undefined;
  const files = WORKFLOW_FOLDERS.flatMap((folder) =>
    filesBelow(path.join(compiled, folder), (file) => file.endsWith('.js')).map((file) => path.join(folder, file)),
  );
  const hash = hashFiles(compiled, [...files, FAILURE_CONVERTER]) + hashFiles(ROOT, ['package-lock.json', 'scripts/set-up/build.mjs']);
  const targets = [BUNDLE, SEALED_BUNDLE].map((file) => path.join(DIST, file));
  if (hash === last && targets.every((target) => existsSync(target) && statSync(target).size > 0)) return hash;
  const { bundleWorkflowCode, DefaultLogger } = (await import('@temporalio/worker')).default;
  const options = {
    workflowsPath: entry,
    // pure and stateless: loaded once for all workflows of a worker instead of once for each
    preloadModules: files.filter((file) => file.startsWith(`scheduling${path.sep}`)).map((file) => path.join(compiled, file)),
    logger: new DefaultLogger('WARN'),
  };
  for (const target of targets) {
    const sealed = path.basename(target) === SEALED_BUNDLE;
    const { code } = await bundleWorkflowCode(
      sealed ? { ...options, failureConverterPath: path.join(compiled, FAILURE_CONVERTER) } : options,
    ).catch((error) => {
      throw new SetUpError(`cannot bundle the workflows in src/workflows: ${error.message.split(',')[0]}; the reasons are above`);
    });
    writeFileSync(`${target}.${process.pid}`, withoutFolder(code));
    renameSync(`${target}.${process.pid}`, target);
  }
  return hash;
}

/** Makes stack traces of workflows name files below `predictlab`, since a package is installed elsewhere than it was built. */
function withoutFolder(code) {
  const start = code.lastIndexOf('base64,') + 'base64,'.length;
  const map = JSON.parse(Buffer.from(code.slice(start), 'base64').toString());
  const shorten = (text) => text.replaceAll(`${ROOT}${path.sep}`, 'predictlab/');
  const shortened = { ...map, file: BUNDLE, sources: map.sources.map(shorten), sourcesContent: map.sourcesContent.map(shorten) };
  return code.slice(0, start) + Buffer.from(JSON.stringify(shortened)).toString('base64');
}
