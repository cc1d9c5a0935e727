import { readFileSync } from 'node:fs';
import nodeModule, { createRequire } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { types } from 'node:util';
import { compileFunction } from 'node:vm';
import { MessageChannel, type MessagePort, receiveMessageOnPort } from 'node:worker_threads';
import { strategyDeciding } from '../backtest/engine/fence.ts';
import { loadingUrl, noteAmbient, noteResolved, refuseWhileDeciding } from './outside-world.ts';

/** For each module, the modules that it imports; URLs without `?query` and `#hash`. */
const edges = new Map<string, Set<string>>();

/** Receives resolved imports from the hooks' own thread, for Node.js before 22.15, which cannot run hooks in the thread that imports. */
let port: MessagePort | undefined;
let watching = false;

/** Whether PredictLab itself looks for a package, which is no import of the plugin. */
let looking = false;

/** Whether a folder's modules find a package. */
export function findsPackage(from: NodeJS.Require, name: string): boolean {
  looking = true;
  try {
    return from.resolve(name) !== '';
  } catch {
    return false;
  } finally {
    looking = false;
  }
}

/** Query parameter of a module that is loaded again together with its imports: `?predictlab-fresh=2`. */
const FRESH = 'predictlab-fresh';

/** Starts recording which module of this thread imports which, however the import is written. */
export function watchImports(): void {
  if (watching) return;
  watching = true;
  watchLoader();
  watchRequires();
  const { registerHooks } = nodeModule as { registerHooks?: (hooks: { resolve: SyncResolve }) => void };
  if (registerHooks !== undefined) {
    registerHooks({
      resolve(specifier, context, next) {
        const found = next(specifier, context);
        if (looking) return found;
        const inner = innerModule(found.url, context.parentURL, OWN_CODE);
        if (inner !== undefined) throw new Error(inner);
        const parent = context.parentURL;
        if (parent !== undefined) recordImport(parent, found.url);
        const plugin = loadingUrl();
        if (plugin !== undefined && !isImported(parent)) recordImport(plugin, found.url);
        return { ...found, url: urlForCopy(found.url, context.parentURL, { own: OWN_CODE, library: OWN_LIBRARY, entry }) };
      },
    });
    return;
  }
  const { port1, port2 } = new MessageChannel();
  port = port1;
  port1.unref();
  nodeModule.register(`data:text/javascript,${encodeURIComponent(HOOKS)}`, { data: { port: port2, entry }, transferList: [port2] });
}

/** URL of the copy that was started last. All that is imported from now on belongs to it, however and wherever the import is written. */
let entry: string | undefined;

/** Returns the URL that loads another copy of a plugin's module with its own state, and starts this copy. */
export function freshUrl(url: string, copy: number): string {
  entry = `${url}?${FRESH}=${copy}`;
  port?.postMessage(entry);
  return entry;
}

/** A module and all that it imports, directly or through others; imports of installed packages and PredictLab are not followed. */
export function importedBy(url: string): ReadonlySet<string> {
  for (let message = port && receiveMessageOnPort(port); message; message = port && receiveMessageOnPort(port)) {
    const [parent, child] = message.message as [string, string];
    recordImport(parent, child);
  }
  const all = new Set([withoutQuery(url)]);
  const ownPackage = isInPackage(url);
  for (const one of all) {
    if ((isInPackage(one) && !ownPackage) || one.startsWith(OWN_CODE)) continue;
    for (const child of edges.get(one) ?? []) all.add(child);
  }
  return all;
}

/** All modules of installed packages among `modules`, with their imports; without PredictLab, its zod, and what only these two import. */
export function packageModules(modules: Iterable<string>): ReadonlySet<string> {
  const isOther = (one: string): boolean => isInPackage(one) && !OURS.some((folder) => one.startsWith(folder));
  const all = new Set([...modules].filter(isOther));
  for (const one of all) for (const child of edges.get(one) ?? []) if (isOther(child)) all.add(child);
  return all;
}

/** URLs (or their starts) of PredictLab's package and zod's main module; the rest of zod keeps state and counts as another package. */
const OURS = [
  pathToFileURL(createRequire(import.meta.url).resolve('zod')).href.replace(/index\.cjs$/, 'index.js'),
  ...(import.meta.url.includes('/node_modules/predictlab/') ? [import.meta.url.replace(/(.*\/node_modules\/predictlab\/).*/, '$1')] : []),
];

/** Whether a module belongs to an installed package. */
export const isInPackage = (url: string): boolean => url.includes('/node_modules/');

