import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { scratchFolder } from '../files/scratch.ts';

const ROOT = path.resolve(import.meta.dirname, '../..');
const folder = scratchFolder();
const run = promisify(execFile);
/** Kept beside the other downloads: installing costs half a minute. */
const VENV = path.join(ROOT, '.predictlab', 'python');
const python = path.join(VENV, 'bin', 'python3');

const BLOCKS = [...readFileSync(path.join(ROOT, 'docs/python.md'), 'utf8').matchAll(/^```(sh|python)\n([\s\S]*?)^```/gm)].map(
  ([, kind, code]) => ({ kind, code }),
);

/** The libraries that the page asks for, in an environment of the tests' own. @returns why there are none */
async function installed(): Promise<string | undefined> {
  const [, asked] = /pip install --quiet (.*)/.exec(BLOCKS[0].code) ?? [];
  const packages = [...asked.matchAll(/"([^"]+)"|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain);
  const modules = packages.map((name) => name.replace(/\[.*/, ''));
  try {
    if (!existsSync(python)) await run('python3', ['-m', 'venv', VENV]);
    const there = await run(python, ['-c', `import ${modules.join(', ')}`]).then(
      () => true,
      () => false,
    );
    if (!there)
      await run(python, ['-m', 'pip', 'install', '--quiet', '--no-compile', '--disable-pip-version-check', ...packages], {
        timeout: 180_000,
      });
    return undefined;
  } catch (error) {
    rmSync(VENV, { recursive: true, force: true });
    return `Python or its packages cannot be had here: ${String(error).split('\n')[0]}`;
  }
}

it('the code blocks of docs/python.md run in order in an empty folder', async ({ skip }) => {
  const missing = await installed();
  if (missing !== undefined) skip(missing);
  const bin = path.join(folder.path, 'bin');
  const work = path.join(folder.path, 'empty');
  mkdirSync(bin);
  mkdirSync(work);
  symlinkSync(path.join(ROOT, 'bin/predictlab.js'), path.join(bin, 'predictlab'));
  const { DATABASE_URL: _url, PREDICTLAB_HOME: _home, TEMPORAL_ADDRESS: _address, ...around } = process.env;
  const env = { ...around, PATH: [path.join(VENV, 'bin'), bin, around['PATH']].join(path.delimiter) };
  expect(BLOCKS.map(({ kind }) => kind)).toEqual(expect.arrayContaining(['sh', 'python']));
  for (const [number, { kind, code }] of BLOCKS.entries()) {
    const [command, ...args] = kind === 'sh' ? ['bash', '-euc', code] : ['python3', '-W', 'error', '-c', code];
    const failure = await run(command, args, { cwd: work, env, timeout: 120_000 }).then(
      () => undefined,
      (error: { stderr: string; message: string }) => error.stderr || error.message,
    );
    expect(failure, `block ${number + 1}:\n${code}`).toBeUndefined();
  }
}, 300_000);
