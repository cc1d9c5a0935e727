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
import { findNodeFs, isCalledByNodeFs } from './node-fs.ts';
import { noteNodeReached } from './shared-objects.ts';

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
}

const loading = new AsyncLocalStorage<Taken>();
let watched = false;

/** URL of the module whose loading runs the current code; undefined if no module is being loaded. */
export const loadingUrl = (): string | undefined => loading.getStore()?.url;

/** Runs code and records in `taken` what it reads from outside the process. */
export const recordReads = <T>(taken: Taken, work: () => T): T => loading.run(taken, work);

/** Blocks files, network, processes and threads for strategies while they decide; records their use while a module is loaded. */
export function watchOutsideWorld(): void {
  if (watched) return;
  watched = true;
  findNodeFs();
  for (const name of ['readFileSync', 'readFile', 'createReadStream', 'readdirSync', 'readdir'] as const) guard(fs, name, file);
  for (const name of ['readFile', 'readdir'] as const) guard(fs.promises, name, file);
  for (const name of ['openSync', 'open', 'opendirSync', 'opendir'] as const) guard(fs, name, opened(`fs.${name}`));
  for (const name of ['open', 'opendir'] as const) guard(fs.promises, name, opened(`fs.${name}`));
  // functions that only describe a file count too: its name, its time or the target of a link may contain an answer
  for (const names of [fs, fs.promises] as unknown as Record<string, unknown>[])
    for (const name of Object.keys(names).filter((one) => typeof names[one] === 'function'))
      if (DESCRIBES.test(name)) guard(names, name, (taken) => taken.unhashed.add(`fs.${name}`));
      else if (/^(?:exists|access)/.test(name)) guard(names, name, file);
      else if (WRITES.test(name)) guard(names, name, (taken) => taken.unhashed.add(`fs.${name}`));
      else if (name.endsWith('Sync') && !/^(?:readFile|open|readdir|opendir)Sync$/.test(name)) guard(names, name);
  for (const name of ['read', 'readv'] as const) guard(fs, name);
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
  for (const name of ['binding', '_linkedBinding', 'dlopen', 'kill', '_getActiveHandles', '_getActiveRequests'])
    if (name in inner) guard(inner, name, (taken) => taken.unhashed.add(`process.${name}`));
  // they change what other modules are given
  const ofModules = nodeModule as unknown as Record<string, unknown>;
  for (const name of ['syncBuiltinESMExports', 'register', 'registerHooks', 'enableCompileCache', 'setSourceMapsSupport'])
    if (name in ofModules) guard(ofModules, name, (taken) => taken.unhashed.add(`module.${name}`));
  guard(threads, 'receiveMessageOnPort');
  guardConstructor(threads, 'Worker');
  guardConstructor(threads, 'BroadcastChannel');
  guardConstructor(globalThis, 'BroadcastChannel');
  // its callbacks run later, when no decision and no loading module can be held responsible for what they read
  guardConstructor(globalThis, 'FinalizationRegistry');
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

/** Matches functions that describe a file: its time, its size, or the target of a link. */
const DESCRIBES = /^(?:l?stat|statfs|readlink)(?:Sync)?$/;

/** Matches functions that change files, where a copy of a module could leave what it saw, or wait for changes. */
const WRITES =
  /^(?:write(?!v?Sync$|v?$)|writeFile|append|truncate|mk|rm|rename|unlink|link|symlink|cp|copy|l?utimes|l?ch|watch|createWrite)/;

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

type Note = (taken: Taken, first: unknown) => void;

const file: Note = (taken, first) => {
  const name = first instanceof URL ? fileURLToPath(first) : Buffer.isBuffer(first) ? first.toString() : first;
  if (typeof name !== 'string') return;
  if (taken.hashed) taken.late.add(path.basename(name));
  else taken.files.add(path.resolve(name));
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
    if (taken !== undefined) note?.(taken, args[0]);
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
      loading.getStore()?.unhashed.add(`new ${name}`);
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
