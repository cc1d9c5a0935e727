import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { endLeftoverNpm, noteNpm } from './leftover-npm.mjs';
import { hashFiles, ROOT, SetUpError, say } from './project.mjs';
import { runChild } from './run-child.mjs';

const STAMP = path.join(ROOT, 'node_modules/.predictlab-installed');

/** @throws SetUpError when this Node.js is older than package.json asks for */
export function checkNode() {
  const wanted = packageJson().engines.node.replace('>=', '');
  const [major, minor] = process.versions.node.split('.').map(Number);
  const [wantedMajor, wantedMinor] = wanted.split('.').map(Number);
  if (major > wantedMajor || (major === wantedMajor && minor >= wantedMinor)) return;
  throw new SetUpError(
    `PredictLab needs Node.js ${wanted} or newer; this is ${process.versions.node}. Install a newer one from https://nodejs.org`,
  );
}

/**
 * Installs the packages of the lock file unless they are there. A stamp written after a finished install says which lock it
 * was for, so an interrupted install is done again.
 */
export async function ensureInstalled() {
  checkNode();
  const current = `${hashFiles(ROOT, ['package-lock.json'])} ${process.platform}-${process.arch}`;
  if (existsSync(STAMP) && readFileSync(STAMP, 'utf8') === current) return;
  if (!installedByHand()) await install();
  writeFileSync(STAMP, current);
}

async function install() {
  say(
    `installing the packages of package-lock.json (npm ci${existsSync(path.join(ROOT, 'node_modules')) ? '; what is there is incomplete or old' : ''}) …`,
  );
  await endLeftoverNpm();
  const started = Date.now();
  // through the npm that runs us where there is one: `npm` may not be on PATH
  const [command, first] = process.env.npm_execpath?.endsWith('.js') ? [process.execPath, [process.env.npm_execpath]] : ['npm', []];
  const args = [...first, 'ci', '--include=dev', '--include=optional', '--no-audit', '--no-fund', '--prefer-offline', '--loglevel=error'];
  const code = await runNpm(command, args);
  if (code !== 0) {
    throw new SetUpError(`npm ci failed with exit code ${code}; its message is above. fix that (often the network) and start again`);
  }
  say(`installed in ${Math.round((Date.now() - started) / 1000)} s`);
}

async function runNpm(command, args) {
  let ended = () => {};
  const onStart = ({ pid }) => {
    ended = noteNpm(pid);
  };
  try {
    return await runChild(command, args, { cwd: ROOT, stdio: ['ignore', process.stderr, process.stderr] }, onStart);
  } catch (error) {
    throw new SetUpError(`cannot start npm (${error.message}); install npm, which comes with Node.js`);
  } finally {
    ended();
  }
}

/**
 * Whether npm itself says that every package of the lock is installed. It writes this list last, so an interrupted
 * install has none; a platform's optional packages may be absent.
 */
function installedByHand() {
  const list = path.join(ROOT, 'node_modules/.package-lock.json');
  if (!existsSync(list)) return false;
  const installed = JSON.parse(readFileSync(list, 'utf8')).packages;
  const wanted = JSON.parse(readFileSync(path.join(ROOT, 'package-lock.json'), 'utf8')).packages;
  return Object.entries(wanted).every(([name, { version, optional, peer }]) => {
    if (name === '') return true;
    const found = installed[name];
    return found === undefined ? Boolean(optional || peer) : found.version === version;
  });
}

const packageJson = () => JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8'));
