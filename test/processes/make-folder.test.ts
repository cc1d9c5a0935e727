import { existsSync } from 'node:fs';
import { mkdtemp, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, it } from 'vitest';
import { makeFolder } from '../../src/processes/home-folder.ts';

it('a folder is made with its parents and its mode, an existing one stays as it is, and a file in its place is reported', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'predictlab-folder-'));
  const deep = path.join(folder, 'a', 'b', 'c');
  await Promise.all([makeFolder(deep, 0o700), makeFolder(deep, 0o700), makeFolder(path.join(folder, 'a', 'd'), 0o700)]);
  await makeFolder(deep);
  await makeFolder('/');
  expect([(await stat(deep)).mode & 0o777, (await stat(path.dirname(deep))).mode & 0o777]).toEqual([0o700, 0o700]);
  await writeFile(path.join(folder, 'file'), '');
  await expect(makeFolder(path.join(folder, 'file'))).rejects.toMatchObject({ code: 'EEXIST' });
  await expect(makeFolder(path.join(folder, 'file', 'x'))).rejects.toMatchObject({ code: 'ENOTDIR' });
  await symlink(path.join(folder, 'nowhere', 'x'), path.join(folder, 'link'));
  await expect(makeFolder(path.join(folder, 'link', 'y'))).rejects.toMatchObject({ code: 'EEXIST' });
  await rm(folder, { recursive: true });
});

it.runIf(existsSync('/proc/self'))('a file system that creates no folders is reported, without endless retries', async () => {
  await expect(makeFolder('/proc/predictlab/backups')).rejects.toMatchObject({ code: 'ENOENT' });
  await expect(makeFolder('/proc/predictlab')).rejects.toMatchObject({ code: 'ENOENT' });
});
