import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync } from 'node:fs';
import { open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { syncPath, writeFileAtomically } from '../../src/files/write/write-output.ts';
import { scratchFolder } from './scratch.ts';

const folder = scratchFolder();
const partials = (): readonly string[] => readdirSync(folder.path).filter((name) => name.includes('partial'));

describe('an output file', () => {
  it.skipIf(process.platform === 'win32')('that is a FIFO stays one, and its reader gets everything', async () => {
    const fifo = join(folder.path, 'fifo');
    expect(spawnSync('mkfifo', [fifo]).status).toBe(0);
    const reading = readFile(fifo, 'utf8');
    expect(await writeFileAtomically(fifo, ['a', 'b'])).toBe(2);
    expect(await reading).toBe('ab');
    expect(lstatSync(fifo).isFIFO()).toBe(true);
    expect(partials()).toEqual([]);
  });

  it('that is a symbolic link stays a link, and its target is written', async () => {
    const target = folder.write('target.csv', 'before');
    const link = join(folder.path, 'link.csv');
    symlinkSync('target.csv', link);
    await writeFileAtomically(link, ['after']);
    expect(lstatSync(link).isSymbolicLink()).toBe(true);
    expect(readFileSync(target, 'utf8')).toBe('after');
    const dangling = join(folder.path, 'dangling.csv');
    symlinkSync('later.csv', dangling);
    await writeFileAtomically(dangling, ['new']);
    expect(readFileSync(join(folder.path, 'later.csv'), 'utf8')).toBe('new');
  });

  it('keeps the permissions that it had, and gets the requested ones when it is new', async () => {
    const known = folder.write('known.csv', 'before');
    chmodSync(known, 0o640);
    await writeFileAtomically(known, ['after'], { mode: 0o600 });
    expect(statSync(known).mode & 0o777).toBe(0o640);
    const fresh = join(folder.path, 'fresh.csv');
    await writeFileAtomically(fresh, ['x'], { mode: 0o600 });
    expect(statSync(fresh).mode & 0o777).toBe(0o600);
  });

  it('is refused in one sentence when it is a folder, has no name or is in a missing folder, before anything is read', async () => {
    mkdirSync(join(folder.path, 'a-folder'));
    let asked = false;
    const chunks = (async function* () {
      asked = true;
      yield 'x';
    })();
    for (const [file, sentence] of [
      ['', /the name of the file to write is empty; name one$/],
      [' ', /is empty/],
      [join(folder.path, 'a-folder'), /a-folder cannot be written: it is a folder; name a file in it$/],
      [`${join(folder.path, 'nothing-yet')}/`, /is a folder/],
      [join(folder.path, 'none', 'x.csv'), /cannot be written: there is no such file or folder; check the folder and its permissions$/],
      [join(folder.write('file', ''), 'x.csv'), /cannot be written: a part of its path is a file, not a folder/],
      [join(folder.path, 'x'.repeat(300)), /cannot be written: its name is too long/],
    ] as const) {
      await expect(writeFileAtomically(file, chunks), file).rejects.toMatchObject({
        type: 'BadInput',
        message: expect.stringMatching(sentence),
      });
    }
    expect(asked).toBe(false);
    expect(partials()).toEqual([]);
  });

  it('may have the longest possible name', async () => {
    const file = join(folder.path, `${'x'.repeat(251)}.csv`);
    await writeFileAtomically(file, ['x']);
    expect(existsSync(file)).toBe(true);
  });

  it('is refused with advice when its name is too long', async () => {
    const file = join(folder.path, `${'x'.repeat(256)}.csv`);
    await expect(writeFileAtomically(file, ['x'])).rejects.toMatchObject({
      type: 'BadInput',
      message: expect.stringMatching(/x\.csv cannot be written: its name is too long; give it a shorter name$/),
    });
    expect(partials()).toEqual([]);
  });

  it('that two processes write at once has the complete content of one of them', async () => {
    const file = join(folder.path, 'both.csv');
    const slowly = async function* (text: string) {
      for (const letter of text) {
        yield letter;
        await new Promise((resolve) => setImmediate(resolve));
      }
    };
    await Promise.all([writeFileAtomically(file, slowly('aaaa')), writeFileAtomically(file, slowly('bbbb'))]);
    expect(['aaaa', 'bbbb']).toContain(readFileSync(file, 'utf8'));
  });

  it.skipIf(!existsSync('/dev/full'))('on a full disk is reported, and the old file is kept', async () => {
    await expect(writeFileAtomically('/dev/full', ['x'])).rejects.toMatchObject({
      type: 'BadInput',
      message: expect.stringMatching(/\/dev\/full cannot be written: there is no room on the disk; free some disk space$/),
    });
    expect(lstatSync('/dev/full').isCharacterDevice()).toBe(true);
  });
});

describe('syncing a folder to disk', () => {
  const failWith = async (code: string): Promise<void> => {
    const handle = await open(folder.path, 'r');
    vi.spyOn(Object.getPrototypeOf(handle) as typeof handle, 'sync').mockRejectedValueOnce(
      Object.assign(new Error(`${code}: fsync`), { code }),
    );
    await handle.close();
  };

  it.each(['EIO', 'ENOSPC', 'EDQUOT'])('fails with %s, after which the file may be lost', async (code) => {
    await failWith(code);
    await expect(syncPath(folder.path)).rejects.toThrow(code);
    await expect(syncPath(folder.path)).resolves.toBeUndefined();
  });

  it.each(['EINVAL', 'EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'EISDIR', 'EBADF', 'ENOSYS'])(
    'is skipped on systems that answer %s',
    async (code) => {
      await failWith(code);
      await expect(syncPath(folder.path)).resolves.toBeUndefined();
    },
  );

  it('fails for a folder that does not exist', async () => {
    await expect(syncPath(join(folder.path, 'missing'))).rejects.toThrow('ENOENT');
  });
});
