import { Session } from 'node:inspector';
import { createRequire } from 'node:module';
import { types as nodeTypes } from 'node:util';
import * as zod from 'zod';
import { sharedBySchemas } from './zod-objects.ts';

/**
 * Objects that outlive a plugin's modules: built-ins, the modules of Node.js, and zod. Each series gets its own copy of a plugin's modules,
 * but a property that one copy adds to such an object is visible to the next copy, and no proof can detect that.
 */
interface SharedObject {
  readonly name: string;
  readonly object: object;
  readonly keys: readonly (string | symbol)[];
  readonly descriptors: readonly PropertyDescriptor[];
  readonly prototype: object | null;
  readonly extensible: boolean;
  /** Pattern and flags of a regular expression, which `compile` replaces. */
  readonly pattern: string | undefined;
  /** Number of entries of a map or set. */
  readonly size: number | undefined;
}

// captured when this module loads: a plugin could replace them with functions that hide what it changed.
// For the same reason the comparison uses indices: iterators and methods of arrays can be replaced too.
const { ownKeys, getPrototypeOf, deleteProperty, isExtensible, setPrototypeOf } = Reflect;
const { getOwnPropertyDescriptor: descriptorOf, is, isFrozen } = Object;
// oxlint-disable-next-line typescript/unbound-method -- called with a map or set below
const [mapSize, setSize] = [Map, Set].map(({ prototype }) => descriptorOf(prototype, 'size')?.get as () => number);
const allocUnsafe = Buffer.allocUnsafe.bind(Buffer);
const getEntries = performance.getEntries.bind(performance);
const types = { isMap: nodeTypes.isMap, isSet: nodeTypes.isSet, isRegExp: nodeTypes.isRegExp };
// oxlint-disable-next-line typescript/unbound-method -- called with a regular expression below
const [sourceOf, flagsOf] = ['source', 'flags'].map((key) => descriptorOf(RegExp.prototype, key)?.get as () => string);

/** Zod's registry. Its contents cannot be compared with an earlier state, so it is cleared instead. */
const registry = zod.globalRegistry;
const clearRegistry = registry.clear.bind(registry);

const require = createRequire(import.meta.url);
const loader = require('node:module') as {
  readonly builtinModules: readonly string[];
  readonly _cache: object;
  readonly _pathCache: object;
};
// not required later: a strategy that decides may not require, and the values are compared before it does
const files = require('node:fs') as object;
const { _cache: modules, _pathCache: places } = loader;

let recorded: readonly SharedObject[] | undefined;
/** Recorded state of the modules of Node.js and of the objects that only they lead to. */
let recordedOfNode: readonly SharedObject[] = [];
/** Whether a plugin of this thread has reached a module of Node.js. */
let nodeReached = false;
let valuesBefore: Readonly<Record<string, unknown>> = {};
let entriesBefore = 0;
let filesBefore: ReadonlySet<PropertyKey> = new Set();
/** The reason why plugins of this thread may remember data of an earlier series, as a sentence. */
let changed: string | undefined;
const STAYS = 'was changed by a plugin and stays changed from series to series, where no re-run can see what is remembered';

/**
 * Records the state of this thread's shared objects, once, before any plugin's code runs.
 * @param ignored objects that may change later; when any are given, the state is recorded again without them
 */
export function recordSharedObjects(ignored: readonly unknown[] = []): void {
  if (recorded !== undefined && ignored.length === 0) return;
  const ofNode: Record<string, object> = {};
  for (const listed of loader.builtinModules) {
    // Node.js 23.5 and later list some modules with their prefix, such as node:sea
    const name = listed.replace(/^node:/, '');
    if (!UNUSUAL.test(name)) ofNode[name] = require(`node:${name}`) as object;
  }
  // reading each global first: Node.js replaces some of them with their values at the first read
  for (const key of ownKeys(globalThis)) Reflect.get(globalThis, key);
  const seen = new Set<unknown>([...changing, loader._cache, ...ignored]);
  // a module of CommonJS leads to Module without an import
  const others = { zod, Buffer, Module: ofNode['module'], 'schemas of zod': sharedBySchemas(), ...hiddenObjects() };
  recorded = [{ globalThis }, others].flatMap((roots) => reachableFrom(roots, seen));
  recordedOfNode = reachableFrom(ofNode, seen);
  valuesBefore = behindGetters();
  entriesBefore = getEntries().length;
  filesBefore = new Set([...ownKeys(modules), ...ownKeys(places)]);
}

/** Modules of Node.js that are not compared: importing them makes results unprovable anyway, or prints a deprecation warning. */
const UNUSUAL =
  /^(?:_|sys$|punycode$|domain$|constants$|repl|cluster|inspector|trace_events|wasi|vm$|v8$|worker_threads$|diagnostics_channel$)/;

/** Objects that are not compared, since they change in normal use: lists of loaded modules, and a process's channel to its parent. */
const changing: readonly unknown[] = [
  modules,
  places,
  ...ownKeys(process).flatMap((key) => (typeof key === 'symbol' || key === 'moduleLoadList' ? [Reflect.get(process, key) as unknown] : [])),
];

