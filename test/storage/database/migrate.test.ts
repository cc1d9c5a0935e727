import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { readMigrations } from '../../../src/storage/database/migrate.ts';

it('migrations are numbered one after the other, each once', async () => {
  const versions = (await readMigrations()).map(({ version }) => version);
  expect(versions).toEqual(versions.map((_, k) => k + 1));
});

// Since version 0.2.0 a released migration never changes: add a new one. One that is not released yet may change, then its line here with it:
// (cd src/storage/database/migrations && sha256sum *.sql) > test/storage/database/migrations.sha256
it('each migration has the hash under which databases record it', async () => {
  const known = readFileSync(new URL('migrations.sha256', import.meta.url), 'utf8');
  expect((await readMigrations()).map(({ sha256, name }) => `${sha256}  ${name}\n`).join('')).toBe(known);
});
