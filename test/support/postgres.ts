import { randomUUID } from 'node:crypto';
import { Client } from 'pg';
import { inject } from 'vitest';
import type { Database } from '../../src/storage/database/database.ts';
import { databaseUrlOf } from '../../src/storage/database/database-url.ts';
import { openDatabase } from '../../src/storage/database/open-database.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** The one server of the test run; its database is never written to. */
    postgresUrl: string;
  }
}

/** An empty, migrated database. Every test database is a copy of it, which takes a tenth of the time of migrating. */
export const TEMPLATE_DATABASE = 'predictlab_template';

export interface TestDatabase {
  readonly database: Database;
  readonly url: string;
  close(): Promise<void>;
}

/** Creates a fresh database on the server of the test run. Close it when the file's tests are done. */
export async function testDatabase(): Promise<TestDatabase> {
  const server = inject('postgresUrl');
  const name = `test_${randomUUID().replaceAll('-', '')}`;
  // copied as files: block by block through the write-ahead log takes three times the CPU
  await administer(server, `create database ${name} template ${TEMPLATE_DATABASE} strategy file_copy`);
  const url = databaseUrlOf(server, name);
  const database = await openDatabase({ url, applicationName: 'predictlab-test' });
  return {
    database,
    url,
    async close() {
      await database.close();
      await administer(server, `drop database if exists ${name} with (force)`);
    },
  };
}

/** Largest table that is emptied row by row, in bytes. */
const FEW_BYTES = 128 * 1024;

/**
 * Empties tables and all that refer to them. `truncate … cascade` does the same, but creates the files of some forty tables and their
 * indexes again: ten times the CPU where most have no row.
 */
export async function empty(database: Database, tables: readonly string[]): Promise<void> {
  const named = tables.map((table) => `'${table}'`).join(', ');
  await database.query(`do $$
    declare
      filled regclass[];
      large text;
      one regclass;
    begin
      with recursive reached (id) as (
        select unnest(array[${named}]::regclass[])
        union
        select below.id from reached r cross join lateral (
          select conrelid from pg_constraint where contype = 'f' and confrelid = r.id
          union all select inhrelid from pg_inherits where inhparent = r.id) as below (id)
      )
      select array_agg(id) into filled from reached where pg_relation_size(id) > 0;
      select string_agg(id::text, ', ') into large from unnest(filled) as id where pg_relation_size(id) > ${FEW_BYTES};
      if large is not null then execute 'truncate ' || large || ' cascade'; end if;
      -- without looking at references: what refers to the rows goes too
      set local session_replication_role = replica;
      foreach one in array coalesce(filled, '{}') loop execute 'delete from ' || one; end loop;
    end $$`);
}

/** Executes one statement in the server's maintenance database. */
export async function administer(url: string, sql: string): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}
