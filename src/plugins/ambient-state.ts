import { forgetBuiltIns, requireBuiltIns } from '../backtest/engine/fence.ts';
import { isCalledByNodeFs } from './node-fs.ts';

/**
 * Names of global objects that give the same answers at all times and keep no state. All others (the clock, timers, memory, randomness,
 * the process) can carry a signal from one series to the next, which no re-run can see.
 */
const STATELESS: ReadonlySet<string> = new Set(
  (
    'Object Function Array Number parseFloat parseInt Infinity NaN undefined Boolean String Symbol Date Promise RegExp Error AggregateError ' +
    'EvalError RangeError ReferenceError SyntaxError TypeError URIError SuppressedError globalThis global JSON Math ArrayBuffer Uint8Array ' +
    'Int8Array Uint16Array Int16Array Uint32Array Int32Array Float16Array Float32Array Float64Array Uint8ClampedArray BigUint64Array ' +
    'BigInt64Array DataView Map BigInt Set WeakMap WeakSet Proxy Reflect Iterator decodeURI decodeURIComponent encodeURI ' +
    'encodeURIComponent escape unescape eval isFinite isNaN console Buffer URL URLSearchParams DOMException TextEncoder TextDecoder ' +
    // watched when they are called (fetch), or no more powerful than a promise (atob)
    'fetch BroadcastChannel FinalizationRegistry queueMicrotask structuredClone atob btoa'
  ).split(' '),
);

let watched = false;

/** Reports to `note` when code uses state of the process, by the name of what it uses. */
export function watchAmbientState(note: (what: string) => void): void {
  if (watched) return;
  watched = true;
  requireBuiltIns('was changed earlier in this process');
  // read once before they are watched, because Node.js replaces some of them with their values at the first read
  for (const name of Object.getOwnPropertyNames(globalThis)) Reflect.get(globalThis, name);
  // what packages keep on the global object, such as __zod_globalConfig, is compared with its earlier value
  const ambient = Object.getOwnPropertyNames(globalThis).filter((name) => !STATELESS.has(name) && !name.startsWith('_'));
  for (const name of ambient) watchProperty(globalThis, name, name, note);
  // state of the console: its streams with their counters, and the start times of its timers
  for (const name of ['_stdout', '_stderr', '_times']) watchProperty(console, name, `console.${name}`, note);
  // the last match of a regular expression, and its parts
  for (const [name, own] of Object.entries(Object.getOwnPropertyDescriptors(RegExp)))
    if (!('value' in own)) watchProperty(RegExp, name, `RegExp.${name}`, note);
  watchCall(Math, 'random', 'Math.random', note);
  // memory that these functions allocate still contains old bytes, through which a signal may pass
  const noteBytes = (what: string): void => {
    // which fills all of it with the file
    if (!isCalledByNodeFs()) note(what);
  };
  for (const name of ['allocUnsafe', 'allocUnsafeSlow'] as const) watchCall(Buffer, name, `Buffer.${name}`, noteBytes);
  watchDate(note);
  forgetBuiltIns();
}

function watchProperty(owner: object, name: string, shown: string, note: (what: string) => void): void {
  const own = Object.getOwnPropertyDescriptor(owner, name);
  if (own?.configurable !== true) return;
  const { value, get, enumerable } = own as { value: unknown; get?: () => unknown; enumerable: boolean };
  Object.defineProperty(owner, name, {
    get() {
      note(shown);
      return get === undefined ? value : get.call(owner);
    },
    // replaced as a whole, so that the change is visible
    set(replaced: unknown) {
      Object.defineProperty(owner, name, { value: replaced, enumerable, configurable: true, writable: true });
    },
    enumerable,
    configurable: true,
  });
}

function watchCall<Name extends string>(owner: { [name in Name]: unknown }, name: Name, shown: string, note: (what: string) => void): void {
  const original = owner[name] as (...args: unknown[]) => unknown;
  const watching = function (this: unknown, ...args: unknown[]): unknown {
    note(shown);
    return original.apply(this, args);
  };
  Object.defineProperties(watching, Object.getOwnPropertyDescriptors(original));
  Object.defineProperty(owner, name, { ...Object.getOwnPropertyDescriptor(owner, name), value: watching });
}

/** Watches the clock of `Date`; dates that are made from numbers and texts stay what they are. */
function watchDate(note: (what: string) => void): void {
  const Original = Date;
  watchCall(Original, 'now', 'Date.now', note);
  const Watching = function (...args: unknown[]): unknown {
    if (new.target === undefined || args.length === 0) note('new Date()');
    return new.target === undefined ? Original() : Reflect.construct(Original, args, new.target);
  };
  Object.defineProperties(Watching, Object.getOwnPropertyDescriptors(Original));
  Object.defineProperty(Original.prototype, 'constructor', { value: Watching, writable: true, configurable: true });
  globalThis.Date = Watching as unknown as DateConstructor;
}
