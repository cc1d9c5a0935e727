import { AsyncLocalStorage } from 'node:async_hooks';
import childProcess from 'node:child_process';
import dgram from 'node:dgram';
import dns from 'node:dns';
import fs from 'node:fs';
import inspector from 'node:inspector';
import nodeModule, { syncBuiltinESMExports } from 'node:module';
import net from 'node:net';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import v8 from 'node:v8';
import threads from 'node:worker_threads';
import { SIDE_BY_SIDE, strategyDeciding } from '../backtest/engine/fence.ts';
import { badInput } from '../contracts/errors.ts';
import { watchLateCode } from './late-code.ts';
import { findNodeFs, isCalledByNodeFs } from './node-fs.ts';
import { noteLateCode, noteNodeReached } from './shared-objects.ts';

/** Everything that a module read from outside the process while it was loaded. */
export interface Taken {
  /** URL of the module. */
  readonly url: string;
  readonly files: Set<string>;
  /** Functions that the module used whose results cannot be hashed, such as `net.connect`. */
  readonly unhashed: Set<string>;
  /** Files that the module opened after it had been hashed. */
  readonly late: Set<string>;
  /** State of the process that the module used, such as its clock. */
  readonly ambient: Set<string>;
  hashed: boolean;
  /** Whether the module is loaded. */
  ended: boolean;
}

const loading = new AsyncLocalStorage<Taken>();
let watched = false;

/** URL of the module whose loading runs the current code; undefined if no module is being loaded. */
export const loadingUrl = (): string | undefined => loading.getStore()?.url;

/** The loading of a module that runs the current code; undefined if none does. */
export const loadingModule = (): Taken | undefined => loading.getStore();

/** Runs code and records in `taken` what it reads from outside the process. */
export const recordReads = <T>(taken: Taken, work: () => T): T => loading.run(taken, work);

/** Blocks files, network, processes and threads for strategies while they decide; records their use while a module is loaded. */
export function watchOutsideWorld(): void {
  if (watched) return;
  watched = true;
  findNodeFs();
  for (const names of [fs, fs.promises] as unknown as Record<string, unknown>[])
    for (const name of Object.keys(names).filter((one) => /^[a-z]/.test(one) && typeof names[one] === 'function'))
      guard(names, name, READS.test(name) ? file : /^open(?:dir)?(?:Sync)?$/.test(name) ? opened(`fs.${name}`) : usesFile(`fs.${name}`));
  for (const name of ['spawn', 'spawnSync', 'exec', 'execSync', 'execFile', 'execFileSync', 'fork'] as const)
    guard(childProcess, name, (taken) => taken.unhashed.add(`child_process.${name}`));
  guard(net.Socket.prototype, 'connect', (taken) => taken.unhashed.add('net.connect'));
  guard(dgram, 'createSocket', (taken) => taken.unhashed.add('dgram.createSocket'));
  guard(globalThis, 'fetch', (taken) => taken.unhashed.add('fetch'));
  for (const names of [dns, dns.promises] as unknown as Record<string, unknown>[])
    for (const name of Object.keys(names).filter((one) => /^(?:lookup|resolve|reverse)/.test(one)))
      guard(names, name, (taken) => taken.unhashed.add(`dns.${name}`));
  guard(net.Server.prototype, 'listen', (taken) => taken.unhashed.add('net.Server.listen'));
  guard(inspector.Session.prototype, 'connect', (taken) => taken.unhashed.add('inspector.Session'));
  guard(v8, 'setFlagsFromString', (taken) => taken.unhashed.add('v8.setFlagsFromString'));
  const inner = process as unknown as Record<string, unknown>;
  if ('getBuiltinModule' in inner)
    guard(inner, 'getBuiltinModule', (taken, first) => {
      noteNodeReached();
      if (isBeyond(String(first))) taken.unhashed.add(`node:${String(first).replace(/^node:/, '')}`);
    });
  for (const name of [
    'binding',
    '_linkedBinding',
    'dlopen',
    'kill',
    '_getActiveHandles',
    '_getActiveRequests',
    'setUncaughtExceptionCaptureCallback',
  ])
    if (name in inner) guard(inner, name, (taken) => taken.unhashed.add(`process.${name}`));
  const ofModules = nodeModule as unknown as Record<string, unknown>;
  for (const name of [...CHANGE_MODULES, ...READ_PACKAGES])
    if (name in ofModules) guard(ofModules, name, (taken) => taken.unhashed.add(`module.${name}`));
  guard(threads, 'receiveMessageOnPort');
  guardConstructor(threads, 'Worker');
  guardConstructor(threads, 'BroadcastChannel');
  guardConstructor(globalThis, 'BroadcastChannel');
  // its callbacks run later, when no decision and no loading module can be held responsible for what they read
  guardConstructor(globalThis, 'FinalizationRegistry');
  watchLateCode(loadingModule, noteLateCode);
  syncBuiltinESMExports();
}

/** The first state of the process that each strategy used while it decided, by the strategy's name. */
const usedInDecisions = new Map<string, string>();

/** Records use of the process's state by the module that is being loaded, or by the strategy that decides. */
export function noteAmbient(what: string): void {
  loading.getStore()?.ambient.add(what);
  const strategy = strategyDeciding();
  if (strategy !== undefined && !usedInDecisions.has(strategy)) usedInDecisions.set(strategy, what);
}

