import { createWriteStream } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { gunzipSync, gzipSync } from 'node:zlib';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Json } from '../../src/contracts/run/pipeline-input.ts';
import { writeBackup } from '../../src/storage/backup/backup.ts';
import { encodeFrame, sealed } from '../../src/storage/backup/backup-format.ts';
import { verifyBackup } from '../../src/storage/backup/read-backup.ts';
import { restoreBackup } from '../../src/storage/backup/restore.ts';
import type { Database } from '../../src/storage/database/database.ts';
import { openDatabase } from '../../src/storage/database/open-database.ts';
import { collections, dataState, SYMBOL, seeded, stageCollection } from '../faults/data-state.ts';
import { damage } from '../storage/backup/damages.ts';
import { type TestDatabase, testDatabase } from '../support/postgres.ts';
import { collect, runStages, START, trade } from '../support/stage-run.ts';
import { patience, worlds } from '../support/worlds.ts';

const DAMAGES = worlds(33);

let test: TestDatabase;
let folder: string;
let file: string;
let whole: Buffer;
let before: Record<string, string>;
beforeAll(async () => {
  test = await testDatabase();
  folder = await mkdtemp(join(tmpdir(), 'predictlab-damages-'));
  const [first, second] = collections(1);
  await stageCollection(test.database, 'first', first);
  await runStages(test.database, { executionId: 'first', symbol: SYMBOL });
  await stageCollection(test.database, 'second', second);
  const reports = join(folder, 'reports');
  await rm(reports, { recursive: true, force: true });
  file = join(folder, 'whole.backup');
  await writeBackup(test.database, file, { reports });
  whole = await readFile(file);
  before = await dataState(test.database);
});
afterAll(async () => {
  await test.close();
  await rm(folder, { recursive: true, force: true });
});

const restore = (path: string, database = test.database) =>
  restoreBackup(database, path, { reports: join(folder, 'restored'), replace: true });

