import { spawn, spawnSync } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { PASSAGE_MODE } from '../../src/processes/home-folder.ts';

const script = new URL('../../scripts/set-up/lock.mjs', import.meta.url).href;
let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'predictlab-lock-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** A process that appends `in`, waits a moment and appends `out`, all inside the lock. */
function holder(): Promise<number | null> {
  const code = `
    import { appendFileSync } from 'node:fs';
    import { withLock } from ${JSON.stringify(script)};
    await withLock('set-up.lock', async () => {
      appendFileSync('journal', 'in ');
      await new Promise((resolve) => setTimeout(resolve, 50));
      appendFileSync('journal', 'out ');
    });`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', code], { cwd: folder, stdio: 'ignore' });
  return new Promise((resolve) => child.on('close', resolve));
}

test('the folder of the lock, in which predictlab later keeps its files, is closed to other users', async () => {
  const code = `import { withLock } from ${JSON.stringify(script)}; await withLock('home/set-up.lock', async () => undefined);`;
  expect(spawnSync(process.execPath, ['--input-type=module', '-e', code], { cwd: folder }).status).toBe(0);
  expect((await stat(path.join(folder, 'home'))).mode & 0o777).toBe(PASSAGE_MODE);
});

test('set-ups that start together run one after the other, and leave no lock behind', async () => {
  expect(await Promise.all([holder(), holder(), holder()])).toEqual([0, 0, 0]);
  expect(await readFile(path.join(folder, 'journal'), 'utf8')).toBe('in out in out in out ');
  expect(await readdir(folder)).toEqual(['journal']);
});

test('the lock of a set-up that was killed is taken over', async () => {
  const { pid } = spawnSync(process.execPath, ['-e', '']);
  await writeFile(path.join(folder, 'set-up.lock'), String(pid));
  expect(await Promise.all([holder(), holder()])).toEqual([0, 0]);
  expect(await readFile(path.join(folder, 'journal'), 'utf8')).toBe('in out in out ');
});

test('a link that someone else put in place of the lock is neither followed nor written to', async () => {
  const precious = path.join(folder, 'precious');
  await writeFile(precious, '1');
  await symlink(precious, path.join(folder, 'set-up.lock'));
  const code = `import { withLock } from ${JSON.stringify(script)}; await withLock('set-up.lock', () => {});`;
  const waiting = spawn(process.execPath, ['--input-type=module', '-e', code], { cwd: folder });
  await new Promise((resolve) => {
    waiting.stdout.once('data', resolve);
    waiting.stderr.once('data', resolve);
  });
  expect(await readFile(precious, 'utf8')).toBe('1');
  const ended = new Promise((resolve) => waiting.once('close', resolve));
  await rm(path.join(folder, 'set-up.lock'));
  expect(await ended).toBe(0);
  expect(await readdir(folder)).toEqual(['precious']);
});
