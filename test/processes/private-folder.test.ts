import { chmod, mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import path from 'node:path';
import { expect, it } from 'vitest';
import { makeHome, makePrivateFolder, PASSAGE_MODE } from '../../src/processes/home-folder.ts';

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

it('the home is made with the mode of a home before a folder in it, and not for a folder beside it', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'predictlab-private-'));
  const { PREDICTLAB_HOME: before } = process.env;
  const home = path.join(folder, 'home');
  process.env.PREDICTLAB_HOME = home;
  try {
    await makePrivateFolder(`${home}-else`);
    await expect(stat(home)).rejects.toThrow('ENOENT');
    await makePrivateFolder(path.join(home, 'logs'));
    expect((await stat(home)).mode & 0o777).toBe(PASSAGE_MODE);
    expect(PASSAGE_MODE).toBe(userInfo().uid === 0 ? 0o711 : 0o700);
  } finally {
    if (before === undefined) delete process.env.PREDICTLAB_HOME;
    else process.env.PREDICTLAB_HOME = before;
    await rm(folder, { recursive: true });
  }
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
