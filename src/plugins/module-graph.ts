import { readFileSync } from 'node:fs';
import nodeModule from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { MessageChannel, type MessagePort, receiveMessageOnPort } from 'node:worker_threads';

/** Modules by the module that asked for them; URLs without `?query` and `#hash`. */
const edges = new Map<string, Set<string>>();

/** Where hooks of a thread of their own send what they resolve; Node.js before 22.15 has no others. */
let port: MessagePort | undefined;
let watching = false;

/** Marks a module that is loaded once more, with all that it imports: `?predictlab-fresh=2`. */
const FRESH = 'predictlab-fresh';

/** Remembers from now on which module of this thread imports which, however it names it. */
export function watchImports(): void {
  if (watching) return;
  watching = true;
  const { registerHooks } = nodeModule as { registerHooks?: (hooks: { resolve: SyncResolve }) => void };
  if (registerHooks !== undefined) {
    registerHooks({
      resolve(specifier, context, next) {
        const found = freshToo(next(specifier, context), context.parentURL);
        if (context.parentURL !== undefined) note(context.parentURL, found.url);
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

/** The URL of a module that is to be loaded once more, with a state of its own. */
export const freshUrl = (url: string, copy: number): string => `${url}?${FRESH}=${copy}`;

/** All modules that one imports, directly and through others, itself included; those in packages end a way. */
export function importedBy(url: string): ReadonlySet<string> {
  for (let message = port && receiveMessageOnPort(port); message; message = port && receiveMessageOnPort(port)) {
    const [parent, child] = message.message as [string, string];
    note(parent, child);
  }
  const all = new Set([plain(url)]);
  const ownPackage = isInPackage(url);
  for (const one of all) {
    if (isInPackage(one) && !ownPackage) continue;
    for (const child of edges.get(one) ?? []) all.add(child);
  }
  return all;
}

/** Whether a module belongs to a package that was installed. */
export const isInPackage = (url: string): boolean => url.includes('/node_modules/');

interface Resolved {
  readonly url: string;
}
type Context = { readonly parentURL?: string };
type SyncResolve = (specifier: string, context: Context, next: (specifier: string, context: Context) => Resolved) => Resolved;

function note(parent: string, child: string): void {
  const from = plain(parent);
  const known = edges.get(from);
  if (known === undefined) edges.set(from, new Set([plain(child)]));
  else known.add(plain(child));
}

const plain = (url: string): string => (url.startsWith('file:') ? url.replace(/[?#].*$/, '') : url);

function freshToo(found: Resolved, parent: string | undefined): Resolved {
  const copy = parent === undefined ? null : new RegExp(`[?&]${FRESH}=(\\d+)`).exec(parent);
  if (copy === null || !found.url.startsWith('file:') || isInPackage(found.url) || found.url.includes('?')) return found;
  return { ...found, url: freshUrl(found.url, Number(copy[1])) };
}

/** The same for hooks in a thread of their own. */
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

/** Such hooks see no \`require\`: what loads it in this thread is watched instead. */
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
        note(url, pathToFileURL(loader._resolveFilename(request, parent)).href);
      } catch {
        // it is nowhere: loading it fails too
      }
    }
    return load.call(loader, request, parent, isMain);
  };
}

/** An installed package, by what its own folder and the lock file beside it say. */
export function packageFacts(url: string): { readonly name: string; readonly version: string; readonly integrity: string | undefined } {
  const at = url.lastIndexOf('/node_modules/') + '/node_modules/'.length;
  const [scope, rest] = url.slice(at).split('/');
  const name = scope.startsWith('@') ? `${scope}/${rest}` : scope;
  const root = url.slice(0, at);
  const { version = '' } = jsonOf(`${root}${name}/package.json`) as { version?: string };
  const { packages } = jsonOf(`${root}.package-lock.json`) as { packages?: Record<string, { integrity?: string }> };
  return { name, version, integrity: packages?.[`node_modules/${name}`]?.integrity };
}

/** What a file says; nothing where there is none. */
function jsonOf(url: string): object {
  try {
    return JSON.parse(readFileSync(fileURLToPath(url), 'utf8')) as object;
  } catch {
    return {};
  }
}
