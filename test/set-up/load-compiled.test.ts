import { execFile } from 'node:child_process';
import { copyFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { scratchFolder } from '../files/scratch.ts';

const run = promisify(execFile);
const folder = scratchFolder();
const file = (name: string): string => path.join(folder.path, name);

/** What a process prints that has the loader of `dist/vendor` beside these files. */
async function printed(program: string): Promise<unknown> {
  writeFileSync(file('program.mjs'), `import { keepCompiled, load } from './load-compiled.mjs';\n${program}`);
  return JSON.parse((await run(process.execPath, [file('program.mjs')])).stdout) as unknown;
}

function packages(): void {
  copyFileSync(path.resolve(import.meta.dirname, '../../scripts/set-up/load-compiled.mjs'), file('load-compiled.mjs'));
  writeFileSync(file('counter.cjs'), 'let count = 0; exports.next = () => ++count;');
  writeFileSync(
    file('package.cjs'),
    `const { next } = require('./counter.cjs'); next();
exports.builtin = require('node:path') === process.getBuiltinModule('node:path');
exports.place = [__filename, __dirname, require.resolve('./counter.cjs')];
exports.next = next;`,
  );
}

const ASKED = `const one = load('package.cjs');
console.log(JSON.stringify([load('package.cjs') === one, one.next(), load('counter.cjs').next(), one.builtin, one.place]));`;

it('gives the same with compiled code, without it, and with such of another version of V8', async () => {
  packages();
  const expected = [true, 2, 3, true, [file('package.cjs'), folder.path, file('counter.cjs')]];
  expect(await printed(ASKED)).toEqual(expected);
  expect(await printed(`load('package.cjs'); keepCompiled(); console.log('1');`)).toBe(1);
  expect(existsSync(file('package.cjs.v8')) && existsSync(file('counter.cjs.v8'))).toBe(true);
  expect(await printed(ASKED)).toEqual(expected);
  for (const name of ['package.cjs.v8', 'counter.cjs.v8']) writeFileSync(file(name), 'of another version');
  expect(await printed(ASKED)).toEqual(expected);
});

it('gives the same where compiled code was damaged: V8 would run it', async () => {
  packages();
  const before = await printed(ASKED);
  await printed(`load('package.cjs'); keepCompiled(); console.log('1');`);
  const whole = readFileSync(file('package.cjs.v8'));
  const cut = Buffer.concat([whole.subarray(0, 96), Buffer.alloc(whole.length - 96)]);
  for (const damaged of [whole.map((byte, at) => (at > 200 && at % 97 === 0 ? byte ^ 0x55 : byte)), cut]) {
    writeFileSync(file('package.cjs.v8'), damaged);
    expect(await printed(ASKED)).toEqual(before);
  }
});

it('keeps no half of a package that fails while it is loaded, and names its file', async () => {
  packages();
  writeFileSync(file('broken.cjs'), "exports.half = true;\nthrow new Error('not today');");
  const said = await printed(`const tried = [];
for (const _ of [1, 2]) try { tried.push(load('broken.cjs')); } catch (error) { tried.push(error.stack.split('\\n').find((line) => line.includes('broken.cjs'))); }
console.log(JSON.stringify(tried));`);
  expect(said).toEqual([1, 2].map(() => expect.stringContaining('predictlab/dist/vendor/broken.cjs:2') as string));
});

it('names no folder of the build in stack traces: what was compiled may have been moved since', async () => {
  packages();
  writeFileSync(file('late.cjs'), 'exports.fail = () => {\n  throw new Error();\n};');
  const asked = "try { load('late.cjs').fail(); } catch (error) { console.log(JSON.stringify(error.stack.split('\\n')[1].trim())); }";
  const place = 'at exports.fail (predictlab/dist/vendor/late.cjs:2:9)';
  expect(await printed(asked)).toBe(place);
  await printed(`try { load('late.cjs').fail(); } catch {} keepCompiled(); console.log('1');`);
  expect(await printed(asked)).toBe(place);
});

it('says that a file is missing as `require` does, each time it is asked for', async () => {
  packages();
  const said = await printed(`const tried = [];
for (const _ of [1, 2]) try { tried.push(load('gone.cjs')); } catch ({ code, message }) { tried.push([code, message]); }
console.log(JSON.stringify(tried));`);
  expect(said).toEqual([1, 2].map(() => ['MODULE_NOT_FOUND', `Cannot find module '${file('gone.cjs')}'`]));
});
