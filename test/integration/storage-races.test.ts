import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { importTicks } from '../../src/activities/stages/import-ticks.ts';
import type { TickFile } from '../../src/files/read/read-tick-file.ts';
import { oneMarket } from '../../src/files/read/tick-source.ts';
import { writeBackup } from '../../src/storage/backup/backup.ts';
import { prune } from '../../src/storage/backup/prune.ts';
import type { Database, Transaction } from '../../src/storage/database/database.ts';
import { recordRunStart } from '../../src/storage/runs/runs.ts';
import { coverageRecords } from '../../src/storage/ticks/coverage.ts';
import { collections, SYMBOL, stageCollection } from '../faults/data-state.ts';
import { sampleConfig } from '../report/sample-run.ts';
import { empty, type TestDatabase, testDatabase } from '../support/postgres.ts';
import { silent } from '../support/silent.ts';
import { collect, DAY, HOUR, runStages, START, trade } from '../support/stage-run.ts';

let test: TestDatabase;
let folder: string;
beforeAll(async () => {
  test = await testDatabase();
  folder = await mkdtemp(join(tmpdir(), 'predictlab-races-'));
});
afterAll(async () => {
  await test.close();
  await rm(folder, { recursive: true, force: true });
});
beforeEach(() => empty(test.database, ['symbols', 'instruments', 'ledger', 'runs', 'staging_batches', 'staged_rows', 'ticks']));

it('a backup contains the ticks that its coverage claims, whatever is pruned while it reads', async () => {
  const [first] = collections(1);
  await stageCollection(test.database, 'first', first);
  await runStages(test.database, { executionId: 'first', symbol: SYMBOL });
  const { rows } = await test.database.query<{ count: number }>('select count(*)::int as count from ticks');
  let pruning: Promise<unknown> | undefined;
  const watched = (transaction: Transaction): Transaction => ({
    ...transaction,
    query: (...args: Parameters<Transaction['query']>) => transaction.query(...args),
    copyOut: (sql: string) => {
      // at the first table: the others are still to be read
      pruning ??= prune(test.database, { ticks: START + 90 * DAY });
      return transaction.copyOut(sql);
    },
  });
  const database = { ...test.database, query: test.database.query.bind(test.database) } as Database;
  database.transaction = (work) => test.database.transaction((transaction) => work(watched(transaction)));
  const { tables } = await writeBackup(database, join(folder, 'a.backup'), { reports: join(folder, 'none') });
  expect(rows[0].count).toBeGreaterThan(0);
  expect(tables.ticks).toBe(rows[0].count);
  await pruning;
  expect((await test.database.query<{ count: number }>('select count(*)::int as count from ticks')).rows[0].count).toBe(0);
});

it('staged rows of an open run are not pruned, however old; those of an unknown run are', async () => {
  await recordRunStart(test.database, { runId: 'open', executionId: 'open', input: {}, config: sampleConfig(['RAIN']), startedAt: START });
  for (const executionId of ['open', 'gone']) await collect(test.database, { executionId, rows: [trade(START, 0.5)] });
  await test.database.query("update staging_batches set created_at = now() - interval '3 hours'");
  await prune(test.database, { staging: Date.now() - HOUR });
  const { rows } = await test.database.query<{ id: string }>('select execution_id as id from staging_batches');
  expect(rows).toEqual([{ id: 'open' }]);
});

it('an import of several files claims coverage for the range of each file, not for the gaps between the files', async () => {
  const file = (path: string, from: number) => ({
    path,
    kind: 'trade',
    outcomes: ['Yes', 'No'],
    async *batches() {
      yield { rows: [trade(from, 0.5), trade(from + DAY, 0.6)], lines: [2, 3] };
    },
  });
  const [january, march] = [Date.UTC(2026, 0, 1), Date.UTC(2026, 2, 1)];
  const paths = ['january.csv', 'march.csv'].map((name) => join(folder, name));
  // an import remembers a file by its size and time of change
  for (const path of paths) await writeFile(path, '');
  await importTicks({
    database: test.database,
    log: silent,
    symbol: 'GAP',
    source: oneMarket([file(paths[0], january), file(paths[1], march)] as unknown as TickFile[]),
    asOf: Date.UTC(2026, 5, 1),
    market: 'probability',
    onBatch: () => undefined,
  });
  const spans = (await coverageRecords(test.database)).map(({ from, to }) => [from, to]);
  expect(spans).toEqual([
    [january, january + DAY + 1],
    [march, march + DAY + 1],
  ]);
});