interface Resolved {
  readonly url: string;
}
type Context = { readonly parentURL?: string };
type SyncResolve = (specifier: string, context: Context, next: (specifier: string, context: Context) => Resolved) => Resolved;

function recordImport(parent: string, child: string): void {
  const from = withoutQuery(parent);
  const known = edges.get(from);
  if (known === undefined) edges.set(from, new Set([withoutQuery(child)]));
  else known.add(withoutQuery(child));
}

/** Whether any recorded module imports this one. */
const isImported = (url: string | undefined): boolean =>
  url !== undefined && [...edges.values()].some((children) => children.has(withoutQuery(url)));

/** Whether a file belongs to an installed package and some module requires it. */
export const isUsedPackage = (file: string): boolean => file.includes('/node_modules/') && isImported(pathToFileURL(file).href);

const withoutQuery = (url: string): string => url.replace(url.startsWith('file:') ? /[?#].*$/ : COPY, '');

/** Matches the query at the end of the URL of a module's copy. */
const COPY = new RegExp(`[?&#]${FRESH}=(\\d+)$`);

interface Copying {
  /** Folder of PredictLab's code, whose own imports are not copied. */
  readonly own: string;
  readonly library: string | undefined;
  /** URL of the copy that was started last. */
  readonly entry: string | undefined;
}

/**
 * URL under which a plugin's copy loads an import: that of a copy of the import, so that copies share no state. The importer's URL does not
 * tell the copy: modules of CommonJS have no query, and V8 keeps evaluated code with its first importer. Imports of other installed packages
 * and of PredictLab's library, which is frozen, stay shared. Uses nothing outside its body, because its text is part of {@link HOOKS}.
 */
function urlForCopy(url: string, parent: string | undefined, { own, library, entry }: Copying): string {
  if (parent?.startsWith(own) || !/^(?:file|data):/.test(url) || url === library) return url;
  const copy = /predictlab-fresh=\d+$/.exec(entry ?? '')?.[0];
  // a plugin could write the URL of a later copy
  if (copy === undefined) return /predictlab-fresh=\d+$/.test(url) ? `${url}&` : url;
  const packageOf = (one = ''): string | undefined => /^.*\/node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(one)?.[1];
  const isOther = (one?: string): boolean => packageOf(one) !== undefined && packageOf(one) !== packageOf(entry);
  if (url.endsWith(copy) || isOther(url) || isOther(parent)) return url;
  return `${url}${url.startsWith('data:') ? '#' : url.includes('?') ? '&' : '?'}${copy}`;
}

/** Folder of PredictLab's code: src, or dist for compiled code. */
const OWN_CODE = new URL(import.meta.url.endsWith('.ts') ? '../' : '../../', import.meta.url).href;

/** Module that `import … from 'predictlab'` loads; undefined for code that is not compiled. */
export const OWN_LIBRARY = import.meta.url.endsWith('.ts') ? undefined : `${OWN_CODE}bundle/index.js`;

/**
 * The reason why a plugin's module must not import a part of PredictLab (it could change the engine for all results), undefined for all
 * other imports. Uses nothing outside its body, because its text is part of {@link HOOKS}.
 */
function innerModule(url: string, parent: string | undefined, own: string): string | undefined {
  const file = url.replace(/[?#].*$/, '');
  return parent === undefined || parent.startsWith(own) || !file.startsWith(own) || file === `${own}bundle/index.js`
    ? undefined
    : `${file} is a part of PredictLab that plugins cannot import; import from 'predictlab'`;
}

/** Source of the hooks for a thread of their own; they do the same as the hooks in {@link watchImports}. */
const HOOKS = `import { receiveMessageOnPort } from 'node:worker_threads';
let port, entry;
export { setUp as initialize, watched as resolve };
const setUp = (data) => { ({ port, entry } = data); };
async function watched(specifier, context, next) {
  const found = await next(specifier, context);
  const parent = context.parentURL;
  if (parent === undefined) return found;
  const inner = (${String(innerModule)})(found.url, parent, ${JSON.stringify(OWN_CODE)});
  if (inner !== undefined) throw new Error(inner);
  port.postMessage([parent, found.url]);
  for (let started = receiveMessageOnPort(port); started; started = receiveMessageOnPort(port)) entry = started.message;
  return { ...found, url: (${String(urlForCopy)})(found.url, parent, { ...${JSON.stringify({ own: OWN_CODE, library: OWN_LIBRARY })}, entry }) };
}`;

/** Loader of CommonJS modules. */
const loader = nodeModule as unknown as {
  _load: (request: string, parent: { filename?: string | null } | undefined, isMain: boolean) => unknown;
  _resolveFilename: (request: string, parent: unknown) => string;
  _findPath: (request: string, ...rest: unknown[]) => string | false;
  _cache: Record<PropertyKey, unknown>;
};

/** Records when a plugin looks for files with `require.resolve`, or reaches modules that stay loaded through `require.cache`. */
function watchLoader(): void {
  for (const name of ['_resolveFilename', '_findPath'] as const) {
    const find = loader[name] as (...args: unknown[]) => string | false;
    const watched = function (this: unknown, ...args: unknown[]): string | false {
      refuseWhileDeciding('require.resolve');
      let found: string | false = false;
      try {
        return (found = find.apply(this, args));
      } finally {
        // the import hook that lends PredictLab's own packages asks for them first
        if (!looking && (found !== false || !/^(?:zod|predictlab)(?:\/|$)/.test(String(args[0])))) noteResolved(found);
      }
    };
    Object.assign(loader, { [name]: watched });
  }
  const before = new Set(Reflect.ownKeys(loader._cache));
  const note = (target: object, key: string | symbol): void => {
    const plugin = loadingUrl() ?? '';
    const isKept = before.has(key) || (Object.hasOwn(target, key) && isInPackage(String(key)));
    if (isKept && !(isInPackage(plugin) && packageName(String(key)) === packageName(plugin)))
      noteAmbient('modules that stay loaded (require.cache, or require of a package)');
  };
  const names = ['get', 'set', 'getOwnPropertyDescriptor', 'defineProperty', 'deleteProperty'] as const;
  const traps = names.map((name) => [
    name,
    (...args: [object, string | symbol]): unknown => {
      note(...args);
      return (Reflect[name] as (...all: unknown[]) => unknown)(...args);
    },
  ]);
  loader._cache = new Proxy(loader._cache, Object.fromEntries(traps) as object);
}

/** Records what `require` loads by wrapping this thread's loader: hooks in another thread do not see it, and no hook copies an ES module for it. */
function watchRequires(): void {
  const load = loader._load;
  loader._load = function watched(request, parent, isMain) {
    if (strategyDeciding() !== undefined) refuseWhileDeciding('require');
    const file = parent?.filename;
    // with createRequire, a module can load files in the name of another file
    const borrowed = typeof file === 'string' && loader._cache[file] !== parent;
    const from = [borrowed ? loadingUrl() : undefined, typeof file === 'string' ? pathToFileURL(file).href : undefined];
    try {
      const name = loader._resolveFilename(request, parent);
      const url = nodeModule.isBuiltin(name) ? `node:${name.replace(/^node:/, '')}` : pathToFileURL(name).href;
      for (const one of from) if (one !== undefined) recordImport(one, url);
    } catch {
      // the module does not exist; the call below throws the error
    }
    const exported = load.call(loader, request, parent, isMain);
    // all copies of a plugin share it
    if (isEsModule(exported, loader._resolveFilename(request, parent))) noteAmbient('require of an ES module');
    return exported;
  };
}

/** Whether a required file is an ES module. Such a module may export anything as `module.exports`; then its text is no function's body. */
function isEsModule(exported: unknown, file: string): boolean {
  if (types.isModuleNamespaceObject(exported)) return true;
  if (!/\.[cm]?js$/.test(file)) return false;
  const text = readFileSync(file, 'utf8');
  if (!/\bexport\b/.test(text)) return false;
  try {
    compileFunction(text.replace(/^#!.*/, ''), ['exports', 'require', 'module', '__filename', '__dirname']);
    return false;
  } catch {
    return true;
  }
}

/** Name of the installed package that a file belongs to. */
export function packageName(url: string): string {
  const [scope, rest] = url.slice(url.lastIndexOf('/node_modules/') + '/node_modules/'.length).split('/');
  return scope.startsWith('@') ? `${scope}/${rest}` : scope;
}

/** Name, version and integrity of an installed package, from its package.json and the lock file of its node_modules folder. */
export function packageFacts(url: string): { readonly name: string; readonly version: string; readonly integrity: string | undefined } {
  const at = url.lastIndexOf('/node_modules/') + '/node_modules/'.length;
  const name = packageName(url);
  const root = url.slice(0, at);
  const { version = '' } = jsonOf(`${root}${name}/package.json`) as { version?: string };
  const { packages } = jsonOf(`${root}.package-lock.json`) as { packages?: Record<string, { integrity?: string }> };
  return { name, version, integrity: packages?.[`node_modules/${name}`]?.integrity };
}

function jsonOf(url: string): object {
  try {
    return JSON.parse(readFileSync(fileURLToPath(url), 'utf8')) as object;
  } catch {
    return {};
  }
}
