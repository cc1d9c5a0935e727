import { mkdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import { expect, it } from 'vitest';
import { expandPath, nameOf } from '../../src/files/read/expand-path.ts';
import { scratchFolder } from './scratch.ts';

const folder = scratchFolder();
mkdirSync(join(folder.path, 'deep', 'er'), { recursive: true });
for (const name of ['b.csv', 'a.csv', 'a.csv.gz', 'notes.txt', '.hidden.csv', 'deep/c.csv', 'deep/er/d.csv', 'what?.csv'])
  folder.write(name, '');
const names = async (pattern: string) => (await expandPath(pattern, folder.path)).map((file) => relative(folder.path, file));

it('a plain path stands for one file', async () => {
  expect(await names('a.csv')).toEqual(['a.csv']);
  expect(await names(join(folder.path, 'deep/c.csv'))).toEqual(['deep/c.csv']);
});

it('a pattern stands for all matching files, sorted, without hidden files', async () => {
  expect(await names('*.csv')).toEqual(['a.csv', 'b.csv', 'what?.csv']);
  expect(await names('?.csv*')).toEqual(['a.csv', 'a.csv.gz', 'b.csv']);
  expect(await names('**/*.csv')).toEqual(['a.csv', 'b.csv', 'deep/c.csv', 'deep/er/d.csv', 'what?.csv']);
  expect(await names('deep/**/d.csv')).toEqual(['deep/er/d.csv']);
});

it('a file is found by a name that looks like a pattern', async () => {
  expect(await names('what?.csv')).toEqual(['what?.csv']);
});

it('a path or pattern without a match is reported with the place that was searched', async () => {
  await expect(expandPath('none.csv', folder.path)).rejects.toThrow(`there is no file none.csv (looked in ${folder.path})`);
  await expect(expandPath('*.parquet', folder.path)).rejects.toThrow('no file matches *.parquet');
  await expect(expandPath('missing/*.csv', folder.path)).rejects.toMatchObject({ type: 'BadInput' });
});

it('a folder is refused, with the pattern to write instead', async () => {
  await expect(expandPath(folder.path)).rejects.toThrow(/is a folder; name a CSV file in it or a pattern such as ".*\*\.csv"/);
});

it('an instrument has the name of its file, without folder and extensions', () => {
  expect(nameOf('/data/us_senate.csv.gz')).toBe('us_senate');
  expect(nameOf('trades.v2.csv')).toBe('trades.v2');
  expect(nameOf('.csv')).toBe('.csv');
});