describe('a damaged backup', () => {
  it(
    `is never accepted and changes nothing (${DAMAGES} kinds of damage)`,
    async () => {
      expect(await verifyBackup(file)).toBeDefined();
      const random = seeded(20_261_125);
      const bad = join(folder, 'bad.backup');
      let asked = 0;
      const watched: Database = { ...test.database, transaction: (work) => (asked++, test.database.transaction(work)) };
      for (let n = 0; n < DAMAGES; n++) {
        const { name, content } = damage(whole, n, random);
        await writeFile(bad, content);
        const refusal = {
          type: 'BadInput',
          message: expect.stringMatching(/bad\.backup is not a whole PredictLab backup: .*; take another copy$/s),
        };
        await expect(verifyBackup(bad), name).rejects.toMatchObject(refusal);
        await expect(restore(bad, watched), name).rejects.toMatchObject(refusal);
      }
      expect(asked).toBe(0);
      expect(await dataState(test.database)).toEqual(before);
      expect(await readdir(folder)).not.toContain('restored');
    },
    patience(600_000),
  );

  it('is recognised when its parts differ from its header, whatever caused the difference', async () => {
    const head = {
      predictlab: 'backup',
      format: 3,
      migrations: [{ version: 1, name: '0001-tables.sql', sha256: '' }],
      partitions: [],
      tables: [],
    };
    const tail = { rows: 0, bytes: 0, sha256: 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855' };
    const end = { end: true };
    const crafted: readonly (readonly unknown[])[] = [
      [null],
      [1],
      [[]],
      [{ predictlab: 'backup' }],
      [{ ...head, format: 0 }, end],
      [{ ...head, format: '1' }, end],
      [{ ...head, tables: undefined }, end],
      [{ ...head, tables: [{}] }, end],
      [{ ...head, tables: [{ table: 'symbols; drop table ticks', columns: [] }] }, end],
      [{ ...head, tables: [{ table: 'symbols', columns: ['a"b'] }] }, end],
      [{ ...head, partitions: ['ticks_2026_13'] }, end],
      [{ ...head, migrations: {} }, end],
      [head, null],
      [head, { table: 'symbols' }, tail, end],
      [{ ...head, tables: [{ table: 'symbols', columns: ['symbol'] }] }, end],
      [head, { file: '../outside' }, tail, end],
      [head, { file: '/etc/outside' }, tail, end],
      [head, { file: 'a/../../outside' }, tail, end],
      [head, { file: 'a' }, null, end],
      [head, { file: 'a' }, { ...tail, rows: 1 }, end],
      [head, { file: 'a' }, tail, { file: 'a' }, tail, end],
      [head, end, end],
      [head],
    ];
    const bad = join(folder, 'crafted.backup');
    for (const frames of crafted) {
      await writeFile(bad, gzipSync(Buffer.concat(frames.map((json) => encodeFrame({ json: json as null })))));
      await expect(restore(bad), JSON.stringify(frames)).rejects.toMatchObject({
        type: 'BadInput',
        message: expect.stringContaining('not a whole PredictLab backup'),
      });
    }
    expect(await dataState(test.database)).toEqual(before);
  });
});

describe('restoring a backup', () => {
  it('is refused in one sentence when the backup has other or newer tables', async () => {
    const inside = gunzipSync(whole);
    const end = 5 + inside.readUInt32BE(1);
    const head = JSON.parse(inside.subarray(5, end).toString()) as {
      migrations: readonly { version: number; name: string; sha256: string }[];
    };
    const [first] = head.migrations;
    const other = join(folder, 'other.backup');
    const another = /other\.backup was written by another version of PredictLab, .*; restore it with that version, .*export.*import/;
    const newer = /other\.backup was written by a newer version of PredictLab; update this one \([\d.]+\) first$/;
    for (const [change, message] of [
      // as PredictLab 0.1 wrote them
      [{ format: 2, migrations: [1, 2, 3] }, another],
      [{ migrations: [{ ...first, sha256: '0'.repeat(64) }] }, another],
      [{ migrations: [...head.migrations, { version: 9000, name: '9000-late.sql', sha256: '0' }] }, newer],
      [{ format: 9 }, newer],
    ] as const) {
      const bytes = Buffer.concat([encodeFrame({ json: { ...head, ...change } as unknown as Json }), inside.subarray(end)]);
      await pipeline(sealed(Readable.from([gzipSync(bytes)])), createWriteStream(other));
      await expect(restore(other)).rejects.toMatchObject({ type: 'BadInput', message: expect.stringMatching(message) });
      expect(await dataState(test.database)).toEqual(before);
    }
  });

  it('succeeds when the database returns the restored rows in another order', async () => {
    const source = await testDatabase();
    const target = await testDatabase();
    try {
      const id = (i: number): string => (i % 3 === 0 ? `${i}`.padStart(16, '0') : `${i}`.padStart(36, '0'));
      const rows = Array.from({ length: 2_000 }, (_, i) => trade(START + i * 60_000, 0.5, { identity: id(i), tradeId: id(i) }));
      await collect(source.database, { executionId: 'a', rows });
      await runStages(source.database, { executionId: 'a' });
      // what pruning and corrections leave behind: holes, and rows that moved into them
      await source.database.query('delete from ticks where seq % 5 = 0');
      await source.database.query('vacuum ticks');
      await source.database.query("update ticks set outcome = repeat('x', 60 + (seq % 40)::int) where seq % 7 = 0");
      const backup = join(folder, 'mixed.backup');
      const made = await writeBackup(source.database, backup, { reports: folder });
      const restored = await restoreBackup(target.database, backup, { reports: join(folder, 'mixed'), replace: false });
      expect(restored.tables).toEqual(made.tables);
      const order = 'select seq from ticks order by tableoid::regclass::text, ctid';
      expect((await target.database.query(order)).rows).not.toEqual((await source.database.query(order)).rows);
      expect(await dataState(target.database)).toEqual(await dataState(source.database));
    } finally {
      await Promise.all([source.close(), target.close()]);
    }
  });

  it('succeeds with a backup from before all order books were kept, with the one order book of each instrument', async () => {
    const source = await testDatabase();
    const target = await testDatabase();
    try {
      await collect(source.database, { executionId: 'a', rows: [trade(START, 0.5)] });
      await source.database.query(`update instruments set facts = facts || '{"book": {"at": 7000, "bid": 0.4, "ask": 0.6}}'`);
      await source.database.query('drop table order_books');
      const backup = join(folder, 'before-looks.backup');
      await writeBackup(source.database, backup, { reports: folder });
      await restoreBackup(target.database, backup, { reports: join(folder, 'before-looks'), replace: false });
      const { rows } = await target.database.query('select at::int, bid, ask from order_books');
      expect(rows).toEqual([{ at: 7000, bid: 0.4, ask: 0.6 }]);
    } finally {
      await Promise.all([source.close(), target.close()]);
    }
  });

  it('is refused while workers are connected, with the processes to stop', async () => {
    const worker = await openDatabase({ url: test.url, applicationName: 'predictlab-worker', max: 1 });
    await worker.query('select 1');
    await expect(restore(file)).rejects.toMatchObject({
      type: 'BadInput',
      message: 'the database is in use (a connection of workers): stop the workers, then restore, then start them again',
    });
    await worker.close();
    expect(await dataState(test.database)).toEqual(before);
  });

  it('waits for a concurrent store stage that locks its tables in another order, and neither of them fails', async () => {
    const store = new Client({ connectionString: test.url, application_name: 'store' });
    await store.connect();
    await store.query('begin');
    await store.query('lock table tick_hours in row exclusive mode');
    const restoring = restore(file);
    await new Promise((resolve) => setTimeout(resolve, 300));
    await store.query("set local lock_timeout = '20s'");
    await store.query('lock table candles, coverage, instruments, ticks in row exclusive mode');
    await store.query('commit');
    await store.end();
    await restoring;
    expect(await dataState(test.database)).toEqual(before);
  });
});
