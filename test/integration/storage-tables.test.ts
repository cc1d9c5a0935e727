import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { withDatabase } from '../../src/storage/database-url.ts';
import { readMigrations } from '../../src/storage/migrate.ts';
import { openDatabase } from '../../src/storage/open-database.ts';
import { administer, type TestDatabase, testDatabase } from '../postgres.ts';

let test: TestDatabase;
beforeAll(async () => {
  test = await testDatabase();
});
afterAll(() => test.close());

describe('opening a database', () => {
  it('brings an empty database up to date once, however many workers start at the same time', async () => {
    await administer(inject('postgresUrl'), 'create database several_at_once');
    const url = withDatabase(inject('postgresUrl'), 'several_at_once');
    const opened = await Promise.all([1, 2, 3, 4].map(() => openDatabase({ url, max: 2 })));
    const { rows } = await opened[0].query<{ version: number }>('select version from schema_migrations order by version');
    await Promise.all(opened.map((database) => database.close()));
    expect(rows.map(({ version }) => version)).toEqual((await readMigrations()).map(({ version }) => version));
  });

  it('says which address does not answer and what to start', async () => {
    const opening = openDatabase({ url: 'postgresql://nobody:secret@127.0.0.1:1/predictlab' });
    await expect(opening).rejects.toMatchObject({ type: 'StorageUnavailable', message: expect.stringContaining('127.0.0.1:1/predictlab') });
    await expect(openDatabase({ url: 'postgresql://nobody:secret@127.0.0.1:1/predictlab' })).rejects.not.toThrow(/secret/);
  });

  it('says so when the database does not exist', async () => {
    const url = withDatabase(test.url, 'there_is_none');
    await expect(openDatabase({ url })).rejects.toMatchObject({
      type: 'StorageUnavailable',
      message: expect.stringContaining('there_is_none'),
    });
  });
});
