import { chmod, mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, it } from 'vitest';
import { makeHome, makePrivateFolder } from '../../src/processes/home-folder.ts';

it('a folder in the home is readable by its owner only, the home can at most be entered, and existing folders keep their mode', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'predictlab-private-'));
  const modeOf = async (...parts: string[]): Promise<number> => (await stat(path.join(folder, ...parts))).mode & 0o777;
  await makePrivateFolder(path.join(folder, 'home', 'logs'));
  expect(await modeOf('home', 'logs')).toBe(0o700);
  // nobody may list it; where root runs, the account of the database server may enter
  expect((await modeOf('home')) & 0o066).toBe(0);
  await mkdir(path.join(folder, 'own'));
  await chmod(path.join(folder, 'own'), 0o755);
  await makePrivateFolder(path.join(folder, 'own', 'logs'));
  expect([await modeOf('own'), await modeOf('own', 'logs')]).toEqual([0o755, 0o700]);
  await rm(folder, { recursive: true });
});

it('a home that cannot be created or written is refused in one sentence', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'predictlab-home-'));
  await writeFile(path.join(folder, 'file'), '');
  await expect(makeHome(path.join(folder, 'file'))).rejects.toMatchObject({
    type: 'BadInput',
    message: expect.stringContaining(`PREDICTLAB_HOME: ${path.join(folder, 'file')} cannot be used`),
  });
  await expect(makeHome('/proc/none')).rejects.toMatchObject({ type: 'BadInput' });
  await rm(folder, { recursive: true });
});
