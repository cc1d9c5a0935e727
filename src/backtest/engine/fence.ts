import { AsyncLocalStorage } from 'node:async_hooks';
import { badInput } from '../../contracts/errors.ts';

const deciding = new AsyncLocalStorage<string>();

/** Name under which trials are fenced that decide side by side. */
export const SIDE_BY_SIDE = 'trials side by side';

/** Name of the strategy that decides the present bar, where trials decide side by side. */
let atBar: string | undefined;

/** Names the strategy that decides from now on; undefined once it has decided. */
export const setStrategyAtBar = (strategy: string | undefined): void => {
  atBar = strategy;
};

/**
 * Name of the strategy whose code runs at this moment; undefined if none does. Timers and promises that a decision starts belong to it too,
 * or to {@link SIDE_BY_SIDE}. Such code has no access to files and network.
 */
export const strategyDeciding = (): string | undefined => {
  const fencedAs = deciding.getStore();
  return fencedAs === undefined ? undefined : (atBar ?? fencedAs);
};

/** Runs code of a strategy, or code that may call it, such as a getter of an error that it threw. */
export const asStrategy = <T>(strategy: string, run: () => T): T => deciding.run(strategy, run);

/** Runs code of a user's strategy. @throws PredictLabError BadInput when it changed a built-in object of JavaScript, which is restored */
export function fenced<T>(strategy: string, run: () => T): T {
  let result: T;
  try {
    result = asStrategy(strategy, run);
  } finally {
    requireBuiltIns('was changed by the strategy');
  }
  return result;
}

/**
 * Restores the built-in objects of JavaScript if one that the engine uses was changed since the first call.
 * @param how how it was changed; follows the built-in's name in the message
 * @throws PredictLabError BadInput when one was changed
 */
export function requireBuiltIns(how: string): void {
  if (!usedBuiltInChanged()) return;
  const changed = changedBuiltIn();
  if (changed === undefined) return;
  restoreBuiltIns();
  throw badInput(`${changed} ${how}, but all other code in this process uses it; leave built-ins unchanged`);
}

interface BuiltIn {
  readonly name: string;
  readonly owner: object;
  readonly keys: readonly PropertyKey[];
  readonly descriptors: readonly PropertyDescriptor[];
}

/** The built-ins as they were at the first use, since a program may have replaced some on purpose before that. */
let recorded: readonly BuiltIn[] | undefined;

/** Records the built-ins again at their next use, after PredictLab itself has replaced some. */
export function forgetBuiltIns(): void {
  [recorded, used, closed] = [undefined, undefined, []];
}

// captured when this module is loaded: a strategy could later replace them by functions that hide its changes.
// For the same reason the loops below use indices: iterators and methods of arrays can be replaced too.
const { getOwnPropertyDescriptor: descriptorOf, is } = Object;
const { ownKeys: keysOf, defineProperty, deleteProperty, setPrototypeOf } = Reflect;

/** Descriptor of a property, without a prototype: what a strategy adds to `Object.prototype` would be part of it. */
const bareDescriptor = (owner: object, key: PropertyKey): PropertyDescriptor | undefined => {
  const descriptor = descriptorOf(owner, key);
  if (descriptor !== undefined) setPrototypeOf(descriptor, null);
  return descriptor;
};

/** The global names that the engine uses. */
const GLOBALS = [
  'Math',
  'JSON',
  'Object',
  'Number',
  'Array',
  'Map',
  'Set',
  'WeakMap',
  'String',
  'Date',
  'Float64Array',
  'Uint8Array',
  'Uint32Array',
];

/** Prototypes to which nothing may be added: all objects inherit the first, and additions to the second hide methods of typed arrays. */
const CLOSED = ['Object.prototype', 'Float64Array.prototype'];

const ITERATORS = {
  'Array iterator': Object.getPrototypeOf([][Symbol.iterator]()) as object,
  'Map iterator': Object.getPrototypeOf(new Map()[Symbol.iterator]()) as object,
  'Set iterator': Object.getPrototypeOf(new Set()[Symbol.iterator]()) as object,
};

function builtIns(): readonly BuiltIn[] {
  return (recorded ??= Object.entries({
    Math,
    JSON,
    Reflect,
    Object,
    Number,
    Array,
    'Object.prototype': Object.prototype,
    'Function.prototype': Function.prototype,
    'Array.prototype': Array.prototype,
    'Number.prototype': Number.prototype,
    'String.prototype': String.prototype,
    'RegExp.prototype': RegExp.prototype,
    'Map.prototype': Map.prototype,
    'Set.prototype': Set.prototype,
    'WeakMap.prototype': WeakMap.prototype,
    'TypedArray.prototype': Object.getPrototypeOf(Float64Array.prototype) as object,
    'Float64Array.prototype': Float64Array.prototype,
    'Error.prototype': Error.prototype,
    ...ITERATORS,
    globalThis,
  }).map(([name, owner]): BuiltIn => {
    const keys = owner === globalThis ? GLOBALS : keysOf(owner);
    return { name, owner, keys, descriptors: keys.map((key) => bareDescriptor(owner, key) as PropertyDescriptor) };
  }));
}

