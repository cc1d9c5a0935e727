import { existsSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { constants, runInThisContext } from 'node:vm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { watchAmbientState } from '../../src/plugins/ambient-state.ts';
import { findsPackage, freshUrl, isUsedPackage, watchImports } from '../../src/plugins/module-graph.ts';
import { noteAmbient, watchOutsideWorld } from '../../src/plugins/outside-world.ts';
import { loadWithCode } from '../../src/plugins/plugin-code.ts';
import { changedSharedObject, clearSharedMemory, recordSharedObjects } from '../../src/plugins/shared-objects.ts';

const folder = realpathSync(mkdtempSync(path.join(tmpdir(), 'predictlab-code-')));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const place = (name: string): string => path.join(folder, name);
const write = (name: string, text: string): void => writeFileSync(place(name), text);
let copies = 0;
watchImports();
watchOutsideWorld();
watchAmbientState(noteAmbient);
// Vitest changes what it keeps on the global object, and other files of tests replace the console, where they share this process
beforeAll(() =>
  recordSharedObjects(
    Reflect.ownKeys(globalThis)
      .filter((key) => /vitest|expect|jest|chai|mutants/i.test(String(key)))
      .map((key) => Reflect.get(globalThis, key)),
  ),
);

// Vitest would put its own loader in place of an import() that it sees
const importNatively = runInThisContext('(url) => import(url)', {
  importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
}) as <T>(url: string) => Promise<T>;

/** Loads a module as a new copy each time, as each batch of backtests does. */
async function load(name: string) {
  const url = pathToFileURL(place(name)).href;
  const { loaded, code } = await loadWithCode(url, async () => await importNatively<Record<string, unknown>>(freshUrl(url, ++copies)));
  return { loaded, hash: code.hash, gap: code.gap(), dataGap: code.dataGap };
}

write('package.json', JSON.stringify({ imports: { '#level': './level.mjs' } }));

/** Ways in which a module comes by `level.mjs` or `level.json`. */
const WAYS: Readonly<Record<string, string>> = {
  'a static import': "import { level } from './level.mjs'; export { level };",
  'a re-export': "export * from './level.mjs';",
  'an import that says so in a comment between': "import/* the level */{ level }/* from there */from './level.mjs'; export { level };",
  'a dynamic import': "export const { level } = await import('./level.mjs');",
  'a dynamic import in backticks': 'export const { level } = await import(`./level.mjs`);',
  'a dynamic import of a computed name': "const name = 'level'; export const { level } = await import('./' + name + '.mjs');",
  'an absolute URL': `export const { level } = await import(${JSON.stringify(pathToFileURL(place('level.mjs')).href)});`,
  'an absolute path': `import { level } from ${JSON.stringify(place('level.mjs'))}; export { level };`,
  '#imports': "import { level } from '#level'; export { level };",
  'import.meta.resolve': "export const { level } = await import(import.meta.resolve('./level.mjs'));",
  createRequire: "import { createRequire } from 'node:module'; export const { level } = createRequire(import.meta.url)('./level.json');",
  'CommonJS that requires it': "import common from './common.cjs'; export const { level } = common;",
  readFileSync:
    "import { readFileSync } from 'node:fs'; export const { level } = JSON.parse(readFileSync(new URL('./level.json', import.meta.url), 'utf8'));",
  'the default export of fs':
    "import fs from 'fs'; export const { level } = JSON.parse(fs.readFileSync(new URL('./level.json', import.meta.url)));",
  'fs/promises':
    "import { readFile } from 'node:fs/promises'; export const { level } = JSON.parse(await readFile(new URL('./level.json', import.meta.url), 'utf8'));",
  'an opened file':
    "import { openSync, readSync } from 'node:fs'; import { fileURLToPath } from 'node:url'; const b = Buffer.alloc(99); const n = readSync(openSync(fileURLToPath(new URL('./level.json', import.meta.url)), 'r'), b); export const { level } = JSON.parse(b.subarray(0, n).toString());",
  'a built-in that was asked for by name':
    "export const { level } = JSON.parse(process.getBuiltinModule ? process.getBuiltinModule('fs').readFileSync(new URL('./level.json', import.meta.url)) : (await import('fs')).readFileSync(new URL('./level.json', import.meta.url)));",
  'a data: URL that imports it':
    "const at = new URL('./level.mjs', import.meta.url).href; export const { level } = await import('data:text/javascript,' + encodeURIComponent(`export * from '${at}'`));",
};

describe('the hash of a plugin’s code', () => {
  it.each(Object.entries(WAYS))('changes exactly when the file changes that the plugin loads by %s', async (_way, text) => {
    const say = (level: number): void => {
      write('level.mjs', `export const level = ${level};`);
      write('level.json', JSON.stringify({ level }));
      write('common.cjs', "module.exports = require('./level.json');");
    };
    write('plugin.mjs', text);
    say(1);
    const before = await load('plugin.mjs');
    expect(before).toMatchObject({ loaded: { level: 1 }, gap: undefined });
    write('other.mjs', `export const other = ${copies};`);
    expect((await load('plugin.mjs')).hash).toBe(before.hash);
    say(2);
    expect((await load('plugin.mjs')).hash).not.toBe(before.hash);
  });

  it('is given with a warning that names the data a module reads, which may hold answers, and without one for code', async () => {
    const reads =
      'its module reads level.json while it is loaded, and no proof can see whether what it holds was known at the time of a decision';
    for (const way of ['readFileSync', 'createRequire', 'an opened file', 'CommonJS that requires it']) {
      write('plugin.mjs', WAYS[way]);
      expect((await load('plugin.mjs')).dataGap).toBe(reads);
    }
    for (const way of ['a static import', 'a dynamic import', '#imports']) {
      write('pure.mjs', WAYS[way]);
      expect((await load('pure.mjs')).dataGap).toBeUndefined();
    }
  });

  it('is given with a warning that names a file with a table of values', async () => {
    const gapOf = async (text: string) => {
      write('table.mjs', text);
      return (await load('table.mjs')).dataGap;
    };
    const numbers = (count: number) => `export default [${Array.from({ length: count }, (_, i) => (i % 7) / 8).join(', ')}];`;
    expect(await gapOf(numbers(168 * 2))).toContain('its file table.mjs holds a table of values');
    expect(await gapOf(`export default '${'uhdf'.repeat(200)}';`)).toContain('its file table.mjs holds a table of values');
    expect(await gapOf(numbers(20))).toBeUndefined();
    expect(await gapOf(`// ${'a long comment '.repeat(100)}\nexport default 1;`)).toBeUndefined();
  });

  it('is given with a warning that names an installed package with data or a table, in each copy of the plugin', async () => {
    const install = (name: string, text: string): void => {
      mkdirSync(place(`node_modules/${name}`), { recursive: true });
      write(`node_modules/${name}/package.json`, JSON.stringify({ name, version: '1.0.0', main: './index.mjs' }));
      write(`node_modules/${name}/index.mjs`, text);
    };
    const numbers = `export default [${Array.from({ length: 300 }, (_, i) => i / 8).join(', ')}];`;
    install('answers', numbers);
    install('reads', "import fs from 'node:fs'; export default fs.readFileSync(new URL('./data.bin', import.meta.url));");
    write('node_modules/reads/data.bin', '1');
    install('through', "export { default } from 'answers';");
    install('plain', 'export default 1;');
    const gapOf = async (name: string) => {
      write(`uses-${name}.mjs`, `import one from '${name}'; export default one;`);
      return [await load(`uses-${name}.mjs`), await load(`uses-${name}.mjs`)].map(({ dataGap }) => dataGap);
    };
    const table = expect.stringContaining('its package answers holds a table of values (index.mjs)') as string;
    const data = expect.stringContaining('its package reads reads data.bin while it is loaded') as string;
    expect(await gapOf('answers')).toEqual([table, table]);
    expect(await gapOf('through')).toEqual([table, table]);
    expect(await gapOf('reads')).toEqual([data, data]);
    // no re-run sees its state
    const stays =
      "its package plain stays loaded from series to series, and no re-run can see what it remembers; bundle it into the plugin's own file";
    expect(await gapOf('plain')).toEqual([stays, stays]);
  });

  it('is given with a warning when a module reads from the network or another process, which the hash does not cover', async () => {
    write('net.mjs', "await fetch('http://127.0.0.1:9/').catch(() => 0); export default 1;");
    expect((await load('net.mjs')).gap).toMatch(/^its module uses (fetch|net.connect) while it is loaded, whose answer is in no hash/);
    write('child.mjs', "import { execSync } from 'node:child_process'; export default execSync('echo 1');");
    expect((await load('child.mjs')).gap).toContain('child_process.execSync');
  });

  it.each(['inspector', 'worker_threads', 'v8', 'vm', 'async_hooks'])(
    'is given with a warning when a module uses node:%s, which the hash does not cover',
    async (name) => {
      write(`reach-${name}.mjs`, `import * as reach from 'node:${name}'; export default Object.keys(reach).length;`);
      expect((await load(`reach-${name}.mjs`)).gap).toContain(`its module uses node:${name} while it is loaded`);
    },
  );

  it('is refused to a module that imports a part of the engine, since it could change that part for all results', async () => {
    const inner = pathToFileURL(path.resolve('src/backtest/engine/trading/account.ts')).href;
    write('inner.mjs', `export default await import('${inner}?again');`);
    await expect(load('inner.mjs')).rejects.toThrow(
      "account.ts is a part of PredictLab that plugins cannot import; import from 'predictlab'",
    );
  });

  it('is refused to a module that changes a built-in while it is loaded, since all backtests would use that built-in', async () => {
    const { min } = Math;
    write('poison.mjs', 'Math.min = () => 0; export default 1;');
    await expect(load('poison.mjs')).rejects.toThrow('Math.min was changed by the module while it was loaded');
    expect(Math.min).toBe(min);
    write('extends.mjs', "String.prototype.shout = function () { return `${this}!`; }; export const level = 'a'.shout();");
    expect((await load('extends.mjs')).loaded).toMatchObject({ level: 'a!' });
    Reflect.deleteProperty(String.prototype, 'shout');
  });

  it('is given with a warning when a module imports another one later, which the hash does not cover', async () => {
    write('late.mjs', 'export default 1;');
    write('lazy.mjs', "export const later = () => import('./' + 'late.mjs');"); // the text contains no path
    const url = pathToFileURL(place('lazy.mjs')).href;
    const { loaded, code } = await loadWithCode(url, async () => await importNatively<{ later: () => Promise<unknown> }>(url));
    expect(code.gap()).toBeUndefined();
    await loaded.later();
    expect(code.gap()).toContain('late.mjs later, which is in no hash');
  });

  it('is the same for each copy of the plugin, and the modules of a copy remember nothing of the others', async () => {
    write('helper.mjs', 'export const memory = [];');
    write('keeps.mjs', "import { memory } from './helper.mjs'; export const learn = (one) => memory.push(one);");
    const one = await load('keeps.mjs');
    const other = await load('keeps.mjs');
    const learn = (copy: typeof one): number => (copy.loaded['learn'] as (value: number) => number)(1);
    expect([learn(one), learn(one), learn(other)]).toEqual([1, 2, 1]);
    expect(other.hash).toBe(one.hash);
  });

  it('covers all modules of a plugin that is an installed package itself, each copy with memory of its own, and no code of PredictLab', async () => {
    mkdirSync(place('node_modules/packed'), { recursive: true });
    write('node_modules/packed/package.json', JSON.stringify({ name: 'packed', version: '1.0.0' }));
    write('node_modules/packed/index.mjs', "import { memory } from './memory.mjs'; export const learn = (one) => memory.push(one);");
    write('node_modules/packed/memory.mjs', 'export const memory = [];');
    const packed = 'node_modules/packed/index.mjs';
    const [one, other] = [await load(packed), await load(packed)];
    const learn = (copy: typeof one): number => (copy.loaded['learn'] as (value: number) => number)(1);
    expect([learn(one), learn(one), learn(other)]).toEqual([1, 2, 1]);
    expect([other.hash, one.gap, one.dataGap]).toEqual([one.hash, undefined, undefined]);
    write('node_modules/packed/memory.mjs', 'export const memory = [1];');
    expect((await load(packed)).hash).not.toBe(one.hash);
  });

  it('counts no package that PredictLab itself looks for in the folder of the plugin', async () => {
    write('alone.mjs', 'export const one = 1;');
    mkdirSync(place('node_modules/looked-for'), { recursive: true });
    write('node_modules/looked-for/index.js', '');
    await load('alone.mjs');
    expect(findsPackage(createRequire(place('alone.mjs')), 'looked-for')).toBe(true);
    expect(findsPackage(createRequire(place('alone.mjs')), 'not-there')).toBe(false);
    expect(await load('alone.mjs')).toMatchObject({ gap: undefined, dataGap: undefined });
  });

  it.each(['net', 'vm', 'worker_threads'])('notices that a module requires node:%s as another file', async (name) => {
    write(`asks-${name}.mjs`, `import { createRequire } from 'node:module'; export default createRequire('/elsewhere.js')('${name}');`);
    expect((await load(`asks-${name}.mjs`)).gap).toBe(
      `its module uses node:${name} while it is loaded, whose answer is in no hash; read it from a file`,
    );
  });

  it.each([
    ['the time of a file', "import fs from 'node:fs'; export default fs.statSync(import.meta.filename).mtimeMs;", 'fs.statSync'],
    ['the place of a link', "import { readlink } from 'node:fs/promises'; export default await readlink('/proc/self');", 'fs.readlink'],
    ['what comes when memory is freed', 'export default new FinalizationRegistry(() => 0) !== undefined;', 'new FinalizationRegistry'],
    ['an answer from another thread', "export default new BroadcastChannel('answers').close();", 'new BroadcastChannel'],
  ])('is given with a warning when a module uses %s, which the hash does not cover', async (_what, text, name) => {
    write(`describes-${name}.mjs`, text);
    expect((await load(`describes-${name}.mjs`)).gap).toContain(`its module uses ${name} while it is loaded`);
  });

  it('is given with a warning when a timer of a module reads a file later, which the hash does not cover', async () => {
    write('answers.bin', '1');
    write(
      'waits.mjs',
      "import fs from 'node:fs'; export const read = new Promise((done) => setTimeout(() => done(fs.readFileSync(new URL('./answers.bin', import.meta.url), 'utf8')), 200));",
    );
    const url = pathToFileURL(place('waits.mjs')).href;
    const { loaded, code } = await loadWithCode(url, async () => await importNatively<{ read: Promise<string> }>(url));
    expect(code.gap()).toBeUndefined();
    await loaded.read;
    expect(code.gap()).toBe('its module has read answers.bin after it was loaded, which is in no hash; read it at the top');
  });
});

/** Places where one copy of a plugin may leave what it saw for the next copy. */
const MEMORIES: Readonly<Record<string, string>> = {
  'a global variable':
    'export const learn = () => { globalThis.left = 1; }; export const recall = () => globalThis.left; export const forget = () => delete globalThis.left;',
  'a hidden symbol of the global object':
    "const at = Symbol.for('left'); export const learn = () => Object.defineProperty(globalThis, at, { value: 1, configurable: true }); export const recall = () => globalThis[at]; export const forget = () => delete globalThis[at];",
  'a property of the Array constructor':
    'export const learn = () => { Array.left = 1; }; export const recall = () => Array.left; export const forget = () => delete Array.left;',
  'a property of a function of Math':
    'export const learn = () => { Math.max.left = 1; }; export const recall = () => Math.max.left; export const forget = () => delete Math.max.left;',
  'a prototype':
    'export const learn = () => { Promise.prototype.left = 1; }; export const recall = () => Promise.prototype.left; export const forget = () => delete Promise.prototype.left;',
  'the name of a built-in function':
    "export const learn = () => Object.defineProperty(Math.cbrt, 'name', { value: 1 }); export const recall = () => (Math.cbrt.name === 'cbrt' ? undefined : Math.cbrt.name); export const forget = () => Object.defineProperty(Math.cbrt, 'name', { value: 'cbrt' });",
  'a getter in the place of a value':
    'export const learn = () => { const own = URL.canParse; Object.defineProperty(URL, "canParse", { get: () => own, configurable: true }); }; export const recall = () => Object.getOwnPropertyDescriptor(URL, "canParse").get; export const forget = () => Object.defineProperty(URL, "canParse", { value: URL.canParse, writable: true });',
  'the depth of stack traces':
    'const limit = Error.stackTraceLimit; export const learn = () => { Error.stackTraceLimit = 37; }; export const recall = () => (Error.stackTraceLimit === 37 ? 1 : undefined); export const forget = () => { Error.stackTraceLimit = limit; };',
  'the environment':
    "export const learn = () => { process.env.LEFT = '1'; }; export const recall = () => process.env.LEFT; export const forget = () => delete process.env.LEFT;",
  'a listener of the process':
    "export const learn = () => process.on('left', (give) => give(1)); export const recall = () => { let got; process.emit('left', (one) => { got = one; }); return got; }; export const forget = () => process.removeAllListeners('left');",
  'the performance entries':
    "export const learn = () => performance.mark('left', { detail: 1 }); export const recall = () => performance.getEntriesByName('left')[0]?.detail; export const forget = () => performance.clearMarks();",
  'the counters of the console':
    "const counts = () => console[Object.getOwnPropertySymbols(console).find((one) => String(one).includes('counts'))]; export const learn = () => counts().set('left', 1); export const recall = () => counts().get('left'); export const forget = () => counts().clear();",
  'a module of Node.js':
    "import path from 'node:path'; export const learn = () => { path.left = 1; }; export const recall = () => path.left; export const forget = () => delete path.left;",
  'a class of a module of Node.js':
    "import { EventEmitter } from 'node:events'; export const learn = () => { EventEmitter.left = 1; }; export const recall = () => EventEmitter.left; export const forget = () => delete EventEmitter.left;",
  'a module that is asked for by name':
    "export const learn = () => { process.getBuiltinModule('querystring').left = 1; }; export const recall = () => process.getBuiltinModule('querystring').left; export const forget = () => delete process.getBuiltinModule('querystring').left;",
  'a class of zod':
    "import { z } from 'zod'; export const learn = () => { z.ZodString.left = 1; }; export const recall = () => z.ZodString.left; export const forget = () => delete z.ZodString.left;",
  'the settings of zod':
    "import { z } from 'zod'; export const learn = () => z.config({ jitless: 1 }); export const recall = () => z.config().jitless; export const forget = () => delete z.config().jitless;",
  'the registry of zod':
    "import { z } from 'zod'; export const learn = () => z.globalRegistry.add(Math, { left: 1 }); export const recall = () => z.globalRegistry._map.get(Math)?.left;",
  'the last match of a regular expression':
    "export const learn = () => /left(.)/.exec('left1'); export const recall = () => RegExp.$1 || undefined;",
  'the memory block of small buffers':
    'export const learn = () => new Uint8Array(Buffer.allocUnsafe(1).buffer).fill(1); export const recall = () => new Uint8Array(Buffer.allocUnsafe(1).buffer).at(-1) || undefined;',
  'a module with a query':
    "import { left } from './left.mjs?mine'; export const learn = () => left.push(1); export const recall = () => left[0];",
  'a module with the query of a copy':
    "import { left } from './left.mjs?predictlab-fresh=1'; export const learn = () => left.push(1); export const recall = () => left[0];",
  'a module in a data: URL':
    "import { left } from 'data:text/javascript,export const left = [];'; export const learn = () => left.push(1); export const recall = () => left[0]; export const forget = () => left.pop();",
  'a module of CommonJS': "import left from './left.cjs'; export const learn = () => left.push(1); export const recall = () => left[0];",
  'a module that is required':
    "import { createRequire } from 'node:module'; const left = createRequire(import.meta.url)('./left.cjs'); export const learn = () => left.push(1); export const recall = () => left[0];",
  'a JSON module':
    "import left from './left.json' with { type: 'json' }; export const learn = () => left.push(1); export const recall = () => left[0];",
  'the cache of required modules':
    "import { createRequire } from 'node:module'; const { cache } = createRequire(import.meta.url); export const learn = () => { cache.left = 1; }; export const recall = () => cache.left;",
  'the prototype of iterators':
    'const own = Object.getPrototypeOf([].values()); export const learn = () => { own.left = 1; }; export const recall = () => own.left; export const forget = () => delete own.left;',
  'the prototype of generators':
    'const own = Object.getPrototypeOf(function* () {}).prototype; export const learn = () => { own.left = 1; }; export const recall = () => own.left; export const forget = () => delete own.left;',
  'the constructor of async functions':
    'const own = (async () => {}).constructor; export const learn = () => { own.left = 1; }; export const recall = () => own.left; export const forget = () => delete own.left;',
  'the prototype of asynchronous iterators':
    'const own = Object.getPrototypeOf(Object.getPrototypeOf(async function* () {}).prototype); export const learn = () => { own.left = 1; }; export const recall = () => own.left; export const forget = () => delete own.left;',
  'the prototype of matches':
    "const own = Object.getPrototypeOf(''.matchAll(/a/g)); export const learn = () => { own.left = 1; }; export const recall = () => own.left; export const forget = () => delete own.left;",
  'the prototype of call sites':
    "const own = (() => { const before = Object.getOwnPropertyDescriptor(Error, 'prepareStackTrace'); Error.prepareStackTrace = (e, sites) => sites; const [site] = new Error('a').stack; if (before === undefined) delete Error.prepareStackTrace; else Object.defineProperty(Error, 'prepareStackTrace', before); return Object.getPrototypeOf(site); })(); export const learn = () => { own.left = 1; }; export const recall = () => own.left; export const forget = () => delete own.left;",
  'the iterator of search parameters':
    'const own = Object.getPrototypeOf(new URLSearchParams().keys()); export const learn = () => { own.left = 1; }; export const recall = () => own.left; export const forget = () => delete own.left;',
  'a class behind a getter of fs':
    "import fs from 'node:fs'; export const learn = () => { fs.ReadStream.left = 1; }; export const recall = () => fs.ReadStream.left; export const forget = () => delete fs.ReadStream.left;",
  'a property of Buffer':
    'export const learn = () => { Buffer.left = 1; }; export const recall = () => Buffer.left; export const forget = () => delete Buffer.left;',
  'Module, to which a module of CommonJS leads':
    "import own from './constructor.cjs'; export const learn = () => { own.left = 1; }; export const recall = () => own.left; export const forget = () => delete own.left;",
  'the value behind a setter of Module':
    "import own from 'node:module'; const { wrapper } = own; export const learn = () => { own.wrapper = Object.assign([...wrapper], { left: 1 }); }; export const recall = () => own.wrapper.left; export const forget = () => { own.wrapper = wrapper; };",
  'the flag of a property':
    "const flag = (enumerable) => Object.defineProperty(Math.cbrt, 'length', { enumerable }); export const learn = () => flag(true); export const recall = () => Object.keys(Math.cbrt)[0]; export const forget = () => flag(false);",
  'the order of properties':
    'const keys = Object.getOwnPropertyNames(JSON); const toEnd = (key) => { const own = Object.getOwnPropertyDescriptor(JSON, key); delete JSON[key]; Object.defineProperty(JSON, key, own); }; export const learn = () => toEnd(keys[0]); export const recall = () => (Object.getOwnPropertyNames(JSON).at(-1) === keys[0] ? 1 : undefined); export const forget = () => keys.forEach(toEnd);',
  'the pattern of a regular expression of zod':
    "import { z } from 'zod'; const own = z.regexes.cuid; const { source, flags } = own; export const learn = () => own.compile('left'); export const recall = () => (own.source === 'left' ? 1 : undefined); export const forget = () => own.compile(source, flags);",
  'what schemas of a class share':
    "import { z } from 'zod'; const own = Object.getPrototypeOf(z.string()._zod); export const learn = () => { own.left = 1; }; export const recall = () => own.left; export const forget = () => delete own.left;",
  'an accessor in the registry of zod':
    "import { z } from 'zod'; const own = Object.getOwnPropertyDescriptor(z.globalRegistry, '_map'); export const learn = () => Object.defineProperty(z.globalRegistry, '_map', { get: () => ({ left: 1 }), set() {}, configurable: true }); export const recall = () => z.globalRegistry._map.left; export const forget = () => Object.defineProperty(z.globalRegistry, '_map', own);",
  'a value behind a replaced Object.is':
    "const { cbrt } = Math; const { is } = Object; export const learn = () => { Math.cbrt = Object.assign(() => 0, { left: 1 }); Object.is = (one, other) => typeof one === 'function' || is(one, other); }; export const recall = () => Math.cbrt.left; export const forget = () => { Object.is = is; Math.cbrt = cbrt; };",
  'the cache of required modules, as a file of a package':
    "import { createRequire } from 'node:module'; const { cache } = createRequire(import.meta.url); export const learn = () => { cache['/node_modules/left'] = 1; }; export const recall = () => cache['/node_modules/left'];",
  'a class of errors of Node.js':
    "import path from 'node:path'; const own = (() => { try { path.join(1); } catch (error) { return Object.getPrototypeOf(error); } })(); export const learn = () => { own.left = 1; }; export const recall = () => own.left; export const forget = () => delete own.left;",
  'an accessor of the errors of zod':
    "import { z } from 'zod'; const own = Object.getOwnPropertyDescriptor(new z.ZodError([]), 'message').get; export const learn = () => { own.left = 1; }; export const recall = () => own.left; export const forget = () => delete own.left;",
  'a function that Module gives by a getter':
    "import Module from 'node:module'; const key = 'wrap'; const own = Module[key]; export const learn = () => { Module[key] = Object.assign(() => '', { left: 1 }); }; export const recall = () => Module[key].left; export const forget = () => { Module[key] = own; };",
  'an ES module that a CommonJS module imports':
    "import common from './imports.cjs'; const { left } = await common.load(); export const learn = () => left.push(1); export const recall = () => left[0]; export const forget = () => left.pop();",
  'a module that evaluated code imports':
    "const { left } = await (0, eval)('(url) => import(url)')(new URL('./left.mjs', import.meta.url).href); export const learn = () => left.push(1); export const recall = () => left[0]; export const forget = () => left.pop();",
  'the prototype of the cache of required modules':
    "import { createRequire } from 'node:module'; const { cache } = createRequire(import.meta.url); export const learn = () => Object.setPrototypeOf(cache, { left: 1 }); export const recall = () => cache.left;",
};

describe('a copy of a plugin', () => {
  it.each(Object.entries(MEMORIES))('cannot read what an earlier copy left in %s, or is reported as able to', async (_where, text) => {
    write('left.mjs', 'export const left = [];');
    write('left.cjs', 'module.exports = [];');
    write('left.json', '[]');
    write('imports.cjs', "module.exports = { load: () => import('./left.mjs') };");
    write('constructor.cjs', 'module.exports = module.constructor;');
    mkdirSync(place('node_modules'), { recursive: true });
    if (!existsSync(place('node_modules/zod'))) symlinkSync(path.resolve('node_modules/zod'), place('node_modules/zod'));
    write('memory.mjs', text);
    const writer = (await load('memory.mjs')).loaded as { learn: () => unknown; recall: () => unknown; forget?: () => unknown };
    expect(changedSharedObject()).toBeUndefined();
    expect(writer.recall()).toBeUndefined();
    writer.learn();
    expect(writer.recall()).toBeDefined();
    const reader = (await load('memory.mjs')).loaded as typeof writer;
    clearSharedMemory(isUsedPackage);
    const seen = changedSharedObject();
    if (seen === undefined) expect(reader.recall()).toBeUndefined();
    writer.forget?.();
    expect(changedSharedObject()).toBeUndefined();
  });

  it('may be the first to make a schema or an error of any class of zod', () => {
    z.promise(z.templateLiteral(['a', z.literal('b')])).or(z.nan());
    z.file().or(z.hash('md5')).or(z.ipv4()).or(z.email());
    expect(new z.ZodError([]).issues).toEqual([]);
    expect(z.stringbool().safeParse(1).success).toBe(false);
    expect(changedSharedObject()).toBeUndefined();
  });

  it('cannot keep anything in the members of schemas', () => {
    expect(Object.isFrozen(Object.getOwnPropertyDescriptor(z.ZodString.prototype, 'optional')?.get)).toBe(true);
  });
});
