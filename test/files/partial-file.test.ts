import { readdirSync, utimesSync } from 'node:fs';
import { basename, join } from 'node:path';
import { expect, it } from 'vitest';
import { partialOf, removeLeftovers } from '../../src/files/write/write-output.ts';
import { scratchFolder } from './scratch.ts';

const folder = scratchFolder();

it('partial files of dead processes are removed, while those of other processes and all other files stay', async () => {
  const mine = basename(partialOf(join(folder.path, 'a.backup')));
  const [, pid, started, place] = /\.(\d+)-(\d*)-([0-9a-f]{8})-/.exec(mine) ?? [];
  const named = (owner: string): string => mine.replace(`.${pid}-${started}-${place}`, `.${owner}`).replace('a.backup', 'b.backup');
  const stays = [
    mine,
    named(`1-2-00000000`), // another machine's, just written
    '.a.backup.partial',
    'a.backup',
    `x${mine}`,
  ];
  const goes = [
    named(`${pid}-${Number(started) + 1}-${place}`), // the same pid, another process
    named(`4194305-1-${place}`), // more than a pid can be
    named(`1-3-00000000`), // another machine's, silent for two days
  ];
  for (const name of [...stays, ...goes]) folder.write(name, 'x');
  const longAgo = Date.now() / 1000 - 2 * 86_400;
  utimesSync(join(folder.path, goes[2]), longAgo, longAgo);
  await removeLeftovers(folder.path);
  expect(readdirSync(folder.path).sort()).toEqual([...stays].sort());
  await removeLeftovers(join(folder.path, 'none'));
});

it('a file name of 255 bytes has a partial name that fits the limit, in any script', () => {
  for (const letter of ['x', 'é', '字', '😀']) {
    const base = letter.repeat(Math.floor(255 / Buffer.byteLength(letter)));
    expect(Buffer.byteLength(basename(partialOf(join(folder.path, base))))).toBeLessThanOrEqual(255);
  }
});
