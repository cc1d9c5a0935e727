import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { importTicks } from '../../src/activities/stages/import-ticks.ts';
import { openTickFile } from '../../src/files/read/read-tick-file.ts';
import { oneMarket } from '../../src/files/read/tick-source.ts';
import type { Database } from '../../src/storage/database/database.ts';
import { openDatabase } from '../../src/storage/database/open-database.ts';
import { cuttingProxy } from '../support/cutting-proxy.ts';
import { empty, type TestDatabase, testDatabase } from '../support/postgres.ts';
import { silent } from '../support/silent.ts';

let test: TestDatabase;
let folder: string;
let file: string;
const others: NodeJS.UncaughtExceptionListener[] = [];
const uncaught: unknown[] = [];
const keep = (error: unknown): void => void uncaught.push(error);
beforeAll(async () => {
  test = await testDatabase();
  await test.database.query('create table lost (n int)');
  folder = await mkdtemp(path.join(tmpdir(), 'predictlab-lost-'));
  file = path.join(folder, 'mine.csv');
  const rows = Array.from({ length: FILE_ROWS }, (_, n) => `${new Date(1_700_000_000_000 + n * 60_000).toISOString()},0.${(n % 98) + 1},1`);
  await writeFile(file, ['time,price,size', ...rows].join('\n'));
  // an uncaught exception would end a worker
  for (const listener of process.listeners('uncaughtException')) others.push(listener);
  process.removeAllListeners('uncaughtException').on('uncaughtException', keep);
});
afterAll(async () => {
  process.off('uncaughtException', keep);
  for (const listener of others) process.on('uncaughtException', listener);
  await test.close();
  await rm(folder, { recursive: true, force: true });
});

/** A long answer comes in many pieces. */
const MAX_ANSWERS = 25;

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

const FILE_ROWS = 3000;
const importing = async (database: Database): Promise<unknown> =>
  await importTicks({
    database,
    log: silent,
    symbol: 'MINE',
    source: oneMarket([await openTickFile(file, { batchSize: 1000 })]),
    market: 'probability',
    asOf: Date.now(),
    onBatch: () => undefined,
  });

describe('an import whose database session is closed by the server', () => {
  it('has stored everything or nothing, reports why, and succeeds when repeated', async () => {
    const stored = async (): Promise<number> => (await test.database.query('select from ticks')).rowCount ?? 0;
    const seen = new Set<number>();
    for (let after = 1, answers = Number.POSITIVE_INFINITY; after <= answers; after += after < 12 ? 1 : 3) {
      await empty(test.database, ['ticks', 'tick_hours', 'coverage', 'instruments', 'symbols', 'staged_rows']);
      const proxy = await cuttingProxy(test.url, { after, farewell: after % 2 === 0 });
      const failure = await openDatabase({ url: proxy.url, migrate: false, max: 2 }).then(
        async (database) => {
          const failed = await importing(database).then(
            () => undefined,
            (error: unknown) => error,
          );
          await database.close();
          return failed;
        },
        (error: unknown) => error,
      );
      if (failure !== undefined)
        expect(failure).toMatchObject({ type: 'StorageUnavailable', message: expect.stringContaining('127.0.0.1') });
      const rows = await stored();
      expect([0, FILE_ROWS]).toContain(rows);
      seen.add(rows);
      await importing(test.database);
      expect(await stored()).toBe(FILE_ROWS);
      answers = failure === undefined ? after : Number.POSITIVE_INFINITY;
      await proxy.close();
    }
    expect(seen).toEqual(new Set([0, FILE_ROWS]));
    expect(uncaught).toEqual([]);
  });
});

describe.each(Object.keys(WORK))('a session that the server closes at any of its answers to %s', (what) => {
  it.each([true, false])('is reported as a lost connection and ends no process (announced by the server: %s)', async (farewell) => {
    let refused = 0;
    for (let after = 1; after <= MAX_ANSWERS; after++) {
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
