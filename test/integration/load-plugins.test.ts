import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const BUILT = path.resolve(import.meta.dirname, '../../dist/src/activities/custom/load-plugins.js');
/** Loads each plugin as a worker does, in a folder without packages; prints the result. */
// all of its imports come first: once a plugin is loaded, modules outside of PredictLab cannot import its parts
const LOADER = `const { loadPlugins } = await import(${JSON.stringify(BUILT)});
const { importPlugin } = await import(${JSON.stringify(BUILT.replace('load-plugins', 'import-plugin'))});
const { tryPlugin } = await import(${JSON.stringify(BUILT.replace('load-plugins', 'threads/thread-entry'))});
const answers = {};
for (const modules of process.argv.slice(2)) {
  try {
    const { activities, strategies } = await loadPlugins({ PREDICTLAB_PLUGINS: modules });
    answers[modules] = [...activities.keys(), ...strategies.map(({ name }) => name)].join(' ');
  } catch (error) { answers[modules] = error.type + ' ' + error.message; }
}
await importPlugin('./endless.mjs', { timeoutMs: 50 }).catch((error) => { answers.endless = error.message; });
await importPlugin('./slow.mjs', { timeoutMs: 200 }).then(() => { answers.slow = 'loaded'; }, (error) => { answers.slow = error.message; });
await importPlugin('./spins.mjs', { timeoutMs: 50 }).catch((error) => { answers.spins = error.message; });
for (const [name, module] of [['computes', './computes.mjs'], ['fine', './fine.mjs'], ['ends', './ends.mjs'], ['turns', './turns.mjs'], ['busy', './fine.mjs']]) {
  const tried = tryPlugin(module, { timeoutMs: 3_000 });
  // after an immediate, timers come before messages
  if (name === 'busy') await new Promise((resolve) => setImmediate(resolve));
  if (name === 'busy') for (const end = Date.now() + 6_000; Date.now() < end; );
  await tried.then(() => { answers[name] = 'tried'; }, (error) => { answers[name] = error.message; });
}
console.log(JSON.stringify(answers));`;

const ZOD = "import { z } from 'zod';";
const activities = (text: string) => `${ZOD} export default { activities: { ${text} } };`;
const strategies = (text: string) => `${ZOD} export default { strategies: { ${text} } };`;
const FINE = '{ input: z.any(), run: () => 1 }';

/** Source of a module, and the expected message. */
const CASES: Readonly<Record<string, readonly [source: string, said: RegExp]>> = {
  'fine.mjs': [
    `${ZOD} import { definePlugin } from 'predictlab'; export default definePlugin({ activities: { greet: ${FINE} } });`,
    /^greet$/,
  ],
  'empty.mjs': ['export default {};', /^$/],
  'nothing.mjs': ['export const a = 1;', /^BadInput .*nothing\.mjs has no default export; export an object/],
  'promise.mjs': ['export default Promise.resolve({});', /exports a promise; write `export default await …`/],
  'array.mjs': ['export default [];', /has a list as its default export/],
  'null.mjs': ['export default null;', /has null as its default export/],
  'function.mjs': ['export default () => ({});', /has a function as its default export/],
  'more.mjs': ['export default { activity: {} };', /exports activity in its default/],
  'list.mjs': ['export default { activities: [] };', /has a list as activities/],
  'none.mjs': ['export default { strategies: null };', /has null as strategies/],
  'stage.mjs': [activities(`collect: ${FINE}`), /an activity named "collect", which is a part of the pipeline itself; rename it/],
  'prepare.mjs': [activities(`preparePipeline: ${FINE}`), /"preparePipeline", which is a part of the pipeline/],
  'finish.mjs': [activities(`finishPipeline: ${FINE}`), /"finishPipeline", which is a part of the pipeline/],
  'shipped.mjs': [activities(`httpPost: ${FINE}`), /an activity named "httpPost", which is built in/],
  'proto.mjs': [activities(`['__proto__']: ${FINE}`), /an activity named "__proto__"; a name is a letter/],
  'constructor.mjs': [activities(`constructor: ${FINE}`), /^constructor$/],
  'five.mjs': [activities('five: 5'), /has 5 as activity "five"/],
  'run.mjs': [activities('norun: { input: z.any() }'), /an activity "norun" without a function run/],
  'input.mjs': [activities('noinput: { input: {}, run: () => 1 }'), /an activity "noinput" whose input is not a zod schema/],
  'thread.mjs': [activities(`odd: { ...${FINE}, thread: 'yes' }`), /an activity "odd" with thread: "yes"/],
  'strategy5.mjs': [strategies('mine: 5'), /has 5 as strategy "mine"/],
  'strategyNull.mjs': [strategies('mine: null'), /has null as strategy "mine"/],
  'strategyEmpty.mjs': [strategies('mine: {}'), /a strategy "mine" without a function create/],
  'params.mjs': [strategies('mine: { create: () => () => "hold" }'), /a strategy "mine" whose params are not a zod schema/],
  'rsi.mjs': [strategies('rsi: { params: z.any(), create: () => () => "hold" }'), /a strategy named "rsi", which is built in/],
  'own.mjs': [strategies('mine: { params: z.any(), create: () => () => "hold" }'), /^mine$/],
  'throws.mjs': ['throw new Error("no key");', /cannot be loaded: no key/],
  'foreign.mjs': ['import "left-pad-of-mine";', /cannot be loaded: Cannot find package 'left-pad-of-mine'/],
};

