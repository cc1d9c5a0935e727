import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Database } from '../../src/storage/database/database.ts';
import { openDatabase } from '../../src/storage/database/open-database.ts';
import { cuttingProxy } from '../cutting-proxy.ts';
import { type TestDatabase, testDatabase } from '../postgres.ts';

let test: TestDatabase;
const others: NodeJS.UncaughtExceptionListener[] = [];
const uncaught: unknown[] = [];
const keep = (error: unknown): void => void uncaught.push(error);
beforeAll(async () => {
  test = await testDatabase();
  await test.database.query('create table lost (n int)');
  // it is what would end a worker
  for (const listener of process.listeners('uncaughtException')) others.push(listener);
  process.removeAllListeners('uncaughtException').on('uncaughtException', keep);
});
afterAll(async () => {
  process.off('uncaughtException', keep);
  for (const listener of others) process.on('uncaughtException', listener);
  await test.close();
});

/** A long answer comes in many pieces. */
const MOST_ANSWERS = 25;

const rows = (count: number): Buffer[] => Array.from({ length: count }, (_, n) => Buffer.from(`${n}\n`));
const WORK: Readonly<Record<string, (database: Database) => Promise<unknown>>> = {
  'a query': (database) => database.query('select 1'),
  'queries beside each other': (database) => Promise.all([1, 2, 3].map((n) => database.query('select $1::int', [n]))),
  'a transaction': (database) =>
    database.transaction(async (transaction) => {
      await transaction.query('insert into lost values (1)');
      await transaction.query('select count(*) from lost');
    }),
  'rows in': (database) => database.copyIn('copy lost (n) from stdin', rows(1000)),
  'rows out': async (database) => {
    for await (const _ of database.copyOut('copy (select generate_series(1, 50000)) to stdout'));
  },
};

describe.each(Object.keys(WORK))('a session that ends with any answer of the server to %s', (what) => {
  it.each([true, false])('is told as what it is and ends no process (the server says farewell: %s)', async (farewell) => {
    let refused = 0;
    for (let after = 1; after <= MOST_ANSWERS; after++) {
      const proxy = await cuttingProxy(test.url, { after, farewell });
      try {
        const database = await openDatabase({ url: proxy.url, migrate: false, max: 2 });
        try {
          await WORK[what](database);
        } finally {
          await database.close();
        }
      } catch (error) {
        refused++;
        expect(error).toMatchObject({ type: 'StorageUnavailable', message: expect.stringContaining('127.0.0.1') });
      }
      await proxy.close();
      if (proxy.answers < after) break;
    }
    expect(refused).toBeGreaterThan(1);
    expect(uncaught).toEqual([]);
  });
});
