import { readFileSync } from 'node:fs';
import nodeModule from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { MessageChannel, type MessagePort, receiveMessageOnPort } from 'node:worker_threads';

/** Imported modules by importing module; URLs without `?query` and `#hash`. */
const edges = new Map<string, Set<string>>();

/** Receives the imports that hooks in their own thread resolve; Node.js before 22.15 has no hooks in the same thread. */
let port: MessagePort | undefined;
let watching = false;

/** Query parameter of a module that is loaded again together with its imports: `?predictlab-fresh=2`. */
const FRESH = 'predictlab-fresh';

/** Starts recording which module of this thread imports which, however the import is written. */
export function watchImports(): void {
  if (watching) return;
  watching = true;
  const { registerHooks } = nodeModule as { registerHooks?: (hooks: { resolve: SyncResolve }) => void };
  if (registerHooks !== undefined) {
    registerHooks({
      resolve(specifier, context, next) {
        const found = inheritCopy(next(specifier, context), context.parentURL);
        if (context.parentURL !== undefined) recordImport(context.parentURL, found.url);
        return found;
      },
    });
    return;
  }
  const { port1, port2 } = new MessageChannel();
  port = port1;
  port1.unref();
  nodeModule.register(`data:text/javascript,${encodeURIComponent(HOOKS)}`, { data: { port: port2 }, transferList: [port2] });
  watchRequires();
}

/** The URL that loads another copy of a module, with its own state. */
export const freshUrl = (url: string, copy: number): string => `${url}?${FRESH}=${copy}`;

/** All modules that a module imports, directly or through others, itself included; imports of installed packages are not followed. */
export function importedBy(url: string): ReadonlySet<string> {
  for (let message = port && receiveMessageOnPort(port); message; message = port && receiveMessageOnPort(port)) {
    const [parent, child] = message.message as [string, string];
    recordImport(parent, child);
  }
  const all = new Set([withoutQuery(url)]);
  const ownPackage = isInPackage(url);
  for (const one of all) {
    if (isInPackage(one) && !ownPackage) continue;
    for (const child of edges.get(one) ?? []) all.add(child);
  }
  return all;
}

/** All modules of installed packages among `modules` and what those import, without PredictLab, zod and what only they import. */
export function packageModules(modules: Iterable<string>): ReadonlySet<string> {
  const isOther = (one: string): boolean => isInPackage(one) && !['predictlab', 'zod'].includes(packageName(one));
  const all = new Set([...modules].filter(isOther));
  for (const one of all) for (const child of edges.get(one) ?? []) if (isOther(child)) all.add(child);
  return all;
}

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

const withoutQuery = (url: string): string => (url.startsWith('file:') ? url.replace(/[?#].*$/, '') : url);

function inheritCopy(found: Resolved, parent: string | undefined): Resolved {
  const copy = parent === undefined ? null : new RegExp(`[?&]${FRESH}=(\\d+)`).exec(parent);
  if (copy === null || !found.url.startsWith('file:') || isInPackage(found.url) || found.url.includes('?')) return found;
  return { ...found, url: freshUrl(found.url, Number(copy[1])) };
}

/** Source of the hooks that run in their own thread; does the same as the hooks of {@link watchImports}. */
const HOOKS = `let port;
export { setUp as initialize, watched as resolve };
const setUp = (data) => { port = data.port; };
async function watched(specifier, context, next) {
  const found = await next(specifier, context);
  const parent = context.parentURL;
  if (parent === undefined) return found;
  port.postMessage([parent, found.url]);
  const copy = /[?&]${FRESH}=(\\d+)/.exec(parent);
  if (copy === null || !found.url.startsWith('file:') || found.url.includes('/node_modules/') || found.url.includes('?')) return found;
  return { ...found, url: found.url + '?${FRESH}=' + copy[1] };
}`;

/** Records what `require` loads, which hooks in their own thread do not see, by wrapping the loader of this thread. */
function watchRequires(): void {
  const loader = nodeModule as unknown as {
    _load: (request: string, parent: { filename?: string | null } | undefined, isMain: boolean) => unknown;
    _resolveFilename: (request: string, parent: unknown) => string;
  };
  const load = loader._load;
  loader._load = function watched(request, parent, isMain) {
    const from = parent?.filename;
    if (typeof from === 'string' && !nodeModule.isBuiltin(request)) {
      const url = pathToFileURL(from).href;
      try {
        recordImport(url, pathToFileURL(loader._resolveFilename(request, parent)).href);
      } catch {
        // the module does not exist: loading it fails too
      }
    }
    return load.call(loader, request, parent, isMain);
  };
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
