import { existsSync } from 'node:fs';
import nodeModule, { createRequire } from 'node:module';
import { isAbsolute, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { messageOf } from '../../contracts/errors.ts';
import { findsPackage, freshUrl } from '../../plugins/module-graph.ts';
import { loadWithCode, type PluginCode } from '../../plugins/plugin-code.ts';
import { capturePrints, printOnStandardError } from '../../plugins/plugin-prints.ts';
import { badPlugin } from './check-plugin.ts';

/** Time limit for loading a module: how long its thread may be idle, since a module that waits leaves it idle. */
export const LOAD_TIMEOUT_MS = 15_000;

/** A module that is busy, or that a busy machine delays, has this many times the limit. */
const BUSY_FACTOR = 4;

/**
 * Returns the default export of a plugin's module. Uses PredictLab's own `zod` and `predictlab` where the plugin's folder has none.
 *
 * @param module a package name, or a path relative to the working directory
 * @throws PredictLabError BadInput that names the module, why it cannot be loaded, and what to do
 */
export async function importPlugin(
  module: string,
  { timeoutMs = LOAD_TIMEOUT_MS, copy }: { readonly timeoutMs?: number; readonly copy?: number | undefined } = {},
): Promise<{ readonly exported: unknown; readonly code: PluginCode }> {
  const path = pathOf(module);
  if (path !== undefined && !existsSync(path))
    throw badPlugin(module, `is not there (${path}); paths are relative to the working directory`);
  lendOurs(path ?? resolve('package.json'));
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<'late'>((settle) => {
    const start = performance.eventLoopUtilization();
    timer = setInterval(() => {
      const { idle, active } = performance.eventLoopUtilization(start);
      if (idle >= timeoutMs || idle + active >= BUSY_FACTOR * timeoutMs) settle('late');
    }, timeoutMs / 10);
  });
  let imported: { readonly loaded: { default?: unknown } | 'late'; readonly code: PluginCode };
  try {
    const url = moduleUrl(module);
    imported = await loadWithCode(url, async () => {
      const importing = capturePrints(printOnStandardError(module), () => import(copy === undefined ? url : freshUrl(url, copy)));
      return await Promise.race([importing, late]);
    });
  } catch (error) {
    throw badPlugin(module, whyNot(module, error), error);
  } finally {
    clearInterval(timer);
  }
  const { loaded, code } = imported;
  if (loaded === 'late') throw notLoaded(module, timeoutMs, 'a top-level await in it waits for ever');
  return { exported: loaded.default, code };
}

/** The error for a module that takes too long to load. */
export const notLoaded = (module: string, timeoutMs: number, cause: string): Error =>
  badPlugin(module, `is not loaded after ${timeoutMs / 1000} s: ${cause}; do such work in run()`);

const pathOf = (module: string): string | undefined => (module.startsWith('.') || isAbsolute(module) ? resolve(module) : undefined);

const moduleUrl = (module: string): string => {
  const path = pathOf(module);
  return path === undefined ? import.meta.resolve(module) : pathToFileURL(path).href;
};

function whyNot(module: string, error: unknown): string {
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
  if (code === 'ERR_UNKNOWN_FILE_EXTENSION' && /\.[cm]?tsx?$/.test(module))
    return `is TypeScript, which Node.js ${process.versions.node} does not load; use Node.js 22.18 or newer, or compile it to JavaScript`;
  if (code === 'ERR_MODULE_NOT_FOUND' && pathOf(module) === undefined && existsSync(resolve(module)))
    return `is not a package; write ./${module} for the file`;
  return `cannot be loaded: ${messageOf(error)}`;
}

const OURS = ['zod', 'predictlab'] as const;
const ASKS_FOR_OURS = /^(?:zod|predictlab)(?:\/|$)/;
let lent = false;

/** Makes imports of `zod` and `predictlab` resolve to PredictLab's own installation where the plugin's folder lacks them. */
function lendOurs(plugin: string): void {
  if (lent) return;
  const from = createRequire(plugin);
  if (OURS.every((name) => findsPackage(from, name))) return;
  lent = true;
  const { registerHooks } = nodeModule as { registerHooks?: (hooks: { resolve: SyncResolve }) => void };
  if (registerHooks === undefined)
    return nodeModule.register(`data:text/javascript,${encodeURIComponent(HOOKS)}`, { data: import.meta.url });
  registerHooks({
    resolve(specifier, context, next) {
      try {
        return next(specifier, context);
      } catch (error) {
        if (!ASKS_FOR_OURS.test(specifier)) throw error;
        return next(specifier, { ...context, parentURL: import.meta.url });
      }
    },
  });
}

type SyncResolve = (specifier: string, context: object, next: (specifier: string, context: object) => unknown) => unknown;

/** Module with the same import hook for versions of Node.js that run such hooks in a separate thread. */
const HOOKS = `let ours;
/** Receives the URL from which PredictLab's own packages are resolved. */
export const initialize = (url) => { ours = url; };
/** Resolves zod and predictlab from PredictLab's own packages if they are not found. */
export async function resolve(specifier, context, next) {
  try { return await next(specifier, context); }
  catch (error) {
    if (!${ASKS_FOR_OURS}.test(specifier)) throw error;
    return await next(specifier, { ...context, parentURL: ours });
  }
}`;