let folder: string;
let said: Record<string, string>;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'predictlab-plugins-'));
  for (const [name, [source]] of Object.entries(CASES)) await writeFile(path.join(folder, name), source);
  await writeFile(path.join(folder, 'typed.ts'), 'export default {} satisfies object;');
  const names = Object.keys(CASES).map((name) => `./${name}`);
  const all = [...names, './gone.mjs', 'fine.mjs', './typed.ts', './fine.mjs,./fine.mjs', './own.mjs,./own2.mjs'];
  await writeFile(path.join(folder, 'endless.mjs'), 'await new Promise(() => {}); export default {};');
  // longer than the trial's limit, but never busy for long
  const turns = 'for (let turn = 0; turn < 35; turn++) { for (const end = Date.now() + 150; Date.now() < end; ); await wait(50); }';
  await writeFile(path.join(folder, 'turns.mjs'), `import { setTimeout as wait } from 'node:timers/promises'; ${turns} export default {};`);
  const busy = 'for (const end = Date.now() + 400; Date.now() < end; );';
  await writeFile(path.join(folder, 'slow.mjs'), `${busy} await new Promise((resolve) => setTimeout(resolve, 5)); export default {};`);
  await writeFile(
    path.join(folder, 'spins.mjs'),
    'for (const end = Date.now() + 2_000; Date.now() < end; ) await new Promise((resolve) => setImmediate(resolve));',
  );
  // the loader is a file, because threads inherit the option -e of a script and refuse it
  await writeFile(path.join(folder, 'loader.mjs'), LOADER);
  await writeFile(path.join(folder, 'computes.mjs'), 'for (;;) {}');
  await writeFile(path.join(folder, 'ends.mjs'), 'process.exit(3);');
  await writeFile(path.join(folder, 'own2.mjs'), CASES['own.mjs'][0]);
  const { stdout } = await promisify(execFile)(process.execPath, ['loader.mjs', ...all], { cwd: folder });
  said = JSON.parse(stdout) as Record<string, string>;
}, 180_000);
afterAll(() => rm(folder, { recursive: true }));

describe('the check of a plugin at load time', () => {
  it.each(Object.entries(CASES))('has the right verdict on %s', (name, [, wanted]) => {
    expect(said[`./${name}`]).toMatch(wanted);
  });

  it('reports a wrong PREDICTLAB_PLUGINS with the module that it names', () => {
    expect(said['./gone.mjs']).toMatch(/PREDICTLAB_PLUGINS: \.\/gone\.mjs is not there \(.*gone\.mjs\)/);
    expect(said['fine.mjs']).toMatch(/fine\.mjs is not a package; write \.\/fine\.mjs for the file/);
    expect(said['./fine.mjs,./fine.mjs']).toMatch(/\.\/fine\.mjs is named twice/);
    expect(said['./own.mjs,./own2.mjs']).toMatch(/own2\.mjs strategy "mine" is already defined by another plugin/);
  });

  it('abandons a plugin that never finishes loading', () => {
    expect(said.endless).toMatch(/endless\.mjs is not loaded after 0\.05 s: a top-level await in it waits for ever/);
  });

  it('gives a plugin that a busy machine delays more time than one that waits', () => {
    expect(said.slow).toBe('loaded');
    expect(said.spins).toMatch(/spins\.mjs is not loaded after 0\.05 s/);
  });

  it('ends a plugin in an endless loop on its thread, and accepts the other plugins', () => {
    expect(said.computes).toMatch(/computes\.mjs is not loaded after 3 s: it computes without end; do such work in run\(\)/);
    expect(said).toMatchObject({ fine: 'tried', ends: 'tried', turns: 'tried', busy: 'tried' });
  });

  it('accepts TypeScript if this version of Node.js can run it, and otherwise reports that in one sentence', () => {
    expect(said['./typed.ts']).toMatch(
      'typescript' in process.features && process.features.typescript
        ? /^$/
        : /is TypeScript, which Node\.js .* does not load; use Node\.js 22\.18/,
    );
  });
});
