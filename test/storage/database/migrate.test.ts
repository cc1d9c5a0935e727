import { expect, it } from 'vitest';
import { currentVersions, readMigrations } from '../../../src/storage/database/migrate.ts';

it('migrations are numbered one after the other, each once', async () => {
  const versions = (await readMigrations()).map(({ version }) => version);
  expect(versions).toEqual(versions.map((_, k) => k + 1));
});

it('a number of before is read as that of today', () => {
  expect(currentVersions([1, 2, 900, 901, 902, 3])).toEqual([1, 2, 3, 7, 8, 9]);
});
