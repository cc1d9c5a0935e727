import { chmod, mkdtemp, readdir, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { keptToken } from '../../src/ui/kept-token.ts';

describe('the token of the live pages', () => {
  let folder: string;
  let file: string;
  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'predictlab-token-'));
    file = path.join(folder, 'home', 'ui-token');
  });

  it('is created once, readable by its owner only, even when several servers start at once', async () => {
    const tokens = await Promise.all(Array.from({ length: 20 }, () => keptToken(file)));
    expect(new Set(tokens).size).toBe(1);
    expect(await keptToken(file)).toBe(tokens[0]);
    expect(tokens[0]).toMatch(/^[\w-]{32}$/);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(await readdir(path.dirname(file))).toEqual(['ui-token']);
  });

  it.each(['', 'short', 'two\nlines of a token that is long enough', 'a-token-that-is-long-enough;and-more', 'x'.repeat(201)])(
    'is refused when its file contains %j',
    async (text) => {
      const wrong = path.join(folder, 'wrong');
      await writeFile(wrong, text, { mode: 0o600 });
      await expect(keptToken(wrong)).rejects.toThrow(/wrong holds no valid token .* delete the file, and a new one is created/);
    },
  );

  it('is refused with advice when others can read its file', async () => {
    await keptToken(file);
    await chmod(file, 0o644);
    await expect(keptToken(file)).rejects.toThrow(/can be read by other users \(mode 644\): .*chmod 600/);
  });

  it('is refused when its file cannot be created', async () => {
    await writeFile(path.join(folder, 'plain'), '');
    await expect(keptToken(path.join(folder, 'plain', 'token'))).rejects.toThrow(/plain.token: the token cannot be stored there/);
    await expect(keptToken(folder)).rejects.toThrow(/can be read by other users|cannot be stored there/);
  });
});