/** Records that a plugin of this thread uses modules of Node.js. From now on, those modules are compared too. */
export function noteNodeReached(): void {
  nodeReached = true;
}

/** Values of getters whose setters replace the value and leave the getter as it is. */
function behindGetters(): Readonly<Record<string, unknown>> {
  const owners = Object.entries({ globalThis, fs: files, Module: loader });
  return Object.fromEntries(
    owners.flatMap(([owner, object]) =>
      ownKeys(object)
        .filter((key) => (object === globalThis ? key === 'Buffer' : descriptorOf(object, key)?.set !== undefined))
        .map((key) => [propertyName(owner, key), Reflect.get(object, key) as unknown]),
    ),
  );
}

/** Objects to which no property of a global object leads: built-ins behind syntax, and classes behind getters. */
function hiddenObjects(): Readonly<Record<string, unknown>> {
  const before = descriptorOf(Error, 'prepareStackTrace');
  Error.prepareStackTrace = (_, sites) => sites;
  const [site] = new Error('for its call sites').stack as unknown as readonly object[];
  deleteProperty(Error, 'prepareStackTrace');
  if (before !== undefined) Object.defineProperty(Error, 'prepareStackTrace', before);
  const iterators = [[].values(), new Map().values(), new Set().values(), ''[Symbol.iterator](), ''.matchAll(/a/g)] as Iterator<unknown>[];
  // since Node.js 22
  const { from } = ((globalThis as Record<string, unknown>)['Iterator'] ?? {}) as { from?: (one: object) => object };
  const helpers =
    from === undefined
      ? []
      : [from({ next: () => undefined }), ([].values() as unknown as { map: (to: () => void) => object }).map(() => undefined)];
  return {
    iterators: [...iterators, ...helpers, new URLSearchParams().keys()].map(getPrototypeOf),
    functions: [function* () {}, async function* () {}, async () => {}].map(getPrototypeOf),
    'a call site': getPrototypeOf(site),
    // since Node.js 24 a pair of functions that all errors share
    'the stack of errors': descriptorOf(new Error('for its stack'), 'stack'),
    'classes of errors': errorPrototypes(),
    ...behindGetters(),
  };
}

/** Prototypes of all classes of errors of this thread. Only errors lead to most of those of Node.js, a class for each code. */
function errorPrototypes(): readonly object[] {
  const session = new Session();
  session.connect();
  try {
    const ask = (method: string, params: object): { readonly result?: RemoteObject; readonly objects?: RemoteObject } => {
      let answer: object | undefined;
      session.post(method, params, (error, result) => {
        if (error !== null) throw new Error(`${method} of the debugger fails, so that plugins cannot be compared`, { cause: error });
        answer = result;
      });
      return answer as object;
    };
    const { result } = ask('Runtime.evaluate', { expression: 'Error.prototype' });
    const { objects } = ask('Runtime.queryObjects', { prototypeObjectId: result?.objectId });
    const found: unknown[] = [];
    Object.defineProperty(globalThis, FOUND, { value: found, configurable: true });
    const functionDeclaration = `function () { globalThis[Symbol.for('${FOUND.description}')].push(...this); }`;
    ask('Runtime.callFunctionOn', { objectId: objects?.objectId, functionDeclaration });
    return (found as object[]).filter((one) => Object.hasOwn(one, 'constructor'));
  } finally {
    deleteProperty(globalThis, FOUND);
    session.disconnect();
  }
}

interface RemoteObject {
  readonly objectId: string;
}
const FOUND = Symbol.for('predictlab: errors');

function reachableFrom(roots: Readonly<Record<string, unknown>>, seen: Set<unknown>): readonly SharedObject[] {
  const all: SharedObject[] = [];
  const waiting: [string, object][] = [];
  const visit = (object: unknown, owner: string, key: PropertyKey): void => {
    if ((typeof object !== 'object' && typeof object !== 'function') || object === null || seen.has(object)) return;
    seen.add(object);
    if (!ArrayBuffer.isView(object)) waiting.push([owner === '' ? String(key) : propertyName(owner, key), object]);
  };
  for (const [name, root] of Object.entries(roots)) visit(root, '', name);
  for (const [name, object] of waiting) {
    const keys = ownKeys(object);
    const descriptors = keys.map((key) => descriptorOf(object, key) as PropertyDescriptor);
    const prototype = getPrototypeOf(object);
    const [size, extensible, pattern] = [sizeOf(object), isExtensible(object), patternOf(object)];
    // a frozen function or object without entries stays as it is
    if (!isFrozen(object) || size !== undefined || pattern !== undefined)
      all.push({ name, object, keys, descriptors, prototype, size, extensible, pattern });
    if (!seen.has(prototype)) visit(prototype, '', `prototype of ${name}`);
    for (let i = 0; i < keys.length; i++) {
      for (const part of Object.values(descriptors[i]) as unknown[]) visit(part, name, keys[i]);
    }
  }
  return all;
}