/** State of the process that one of these strategies used while it decided; undefined if none did. */
export const ambientInDecisions = (strategies: readonly string[]): string | undefined =>
  [...strategies, SIDE_BY_SIDE].map((name) => usedInDecisions.get(name)).find((what) => what !== undefined);

/** Matches functions that read what a file or folder contains, or whether it exists; the file is hashed. */
const READS = /^(?:readFile|readdir|createReadStream|exists|access)(?:Sync)?$/;

/** Functions of `node:module` that change what other modules are given. */
const CHANGE_MODULES = ['syncBuiltinESMExports', 'register', 'registerHooks', 'enableCompileCache', 'setSourceMapsSupport'];

/** Functions of `node:module` that read or describe files; Node's own loader does not call the exported ones. */
const READ_PACKAGES = ['_stat', '_readPackage', 'findPackageJSON'];

/**
 * Whether a module of Node.js gives access to what outlives a module: other modules' memory, settings, the clock, messages between threads.
 * Files are watched by their functions.
 */
export const isBeyond = (name: string): boolean =>
  !/^(?:node:)?(?:assert|constants|fs|module|path|punycode|querystring|string_decoder|url)(?:\/|$)/.test(name);

/** Records a file that the module that is being loaded has looked for. @param found its path, or `false` if there is none */
export function noteResolved(found: string | false): void {
  const taken = loading.getStore();
  if (taken === undefined) return;
  if (found === false) taken.unhashed.add('require.resolve');
  else if (path.isAbsolute(found)) file(taken, found);
}

type Note = (taken: Taken, first: unknown, second?: unknown) => void;

const file: Note = (taken, first) => {
  const name = first instanceof URL ? fileURLToPath(first) : Buffer.isBuffer(first) ? first.toString() : first;
  if (typeof name === 'number') taken.unhashed.add('a file descriptor');
  if (typeof name !== 'string') return;
  if (taken.hashed) taken.late.add(path.basename(name));
  else taken.files.add(path.resolve(name));
};

/** All that is not the content of a file: its time, its size, the target of a link, a descriptor, what was written. */
const usesFile =
  (name: string): Note =>
  (taken, _, options) => {
    // the loader of CommonJS gives its cache to realpathSync; reading a file closes it
    if (name === 'fs.realpathSync' && options instanceof Object && Object.getOwnPropertySymbols(options).length > 0) return;
    if (/^fs\.(?:read|close)Sync$/.test(name) && (isCalledByNodeFs() || taken.ambient.has('fs.openSync'))) return;
    taken.unhashed.add(name);
  };

/** The number of an opened file shows how many others are open. */
const opened =
  (name: string): Note =>
  (taken, first) => {
    file(taken, first);
    if (!isCalledByNodeFs()) taken.ambient.add(name);
  };

function guard<Name extends string>(owner: { [name in Name]?: unknown }, name: Name, note?: Note): void {
  const original = owner[name] as ((...args: unknown[]) => unknown) & Record<string, unknown>;
  const guarded = function (this: unknown, ...args: unknown[]): unknown {
    refuseWhileDeciding(name);
    const taken = loading.getStore();
    if (taken !== undefined) note?.(taken, args[0], args[1]);
    return new.target === undefined ? original.apply(this, args) : Reflect.construct(original, args);
  };
  // keeps properties of the function itself, such as the promisified form of readFile
  Object.defineProperties(guarded, Object.getOwnPropertyDescriptors(original));
  Object.defineProperty(owner, name, { value: guarded, configurable: true, writable: true, enumerable: true });
}

function guardConstructor<Name extends string>(owner: { [name in Name]: new (...args: never[]) => object }, name: Name): void {
  owner[name] = new Proxy(owner[name], {
    construct(original, args, target) {
      refuseWhileDeciding(`new ${name}`);
      const taken = loading.getStore();
      taken?.unhashed.add(`new ${name}`);
      const [callback] = args as [(held: unknown) => unknown];
      // no hook sees when it is called
      if (taken !== undefined && name === 'FinalizationRegistry' && typeof callback === 'function')
        return Reflect.construct(original, [(held: unknown) => (noteLateCode(), callback(held))], target) as object;
      return Reflect.construct(original, args, target) as object;
    },
  });
}

/** Reason, as a clause, why this thread's code may not use files, network, processes and threads; undefined while it may. */
let forbidden: string | undefined;

/** Blocks files, network, processes and threads for all code of this thread from now on. @param why the reason, as a clause */
export function forbidOutsideWorld(why: string): void {
  watchOutsideWorld();
  forbidden = why;
}

/** Throws while a strategy decides, and in a thread that is barred from the outside. @throws PredictLabError BadInput that names `what` */
export function refuseWhileDeciding(what: string): void {
  if (forbidden !== undefined) throw badInput(`${what} is not there: ${forbidden}`);
  const strategy = strategyDeciding();
  if (strategy === undefined) return;
  throw badInput(
    `a strategy cannot use ${what} while it decides: no trader could have read the answer at that time; read what the strategy needs when its module is loaded`,
  );
}
