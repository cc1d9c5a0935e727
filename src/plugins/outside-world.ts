import { AsyncLocalStorage } from 'node:async_hooks';
import childProcess from 'node:child_process';
import dgram from 'node:dgram';
import dns from 'node:dns';
import fs from 'node:fs';
import inspector from 'node:inspector';
import { syncBuiltinESMExports } from 'node:module';
import net from 'node:net';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import v8 from 'node:v8';
import threads from 'node:worker_threads';
import { strategyDeciding } from '../backtest/engine/fence.ts';
import { PredictLabError } from '../contracts/errors.ts';

/** Everything that a module read from outside the process while it was loaded. */
export interface Taken {
  readonly files: Set<string>;
  /** Functions that the module used whose results cannot be hashed, such as `net.connect`. */
  readonly unhashed: Set<string>;
}

const loading = new AsyncLocalStorage<Taken>();
let watched = false;

/** Runs code and records in `taken` what it reads from outside the process. */
export const noteTaken = <T>(taken: Taken, work: () => T): T => loading.run(taken, work);

/** Blocks files, network, processes and threads for strategies while they decide; records their use while a module is loaded. */
export function watchOutsideWorld(): void {
  if (watched) return;
  watched = true;
  for (const name of ['readFileSync', 'readFile', 'openSync', 'open', 'createReadStream', 'readdirSync', 'readdir', 'opendirSync'] as const)
    guard(fs, name, file);
  for (const name of ['readFile', 'open', 'readdir', 'opendir'] as const) guard(fs.promises, name, file);
  const noted = ['readFileSync', 'openSync', 'readdirSync', 'opendirSync'];
  // also what describes a file: its name, its time or the place to which it links may hold an answer
  for (const name of Object.keys(fs) as (keyof typeof fs)[])
    if (name.endsWith('Sync') && typeof fs[name] === 'function' && !noted.includes(name)) guard(fs, name);
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
  for (const name of ['binding', '_linkedBinding', 'dlopen', 'kill', '_getActiveHandles', '_getActiveRequests'])
    if (name in inner) guard(inner, name, (taken) => taken.unhashed.add(`process.${name}`));
  guard(threads, 'receiveMessageOnPort');
  guardConstructor(threads, 'Worker');
  syncBuiltinESMExports();
}

type Note = (taken: Taken, first: unknown) => void;

const file: Note = (taken, first) => {
  const name = first instanceof URL ? fileURLToPath(first) : Buffer.isBuffer(first) ? first.toString() : first;
  if (typeof name === 'string') taken.files.add(path.resolve(name));
};

function guard<Name extends string>(owner: { [name in Name]?: unknown }, name: Name, note?: Note): void {
  const original = owner[name] as ((...args: unknown[]) => unknown) & Record<string, unknown>;
  const guarded = function (this: unknown, ...args: unknown[]): unknown {
    refuseWhileDeciding(name);
    const taken = loading.getStore();
    if (taken !== undefined) note?.(taken, args[0]);
    return new.target === undefined ? original.apply(this, args) : Reflect.construct(original, args);
  };
  // own properties such as readFile's promisified form
  Object.defineProperties(guarded, Object.getOwnPropertyDescriptors(original));
  Object.defineProperty(owner, name, { value: guarded, configurable: true, writable: true, enumerable: true });
}

function guardConstructor(owner: { Worker: typeof threads.Worker }, name: 'Worker'): void {
  owner[name] = new Proxy(owner[name], {
    construct(original, args, target) {
      refuseWhileDeciding('new Worker');
      loading.getStore()?.unhashed.add('new Worker');
      return Reflect.construct(original, args, target) as object;
    },
  });
}

/** Why code of this thread may use nothing outside of it. */
let forbidden: string | undefined;

/** Blocks files, network, processes and threads for all code of this thread from now on. @param why the reason, as a clause */
export function forbidOutsideWorld(why: string): void {
  watchOutsideWorld();
  forbidden = why;
}

function refuseWhileDeciding(what: string): void {
  if (forbidden !== undefined) throw new PredictLabError('BadInput', `${what} is not there: ${forbidden}`);
  const strategy = strategyDeciding();
  if (strategy === undefined) return;
  throw new PredictLabError(
    'BadInput',
    `a strategy cannot use ${what} while it decides: no trader could have read the answer at that time; read what the strategy needs when its module is loaded`,
  );
}