const propertyName = (owner: string, key: PropertyKey): string =>
  typeof key === 'symbol' ? `${owner}[${String(key)}]` : `${owner}.${String(key)}`;

const sizeOf = (object: object): number | undefined =>
  types.isMap(object) ? mapSize.call(object) : types.isSet(object) ? setSize.call(object) : undefined;

const patternOf = (object: object): string | undefined =>
  types.isRegExp(object) ? `/${sourceOf.call(object)}/${flagsOf.call(object)}` : undefined;

/** Name of a shared object or property that differs from its recorded state; undefined if none does. */
export const changedSharedObject = (): string | undefined =>
  recorded === undefined
    ? undefined
    : (changedObject(recorded) ?? (nodeReached ? changedObject(recordedOfNode) : undefined) ?? changedValue() ?? changedEntries());

/** Whether the shared objects differ from their recorded state. Once they did, this thread always answers true. */
export function sharedObjectsChanged(): boolean {
  const name = changed === undefined ? changedSharedObject() : undefined;
  if (name !== undefined) changed = `${name} ${STAYS}`;
  return changed !== undefined;
}

/** Records that code of a plugin ran after its module was loaded or after a decision. */
export function noteLateCode(): void {
  changed ??=
    'code of a plugin (a promise, a timer or a callback) ran after its module was loaded or after a decision, and no re-run can see what it passes from series to series; await it while the module is loaded';
}

/** Records that a plugin uses something which may call its code between series. @param what such as `worker_threads` */
export function noteUnseenCode(what: string): void {
  changed ??= `a plugin uses ${what} while it is loaded, which may call its code between series, where no re-run can see what it passes on; leave it out`;
}

/** The reason why a plugin may remember data of an earlier series, found by {@link sharedObjectsChanged}; undefined if there is none. */
export const sharedObjectsGap = (): string | undefined => changed;

function changedObject(objects: readonly SharedObject[]): string | undefined {
  for (let at = 0; at < objects.length; at++) {
    const { name, object, keys, descriptors, prototype, size, extensible, pattern } = objects[at];
    const now = ownKeys(object);
    if (now.length !== keys.length) return propertyName(name, firstWithout(now, keys) ?? firstWithout(keys, now) ?? '');
    for (let i = 0; i < keys.length; i++) {
      const before = descriptors[i];
      const after = descriptorOf(object, keys[i]);
      const isRenewed = object === registry && (keys[i] === '_map' || keys[i] === '_idmap');
      // the order of properties and their flags carry a bit each
      if (now[i] !== keys[i] || (!isRenewed && !is(before.value, after?.value)) || !sameShape(before, after))
        return propertyName(name, keys[i]);
    }
    if (getPrototypeOf(object) !== prototype) return `the prototype of ${name}`;
    if (size !== sizeOf(object) || extensible !== isExtensible(object) || pattern !== patternOf(object)) return name;
  }
  return undefined;
}

/** The first of some keys that is not among the others. */
function firstWithout(some: readonly PropertyKey[], others: readonly PropertyKey[]): PropertyKey | undefined {
  for (let i = 0; i < some.length; i++) {
    let k = 0;
    while (k < others.length && others[k] !== some[i]) k++;
    if (k === others.length) return some[i];
  }
  return undefined;
}

const sameShape = (before: PropertyDescriptor, after: PropertyDescriptor | undefined): boolean =>
  before.get === after?.get &&
  before.set === after?.set &&
  before.enumerable === after?.enumerable &&
  before.configurable === after?.configurable &&
  before.writable === after?.writable;

function changedValue(): string | undefined {
  const now = behindGetters();
  return Object.keys(valuesBefore).find((name) => now[name] !== valuesBefore[name]);
}

const changedEntries = (): string | undefined => (getEntries().length === entriesBefore ? undefined : 'the list of performance entries');

/** Clears what built-ins remember of the code that ran last, so that the next copy of a plugin cannot read it. @param isUsed whether a file belongs to a package that a module requires */
export function clearSharedMemory(isUsed: (file: string) => boolean): void {
  if (recorded === undefined) return;
  clearRegistry();
  // removes CommonJS modules from Node's caches, so that they are loaded again with new state
  for (const cache of [modules, places]) {
    if (getPrototypeOf(cache) !== null && !setPrototypeOf(cache, null)) changed ??= `the cache of required modules ${STAYS}`;
    for (const key of ownKeys(cache))
      if (!filesBefore.has(key) && (cache === places || !isUsed(String(key))) && !deleteProperty(cache, key))
        changed ??= `the cache of required modules ${STAYS}`;
  }
  // small buffers share a block of memory that keeps old bytes, so this moves on to a new block and fills it with zeros
  const before = allocUnsafe(1).buffer;
  let block = before;
  while (block === before) block = allocUnsafe(Math.floor(Buffer.poolSize / 2) - 1).buffer;
  new Uint8Array(block).fill(0);
}
