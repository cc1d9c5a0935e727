import { AsyncLocalStorage } from 'node:async_hooks';
import childProcess from 'node:child_process';
import dgram from 'node:dgram';
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import net from 'node:net';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import threads from 'node:worker_threads';
import { strategyDeciding } from '../backtest/engine/fence.ts';
import { PredictLabError } from '../contracts/errors.ts';

/** What a module took from outside while it was loaded. */
export interface Taken {
  /** Absolute paths of the files and folders that it opened. */
  readonly files: Set<string>;
  /** What it used besides, whose answers nobody can hash: `net.connect`. */
  readonly unhashed: Set<string>;
}

const loading = new AsyncLocalStorage<Taken>();
let watched = false;

/** Runs code while noting what it takes from outside. */
export const noteTaken = <T>(taken: Taken, work: () => T): T => loading.run(taken, work);

/**
 * Closes files, network, processes and threads to strategies while they decide, and notes who uses them while a module is loaded.
 * Everything else goes on as before.
 */
export function watchOutsideWorld(): void {
  if (watched) return;
  watched = true;
  for (const name of ['readFileSync', 'readFile', 'openSync', 'open', 'createReadStream', 'readdirSync', 'readdir', 'opendirSync'] as const)
    guard(fs, name, file);
  for (const name of ['readFile', 'open', 'readdir', 'opendir'] as const) guard(fs.promises, name, file);
  for (const name of ['existsSync', 'statSync', 'writeFileSync', 'appendFileSync', 'readSync', 'writeSync'] as const) guard(fs, name);
  for (const name of ['spawn', 'spawnSync', 'exec', 'execSync', 'execFile', 'execFileSync', 'fork'] as const)
    guard(childProcess, name, (taken) => taken.unhashed.add(`child_process.${name}`));
  guard(net.Socket.prototype, 'connect', (taken) => taken.unhashed.add('net.connect'));
  guard(dgram, 'createSocket', (taken) => taken.unhashed.add('dgram.createSocket'));
  guard(globalThis, 'fetch', (taken) => taken.unhashed.add('fetch'));
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
  const own = owner[name] as ((...words: unknown[]) => unknown) & Record<string, unknown>;
  const guarded = function (this: unknown, ...words: unknown[]): unknown {
    refuseWhileDeciding(name);
    const taken = loading.getStore();
    if (taken !== undefined) note?.(taken, words[0]);
    return new.target === undefined ? own.apply(this, words) : Reflect.construct(own, words);
  };
  // such as readFile's promisified form
  Object.defineProperties(guarded, Object.getOwnPropertyDescriptors(own));
  Object.defineProperty(owner, name, { value: guarded, configurable: true, writable: true, enumerable: true });
}

function guardConstructor(owner: { Worker: typeof threads.Worker }, name: 'Worker'): void {
  owner[name] = new Proxy(owner[name], {
    construct(own, words, target) {
      refuseWhileDeciding('new Worker');
      loading.getStore()?.unhashed.add('new Worker');
      return Reflect.construct(own, words, target) as object;
    },
  });
}

function refuseWhileDeciding(what: string): void {
  const strategy = strategyDeciding();
  if (strategy === undefined) return;
  throw new PredictLabError(
    'BadInput',
    `${what} is closed to a strategy while it decides: no trader could have read the answer then; read what it needs when its module is loaded`,
  );
}
