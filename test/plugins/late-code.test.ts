import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { constants, runInThisContext } from 'node:vm';
import { afterAll, expect, it, vi } from 'vitest';

const folder = realpathSync(mkdtempSync(path.join(tmpdir(), 'predictlab-late-')));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

// Vitest would put its own loader in place of an import() that it sees
const importNatively = runInThisContext('(url) => import(url)', {
  importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
}) as <T>(url: string) => Promise<T>;

// of this file alone: other files of the same process load plugins that run on, which is remembered for good
vi.resetModules();
const { freshUrl } = await import('../../src/plugins/module-graph.ts');
const { loadWithCode } = await import('../../src/plugins/plugin-code.ts');
const { sharedObjectsGap } = await import('../../src/plugins/shared-objects.ts');

let copies = 0;

/** Loads a new copy of a module and returns what it exports. */
async function load(name: string, text: string) {
  const file = path.join(folder, name);
  writeFileSync(file, text);
  const url = pathToFileURL(file).href;
  const { loaded } = await loadWithCode(
    url,
    async () => await importNatively<Record<string, () => Promise<void>>>(freshUrl(url, ++copies)),
  );
  return loaded;
}

const LATE = 'code of a plugin (a promise, a timer or a callback) ran after its module was loaded or after a decision';

it('a module whose promises and imports are awaited while it is loaded leaves no code that runs later', async () => {
  writeFileSync(path.join(folder, 'part.mjs'), 'export const one = await Promise.resolve(1);');
  const { wait } = await load(
    'waits.mjs',
    `import './part.mjs'; await Promise.all([import('./part.mjs'), null]); for await (const one of (async function* () { yield 1; })()) void one;
     queueMicrotask(() => 0); export const wait = async () => {};`,
  );
  await wait();
  await new Promise(setImmediate);
  expect(sharedObjectsGap()).toBeUndefined();
});

it('a module that imports on after it was loaded makes no later series provable', async () => {
  for (const part of ['a', 'b', 'c', 'd'])
    writeFileSync(path.join(folder, `${part}.mjs`), 'export default await new Promise(setImmediate);');
  const { imported } = await load(
    'goes-on.mjs',
    "export const imported = async () => await all; const all = (async () => { for (const part of ['a', 'b', 'c', 'd']) await import(`./${part}.mjs`); })();",
  );
  await vi.waitFor(() => expect(sharedObjectsGap()).toContain(LATE));
  await imported();
});

it.each([
  ['messages', 'const { port1, port2 } = new MessageChannel(); port1.onmessage = () => port2.postMessage(0);', 'MessageChannel'],
  ['hooks of asynchronous work', "import { createHook } from 'node:async_hooks'; createHook({ init() {} });", 'node:async_hooks'],
  ['written output', "console._stdout.write('', () => 0);", 'console._stdout'],
])('a module that may be called by %s makes no later series provable', async (_, text, what) => {
  vi.resetModules();
  const { loadWithCode: loadAgain } = await import('../../src/plugins/plugin-code.ts');
  const { sharedObjectsGap: gap } = await import('../../src/plugins/shared-objects.ts');
  const file = path.join(folder, 'is-called.mjs');
  writeFileSync(file, text);
  const { href } = pathToFileURL(file);
  await loadAgain(href, async () => await importNatively(freshUrl(href, ++copies)));
  expect(gap()).toContain(`a plugin uses ${what} while it is loaded`);
});

it.each([
  ['randomBytes(1, late)', 'crypto'],
  ['deflate(new Uint8Array(1), late)', 'zlib'],
])('code that runs after %s has ended is code that runs later', async (call, from) => {
  vi.resetModules();
  const { loadWithCode: loadAgain } = await import('../../src/plugins/plugin-code.ts');
  const { sharedObjectsGap: gap } = await import('../../src/plugins/shared-objects.ts');
  const file = path.join(folder, `${from}.mjs`);
  writeFileSync(file, `import * as from from 'node:${from}'; const late = () => 0; from.${call};`);
  const { href } = pathToFileURL(file);
  await loadAgain(href, async () => await importNatively(freshUrl(href, ++copies)));
  await vi.waitFor(() => expect(gap()).toContain(LATE));
});

it('a promise that a decision starts is code that runs later', async () => {
  vi.resetModules();
  const { watchLateCode } = await import('../../src/plugins/late-code.ts');
  const fence = await import('../../src/backtest/engine/fence.ts');
  const note = vi.fn<() => void>();
  watchLateCode(() => undefined, note);
  await Promise.resolve();
  expect(note).not.toHaveBeenCalled();
  fence.asStrategy('one', () => void Promise.resolve().then(() => 0));
  await Promise.resolve();
  expect(note).toHaveBeenCalled();
});