/** Name of the first built-in that differs from its recorded state; undefined if none does. */
function changedBuiltIn(): string | undefined {
  const all = builtIns();
  for (let i = 0; i < all.length; i++) {
    const { name, owner, keys, descriptors } = all[i];
    for (let k = 0; k < keys.length; k++) {
      const now = bareDescriptor(owner, keys[k]);
      if (!is(now?.value, descriptors[k].value) || now?.get !== descriptors[k].get) return nameOf(name, keys[k]);
    }
    let added: PropertyKey | undefined;
    visitAdded(all[i], (key) => (added ??= key));
    if (added !== undefined) return nameOf(name, added);
  }
  return undefined;
}

function restoreBuiltIns(): void {
  const all = builtIns();
  for (let i = 0; i < all.length; i++) {
    const { owner, keys, descriptors } = all[i];
    visitAdded(all[i], (key) => deleteProperty(owner, key));
    for (let k = 0; k < keys.length; k++) defineProperty(owner, keys[k], descriptors[k]);
  }
}

/** Calls `visit` with each key of a built-in that is not in its recorded state. */
function visitAdded({ owner, keys }: BuiltIn, visit: (key: PropertyKey) => unknown): void {
  const now = owner === globalThis ? [] : keysOf(owner);
  for (let i = 0; i < now.length; i++) {
    let k = 0;
    while (k < keys.length && keys[k] !== now[i]) k++;
    if (k === keys.length) visit(now[i]);
  }
}

const nameOf = (owner: string, key: PropertyKey): string => (typeof key === 'string' ? `${owner}.${key}` : `${owner}[${String(key)}]`);

/** The built-ins that the engine calls. They are compared after every run; comparing all built-ins would make runs several times slower. */
let used: { readonly owners: readonly object[]; readonly keys: readonly PropertyKey[]; readonly values: readonly unknown[] } | undefined;
/** The prototypes named in {@link CLOSED} with their recorded numbers of properties. */
let closed: readonly { readonly owner: object; readonly count: number }[] = [];

function usedBuiltInChanged(): boolean {
  if (used === undefined) {
    const all = builtIns().flatMap(({ name, owner, keys, descriptors }) =>
      keys
        .map((key, i) => ({ owner, key, value: descriptors[i].value as unknown }))
        .filter(({ key, value }) => typeof value === 'function' && (owner === globalThis || (USED[name]?.includes(key) ?? false))),
    );
    closed = builtIns().flatMap(({ name, owner, keys }) => (CLOSED.includes(name) ? [{ owner, count: keys.length }] : []));
    used = { owners: all.map(({ owner }) => owner), keys: all.map(({ key }) => key), values: all.map(({ value }) => value) };
  }
  const { owners, keys, values } = used;
  // reads the descriptor: a getter could return the original now and something else later
  for (let i = 0; i < owners.length; i++) if (descriptorOf(owners[i], keys[i])?.value !== values[i]) return true;
  for (let i = 0; i < closed.length; i++) if (keysOf(closed[i].owner).length !== closed[i].count) return true;
  // JSON.stringify would call this method for every array
  return descriptorOf(Array.prototype, 'toJSON') !== undefined;
}

const USED: Readonly<Record<string, readonly PropertyKey[]>> = {
  Math: ['min', 'max', 'abs', 'floor', 'ceil', 'round', 'sqrt', 'log', 'exp', 'imul'],
  JSON: ['stringify', 'parse'],
  Object: ['keys', 'entries', 'fromEntries', 'freeze'],
  Number: ['isNaN', 'isFinite', 'isInteger'],
  Array: ['from', 'isArray'],
  'Array.prototype': [
    'map',
    'filter',
    'push',
    'flatMap',
    'reduce',
    'sort',
    'slice',
    'includes',
    'join',
    'some',
    'every',
    'find',
    'findLast',
    'findLastIndex',
    Symbol.iterator,
  ],
  'Map.prototype': ['get', 'set', 'has'],
  'Set.prototype': ['add', 'has'],
  'WeakMap.prototype': ['get', 'set'],
  'TypedArray.prototype': ['fill', 'slice', 'subarray', 'set', 'findIndex', 'toReversed', 'sort', 'map', 'some', 'every'],
  'Array iterator': ['next'],
};
