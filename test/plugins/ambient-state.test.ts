import { spawnSync } from 'node:child_process';
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { constants, runInThisContext } from 'node:vm';
import { afterAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { backtestData } from '../../src/backtest/engine/backtest-data.ts';
import { plainMarket } from '../../src/backtest/engine/market.ts';
import { optionsFor } from '../../src/backtest/run-backtest.ts';
import { runTrials } from '../../src/backtest/run-trials.ts';
import type { BarsSoFar, Decision, Strategy } from '../../src/backtest/strategy.ts';
import { freshUrl } from '../../src/plugins/module-graph.ts';
import { loadWithCode } from '../../src/plugins/plugin-code.ts';
import { walk } from '../backtest/series.ts';

const folder = realpathSync(mkdtempSync(path.join(tmpdir(), 'predictlab-ambient-')));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

// Vitest would put its own loader in place of an import() that it sees
const importNatively = runInThisContext('(url) => import(url)', {
  importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
}) as <T>(url: string) => Promise<T>;
const params = z.strictObject({});
let copies = 0;
writeFileSync(path.join(folder, 'required.mjs'), 'const left = []; export { left as "module.exports" };');

/** Loads a module that exports `create` as a plugin's strategy of this name. */
async function strategyOf(name: string, code: string): Promise<Strategy> {
  const file = path.join(folder, `${name}.mjs`);
  writeFileSync(file, code);
  const url = pathToFileURL(file).href;
  const { loaded, code: known } = await loadWithCode(url, async () => {
    return await importNatively<{ create: (params: unknown, bars: BarsSoFar) => () => Decision }>(freshUrl(url, ++copies));
  });
  const { create } = loaded;
  return {
    name,
    summary: 'for tests',
    params,
    codeHash: known.hash,
    create,
    get codeGap() {
      return known.gap();
    },
    get dataGap() {
      return known.dataGap ?? known.ambientGap([name]);
    },
  };
}

const series = backtestData(walk(168, 3, { probability: true }), plainMarket('probability'));

/** Backtests strategies side by side on one series; the reasons why each of them is not provable. */
const gapsOf = (...strategies: readonly Strategy[]) =>
  runTrials(
    series,
    strategies.map((strategy) => ({ strategy, params: {} })),
    optionsFor(series.market),
  ).results.map(({ notProvable }) => notProvable);

const HONEST = 'bars.close() > bars.close(1) ? "long" : "flat"';
const honest = (before: string, create = '') =>
  `${before}; export const create = (params, bars) => { ${create}; return () => ${HONEST}; };`;

/** Ways to receive a signal from another series while the module is loaded. */
const AT_LOAD: Readonly<Record<string, readonly [code: string, name: string]>> = {
  'the clock of Date': ['const at = Date.now()', 'Date.now'],
  'a new Date': ['const at = +new Date()', 'new Date()'],
  'Date as a function': ['const at = Date()', 'new Date()'],
  'the constructor of a date': ['const at = new (new Date(0)).constructor()', 'new Date()'],
  'the clock that text is made of': ['const at = new Intl.DateTimeFormat().format()', 'Intl'],
  performance: ['const at = performance.now()', 'performance'],
  'the time of an event': ['const at = new Event("a").timeStamp', 'Event'],
  'the console, as a watch': ['console.time("a"); const at = console._times.get("a"); console._times.delete("a")', 'console._times'],
  'the counters of standard output': ['const count = console._stdout.bytesWritten', 'console._stdout'],
  'the use of memory': ['const used = process.memoryUsage().heapUsed', 'process'],
  'the title of the process': ['const title = process.title', 'process'],
  'a process that Function finds': ['const title = Function("return process")().title', 'process'],
  'a process that globalThis hides in a word': ['const title = globalThis["pro" + "cess"].title', 'process'],
  'a getter of the global object': ['const title = Object.getOwnPropertyDescriptor(globalThis, "process").get().title', 'process'],
  'the number of a timer': ['const timer = setInterval(() => 0, 9); const count = +timer; clearInterval(timer)', 'setInterval'],
  'shared memory': ['const shared = new Int32Array(new SharedArrayBuffer(8))', 'SharedArrayBuffer'],
  Atomics: ['const own = Atomics.load(new Int32Array(2), 0)', 'Atomics'],
  'the state of random numbers': ['const lot = Math.random()', 'Math.random'],
  'random numbers of the machine': ['const lot = crypto.randomUUID()', 'crypto'],
  'what is left in memory': ['const old = Buffer.allocUnsafe(9000)[0]', 'Buffer.allocUnsafe'],
  'the number of an open file': [
    'import fs from "node:fs"; import { fileURLToPath } from "node:url"; const open = fs.openSync(fileURLToPath(import.meta.url)); fs.closeSync(open)',
    'fs.openSync',
  ],
  'the time of a new file': ["const at = new File([], 'a').lastModified", 'File'],
  'the last match of any regular expression': ['const last = RegExp.$1', 'RegExp.$1'],
  'a weak reference': ['const held = new WeakRef({})', 'WeakRef'],
  'a module that is loaded already': [
    "import { createRequire } from 'node:module'; const [kept] = Object.values(createRequire(import.meta.url).cache)",
    'modules that stay loaded (require.cache, or require of a package)',
  ],
};

describe('a plugin that uses state of the process', () => {
  it.each(Object.entries(AT_LOAD))('is not provable: at load, %s', async (way, [code, name]) => {
    const strategy = await strategyOf(`load-${Object.keys(AT_LOAD).indexOf(way)}`, honest(code));
    expect(gapsOf(strategy)).toEqual([
      [expect.stringContaining(`its code uses ${name}, through which a signal from another series may pass`)],
    ]);
  });

  const inCreate = Object.entries(AT_LOAD).filter(([, [code]]) => !code.startsWith('import'));
  it.each(inCreate)('is not provable: when it is created, %s', async (way, [code, name]) => {
    const strategy = await strategyOf(`create-${Object.keys(AT_LOAD).indexOf(way)}`, honest('', code));
    expect(gapsOf(strategy)).toEqual([[expect.stringContaining(`its code uses ${name}, `)]]);
  });

  it('is not provable where it requires an ES module, which all copies share', async () => {
    const code = "import { createRequire } from 'node:module'; createRequire(import.meta.url)('./required.mjs')";
    expect(gapsOf(await strategyOf('requires', honest(code)))).toEqual([[expect.stringContaining('its code uses ')]]);
  });

  it('is not provable when a single decision reads the clock, and trials beside it stay provable', async () => {
    const looks = await strategyOf(
      'looks-once',
      `export const create = (params, bars) => () => (bars.index === 100 && Date.now() < 0 ? 'hold' : ${HONEST});`,
    );
    const [before, its, after] = gapsOf(await strategyOf('beside', honest('')), looks, await strategyOf('besides', honest('')));
    expect([before, after]).toEqual([[], []]);
    expect(its).toEqual([expect.stringContaining('its code uses Date.now, ')]);
  });

  it('is not provable when a promise that a decision starts reads the clock', async () => {
    const looks = `export const create = (params, bars) => () => { if (bars.index === 9) Promise.resolve().then(() => Date.now()); return ${HONEST}; };`;
    const alone = await strategyOf('later', looks);
    gapsOf(alone);
    await Promise.resolve();
    expect(alone.dataGap).toContain('its code uses Date.now');
  });

  it.each(['os', 'process', 'timers', 'perf_hooks', 'crypto', 'util', 'events', 'buffer', 'net'])(
    'is not provable where it imports node:%s, which keeps state of its own',
    async (name) => {
      const strategy = await strategyOf(`imports-${name}`, honest(`import * as own from 'node:${name}'`));
      expect(gapsOf(strategy)).toEqual([[expect.stringContaining(`its module uses node:${name} while it is loaded`)]]);
    },
  );

  it.each([
    ['writes a file', 'import fs from "node:fs"; fs.writeFileSync(new URL("./left.txt", import.meta.url), "1")', 'fs.writeFileSync'],
    [
      'gives other modules what it put in place of a built-in module',
      'import { syncBuiltinESMExports } from "node:module"; syncBuiltinESMExports()',
      'module.syncBuiltinESMExports',
    ],
    [
      'asks which files there are',
      'import { createRequire } from "node:module"; try { createRequire(import.meta.url).resolve("./missing") } catch {}',
      'require.resolve',
    ],
    ['looks at an open file', 'import fs from "node:fs"; fs.fstatSync(2)', 'fs.fstatSync'],
    ['reads an open file', 'import fs from "node:fs"; const fd = fs.openSync("/dev/null"); fs.readFileSync(fd)', 'a file descriptor'],
    ['looks at a file as the loader does', 'import Module from "node:module"; Module._stat("/")', 'module._stat'],
    ['has a directory made', 'import { mkdtemp } from "node:fs/promises"; await mkdtemp("/tmp/predictlab-")', 'fs.mkdtemp'],
  ])('is not provable where it %s', async (way, code, name) => {
    expect(gapsOf(await strategyOf(way.replaceAll(' ', '-'), honest(code)))[0]).toContainEqual(
      expect.stringContaining(`its module uses ${name} while it is loaded`),
    );
  });

  it('is refused to write a file, to make one in a promise, or to look for one, while it decides', async () => {
    const writes = (call: string) =>
      `import fs from 'node:fs'; import { createRequire } from 'node:module'; export const create = () => () => { ${call}; return 'long'; };`;
    for (const call of [
      'fs.writeFileSync("/dev/null", "1")',
      'void fs.promises.appendFile("/dev/null", "1")',
      'fs.rename("a", "b", () => 0)',
      'createRequire(import.meta.url).resolve("./a")',
    ])
      await expect(strategyOf('writes', writes(call)).then((one) => gapsOf(one))).rejects.toThrow('while it decides');
  });

  it.each([
    [
      'makes dates of numbers and texts',
      'const day = new Date(0).toISOString() + new Date("2026-01-01").getUTCDay() + Date.UTC(2026, 1) + Date.parse("2026-01-01")',
    ],
    [
      'asks what a date is',
      'if (!(new Date(0) instanceof Date) || Object.prototype.toString.call(new Date(0)) !== "[object Date]") throw new Error("no date")',
    ],
    [
      'reads a path',
      'import path from "node:path"; import { fileURLToPath } from "node:url"; const here = path.dirname(fileURLToPath(import.meta.url))',
    ],
    [
      'computes',
      'const table = new Map([[1, Math.sqrt(2)]]); const text = JSON.stringify([...table], null, 1); const copy = structuredClone({ text })',
    ],
    ['encodes', 'const text = new TextDecoder().decode(new TextEncoder().encode(atob(btoa("a")))) + Buffer.from("a").toString("hex")'],
  ])('is provable where it %s', async (way, code) => {
    expect(gapsOf(await strategyOf(way.replaceAll(' ', '-'), honest(code)))).toEqual([[]]);
  });
});

describe('the certificate of a plugin on the command line', () => {
  const candles = path.join(folder, 'candles.csv');
  const { openTime, open, high, low, close } = series.candles;
  const bars = Array.from(openTime, (time, i) => `${new Date(time).toISOString()},${open[i]},${high[i]},${low[i]},${close[i]},1000`);
  writeFileSync(candles, `open_time,open,high,low,close,volume\n${bars.join('\n')}\n`);
  const strategy = (fields: string) =>
    `import { z } from 'zod'; export default { strategies: { one: { ${fields}, params: z.strictObject({}), create: (params, bars) => () => (console.log(bars.index), ${HONEST}) } } };`;
  const at = (name: string, code: string) => {
    writeFileSync(path.join(folder, name), code);
    return path.join(folder, name);
  };
  const library = 'import { definePlugin, defineStrategy, indicators, metrics } from "predictlab"; definePlugin(defineStrategy({}));';

  it.each([
    ['an example', path.resolve('examples/kelly-plugin.mjs'), 'kelly', undefined],
    ['one that imports the library and prints', at('library.mjs', library + strategy('summary: "a"')), 'one', undefined],
    ['one that counts timers', at('timers.mjs', `const count = +setTimeout(() => 0); ${strategy('summary: "a"')}`), 'one', 'setTimeout'],
    [
      'one whose summary looks at the clock',
      at('summary.mjs', strategy('get summary() { return String(Date.now()); }')),
      'one',
      'Date.now',
    ],
  ])('is that of %s', (_what, plugin, name, used) => {
    const { stdout } = spawnSync(process.execPath, ['bin/predictlab.js', 'backtest', 'file', candles, '--strategy', name, '--json'], {
      env: { PATH: process.env['PATH'], PREDICTLAB_HOME: folder, PREDICTLAB_PLUGINS: plugin },
      encoding: 'utf8',
    });
    expect(JSON.parse(stdout)).toMatchObject(
      used === undefined ? { provable: true } : { provable: false, notProvable: [expect.stringContaining(`its code uses ${used}, `)] },
    );
  });
});
