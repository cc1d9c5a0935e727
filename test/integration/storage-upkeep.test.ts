import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { PipelineResult } from '../../src/contracts/run/pipeline-status.ts';
import type { RunConfig } from '../../src/contracts/run/run-config.ts';
import { saveBacktests } from '../../src/storage/backtests/backtests.ts';
import { saveWalkForward } from '../../src/storage/backtests/walk-forwards.ts';
import { writeBackup } from '../../src/storage/backup/backup.ts';
import { PRUNABLE, prune } from '../../src/storage/backup/prune.ts';
import { verifyBackup } from '../../src/storage/backup/read-backup.ts';
import { restoreBackup } from '../../src/storage/backup/restore.ts';
import { readCandles } from '../../src/storage/candles/candles.ts';
import type { Database } from '../../src/storage/database/database.ts';
import { endRun, recordRefusal, recordRunStart } from '../../src/storage/runs/runs.ts';
import { mergeStaged } from '../../src/storage/staging/merge-staged.ts';
import { stagingBatches } from '../../src/storage/staging/staging.ts';
import { coverageOf, withdrawCoverage } from '../../src/storage/ticks/coverage.ts';
import { ensurePartitions } from '../../src/storage/ticks/partitions.ts';
import { verifyData } from '../../src/storage/verify/verify.ts';
import { collections, dataState, SYMBOL, stageCollection } from '../faults/data-state.ts';
import { empty, type TestDatabase, testDatabase } from '../support/postgres.ts';
import { collect, DAY, HOUR, instrument, runStage, runStages, START, trade } from '../support/stage-run.ts';

let test: TestDatabase;
let other: TestDatabase;
let folder: string;
beforeAll(async () => {
  [test, other] = await Promise.all([testDatabase(), testDatabase()]);
  folder = await mkdtemp(join(tmpdir(), 'predictlab-upkeep-'));
});
afterAll(async () => {
  await Promise.all([test.close(), other.close()]);
  await rm(folder, { recursive: true, force: true });
});
beforeEach(() => empty(test.database, ['symbols', 'instruments', 'ledger', 'runs', 'staged_rows', 'ticks']));

/** A symbol with ticks, candles, bad rows, and rows still in staging. */
async function fill(): Promise<void> {
  const [first, second] = collections(1);
  await stageCollection(test.database, 'first', first);
  await runStages(test.database, { executionId: 'first', symbol: SYMBOL });
  await stageCollection(test.database, 'second', second);
}

describe('backup and restore', () => {
  it('stop at once with the reason when the file cannot be written', async () => {
    await collect(test.database, { executionId: 'a', rows: Array.from({ length: 5000 }, (_, i) => trade(START + i, 0.5)) });
    const writing = writeBackup(test.database, join(folder, 'none', 'all.backup'), { reports: folder });
    await expect(writing).rejects.toMatchObject({ type: 'BadInput', message: expect.stringContaining('cannot be written') });
  });

  it.skipIf(!existsSync('/dev/full'))(
    'end at once when the disk fills up while tables are read, and the database stays usable',
    async () => {
      await test.database.query(`insert into refused_runs (execution_id, run_id, input, reasons, started_at)
      select md5(i::text), 'r', to_jsonb(repeat(md5(random()::text), 8)), '[]', now() from generate_series(1, 30000) i`);
      await expect(writeBackup(test.database, '/dev/full', { reports: folder })).rejects.toMatchObject({
        type: 'BadInput',
        message: expect.stringContaining('free some disk space'),
      });
      expect((await test.database.query('delete from refused_runs')).rowCount).toBe(30_000);
    },
  );

  it('restore every row and report, and runs can continue from there', async () => {
    await fill();
    const reports = join(folder, 'reports');
    await mkdir(join(reports, 'run'), { recursive: true });
    await writeFile(join(reports, 'run', 'index.html'), '<p>hello');
    const file = join(folder, 'all.backup');
    const written = await writeBackup(test.database, file, { reports });
    expect(written).toMatchObject({ tables: { staging_batches: 2, symbols: 0 }, reports: 1 });
    expect(await verifyBackup(file)).toMatchObject(written.tables);

    const restored = await restoreBackup(other.database, file, { reports: join(folder, 'elsewhere'), replace: false });
    expect(restored).toEqual(written);
    expect(await dataState(other.database)).toEqual(await dataState(test.database));
    expect(await readFile(join(folder, 'elsewhere', 'run', 'index.html'), 'utf8')).toBe('<p>hello');
    for (const { database } of [test, other]) await runStages(database, { executionId: 'second', symbol: SYMBOL });
    expect(await dataState(other.database)).toEqual(await dataState(test.database));

    await expect(restoreBackup(other.database, file, { reports, replace: false })).rejects.toMatchObject({
      type: 'BadInput',
      message: expect.stringContaining('--replace'),
    });
    await restoreBackup(other.database, file, { reports, replace: true });
  });

  it('change nothing in the database when the file is truncated or damaged', async () => {
    await fill();
    const file = join(folder, 'whole.backup');
    await writeBackup(test.database, file, { reports: join(folder, 'none') });
    const before = await dataState(test.database);
    const whole = gunzipSync(await readFile(file));
    const damaged = Buffer.from(whole);
    damaged[damaged.length - 4_000] ^= 1;
    for (const [name, content] of [
      ['cut', gzipSync(whole.subarray(0, whole.length / 2))],
      ['damaged', gzipSync(damaged)],
      ['other', Buffer.from('hello')],
    ] as const) {
      const bad = join(folder, name);
      await writeFile(bad, content);
      await expect(restoreBackup(test.database, bad, { reports: folder, replace: true }), name).rejects.toThrow(
        'not a whole PredictLab backup',
      );
      await expect(verifyBackup(bad), name).rejects.toMatchObject({
        type: 'BadInput',
        message: expect.stringContaining('not a whole PredictLab backup'),
      });
    }
    expect(await dataState(test.database)).toEqual(before);
  });
});

describe('prune', () => {
  it('lists exactly what it would remove, deletes nothing in a dry run, and removes ticks up to a Monday with their coverage', async () => {
    const rows = [trade(START - 40 * DAY, 0.1), trade(START - 1, 0.2), trade(START + DAY, 0.3), trade(START + 8 * DAY, 0.4)];
    const key = await collect(test.database, { executionId: 'a', rows, covered: { from: START - 41 * DAY, to: START + 9 * DAY } });
    await runStages(test.database, { executionId: 'a', asOf: START + 9 * DAY });
    const before = { ticks: START + 2 * DAY };
    const asked = await prune(test.database, before, { dryRun: true });
    expect(asked).toEqual([{ what: 'ticks', before: START, rows: 2 }]);
    expect((await test.database.query('select 1 from ticks')).rowCount).toBe(4);
    expect(await prune(test.database, before)).toEqual(asked);
    expect((await test.database.query('select 1 from ticks')).rowCount).toBe(2);
    expect(await coverageOf(test.database, key, 'trade')).toEqual([{ from: START, to: START + 9 * DAY }]);
    // candles of pruned ticks stay, as they are
    await runStage(test.database, 'kline', { executionId: 'b', asOf: START + 9 * DAY });
    const daily = await readCandles(test.database, { instrumentKey: key, priceType: 'trade', interval: '1d' });
    expect(Array.from(daily.complete)).toEqual([1, 1, 1, 1]);
    expect((await verifyData(test.database)).findings).toEqual([]);
  });

  it('only counts in a dry run: it waits for no lock, holds none and deletes nothing', async () => {
    const rows = [trade(START - 40 * DAY, 0.1), trade(START, 0.2)];
    await collect(test.database, { executionId: 'a', rows: [...rows, trade(START, 7)] });
    await runStages(test.database, { executionId: 'a', asOf: START + 9 * DAY });
    await recordRunStart(test.database, { runId: 'r', executionId: 'a', input: {}, config: {} as RunConfig, startedAt: START });
    await endRun(test.database, {
      executionId: 'a',
      result: { result: 'success', finishedAt: new Date(START).toISOString() } as PipelineResult,
    });
    await collect(test.database, { executionId: 'never-stored', rows });
    const later = Date.now() + DAY;
    const before = { ticks: later, candles: later, quarantine: later, runs: later, staging: later };
    const counted = await test.database.transaction(async (writer) => {
      // a store stage in progress, and a reader
      await writer.query('select from instrument_state for no key update');
      await writer.query('lock table ticks, candles, quarantine, runs, staged_rows in row exclusive mode');
      const looked: Database = {
        ...test.database,
        transaction: (work) =>
          test.database.transaction(async (transaction) => {
            await transaction.query("set local lock_timeout = '2s'");
            const done = await work(transaction);
            const { rows: locks } = await transaction.query<{ mode: string }>(
              "select distinct mode from pg_locks where pid = pg_backend_pid() and locktype = 'relation'",
            );
            expect(locks).toEqual([{ mode: 'AccessShareLock' }]);
            return done;
          }),
      };
      return await prune(looked, before, { dryRun: true });
    });
    expect(counted.map(({ what, rows: count }) => [what, count > 0])).toEqual(PRUNABLE.map((what) => [what, true]));
    expect(await prune(test.database, before)).toEqual(counted);
  });

  it('of candles alone leaves consistent data, and the candles can be built again', async () => {
    await collect(test.database, {
      executionId: 'a',
      rows: [trade(START, 0.5), trade(START + 2 * DAY, 0.6)],
      covered: { from: START, to: START + 3 * DAY },
    });
    await runStages(test.database, { executionId: 'a', asOf: START + 3 * DAY });
    await test.database.query(
      'insert into order_books (instrument, at) select key, $1::bigint + day * $2::bigint from instruments, generate_series(0, 3) day',
      [START, DAY],
    );
    expect(await prune(test.database, { candles: START + 2 * DAY })).toMatchObject([{ what: 'candles', rows: 4 }]);
    expect(
      (await test.database.query('select ((at - $1::bigint) / $2::bigint)::int as day from order_books order by 1', [START, DAY])).rows,
    ).toEqual([1, 2, 3].map((day) => ({ day })));
    expect((await verifyData(test.database)).findings).toEqual([]);
    await test.database.query('delete from candles where open_time >= $1', [START + 2 * DAY]);
    expect((await verifyData(test.database)).findings).toHaveLength(3);
  });

  it('of ticks keeps their candles until the ticks are collected again as completely', async () => {
    const rows = Array.from({ length: 48 }, (_, hour) => trade(START + hour * HOUR, (hour + 1) / 100));
    const week = { from: START, to: START + 7 * DAY };
    const key = await collect(test.database, { executionId: 'a', rows, covered: week });
    await runStages(test.database, { executionId: 'a', asOf: START + 8 * DAY });
    const candles = async () =>
      (
        await test.database.query(
          'select interval_minutes, open_time, open, high, low, close, trades, complete, coverage from candles order by 1, 2',
        )
      ).rows;
    const kept = await candles();
    expect(await prune(test.database, { ticks: START + 7 * DAY })).toMatchObject([{ rows: 48 }]);
    // the venue has only some of them left, and one that nobody had
    const again = [...rows.slice(30, 40), trade(START + 100 * HOUR, 0.9)];
    await collect(test.database, { executionId: 'b', rows: again, covered: { from: START + 30 * HOUR, to: START + 102 * HOUR } });
    await runStages(test.database, { executionId: 'b', asOf: START + 9 * DAY });
    const after = await candles();
    expect(after).toEqual(expect.arrayContaining(kept));
    expect(after.length).toBeGreaterThan(kept.length);
    expect((await verifyData(test.database)).findings).toEqual([]);
    // all of it again: what the venue has corrected since counts
    const corrected = rows.map((row, hour) => (hour === 3 ? { ...row, price: 0.99, identity: 'corrected' } : row));
    await collect(test.database, { executionId: 'c', rows: corrected, covered: week });
    await runStages(test.database, { executionId: 'c', asOf: START + 9 * DAY });
    const daily = await readCandles(test.database, { instrumentKey: key, priceType: 'trade', interval: '1d' });
    expect(daily.high[0]).toBe(0.99);
    expect((await verifyData(test.database)).findings).toEqual([]);
  });

  it('removes an ended run with its ledger, backtests and walk-forwards, removes refused runs, and keeps open runs', async () => {
    const run = (executionId: string) => ({ runId: executionId, executionId, input: {}, config: {} as RunConfig, startedAt: START });
    await recordRunStart(test.database, run('ended'));
    await recordRunStart(test.database, run('open'));
    await test.database.query("update runs set finished_at = to_timestamp(1000) where execution_id = 'ended'");
    const key = await collect(test.database, { executionId: 'collected', rows: [trade(START, 0.5)] });
    for (const executionId of ['ended', 'open']) {
      await runStages(test.database, { executionId });
      const series = { symbol: SYMBOL, instrumentKey: key, priceType: 'trade', interval: '1h' } as const;
      const result = { params: {}, metrics: {}, trades: [], equity: [], passport: {} };
      await test.database.transaction(async (transaction) => {
        await saveBacktests(transaction, { runId: executionId, executionId }, [{ ...series, ...result, strategy: 'rsi' }]);
        await saveWalkForward(
          transaction,
          { runId: executionId, executionId },
          { ...series, basis: '', result: { windows: [] }, curves: {} },
        );
      });
    }
    await recordRefusal(test.database, { ...run('refused'), reasons: [], startedAt: START - 1 });
    expect(await prune(test.database, { runs: START })).toEqual([{ what: 'runs', before: START, rows: 2 }]);
    for (const table of ['ledger', 'backtests', 'walk_forwards']) {
      const { rows } = await test.database.query(`select distinct execution_id from ${table}`);
      expect(rows, table).toEqual([{ execution_id: 'open' }]);
    }
  });

  it('removes rows that were collected long ago and never stored', async () => {
    await collect(test.database, { executionId: 'a', rows: [trade(START, 0.5), trade(START, 0.6)] });
    expect(await prune(test.database, { staging: Date.now() - HOUR })).toMatchObject([{ rows: 0 }]);
    expect(await prune(test.database, { staging: Date.now() + HOUR })).toMatchObject([{ rows: 2 }]);
    expect((await test.database.query('select 1 from staged_rows')).rowCount).toBe(0);
  });
});

describe('merging the staged rows of several instruments', () => {
  it('lets Postgres plan each batch with all kinds of joins, so that the plan of one batch does not last into the next', async () => {
    for (const id of ['polymarket:0x1', 'polymarket:0x2'])
      await collect(test.database, { executionId: 'a', instrument: instrument(id), rows: [trade(START, 0.5)] });
    await ensurePartitions(test.database, [Math.floor(START / DAY)]);
    const seen: unknown[] = [];
    await test.database.transaction(async (transaction) => {
      await mergeStaged(transaction, await stagingBatches(transaction, { executionId: 'a', symbol: 'RAIN' }), {
        days: [Math.floor(START / DAY)],
        onChunk: () => undefined,
        onMerged: async () => {
          for (const name of ['enable_hashjoin', 'enable_mergejoin', 'enable_seqscan'])
            seen.push(...(await transaction.query(`show ${name}`)).rows.map((row) => row[name] as unknown));
        },
      });
    });
    expect(seen).toEqual(Array(6).fill('on'));
  });
});

describe('the check of stored data', () => {
  it('warns when two venues price the same market the opposite way', async () => {
    const rows = (mirrored: boolean) =>
      Array.from({ length: 12 }, (_, i) => trade(START + i * HOUR, mirrored ? (80 - i) / 100 : (20 + i) / 100));
    const [one, other] = [instrument('polymarket:0x1'), instrument('predict:7', { source: 'predict', twins: ['polymarket:0x1'] })];
    await collect(test.database, { executionId: 'a', instrument: one, rows: rows(false) });
    await collect(test.database, { executionId: 'a', instrument: other, rows: rows(true) });
    await runStages(test.database, { executionId: 'a' });
    const { findings, warnings } = await verifyData(test.database);
    expect(findings).toEqual([]);
    expect(warnings.map(({ detail }) => detail)).toEqual([
      'predict:7 and its twin polymarket:0x1 add up to 1 (trades, 12 times): their outcomes are probably the wrong way round',
    ]);
  });

  it('finds no fault after coverage was withdrawn, nor after a reset workflow staged its rows again', async () => {
    const rows = [trade(START, 0.1), trade(START + 30 * HOUR, 0.2)];
    const key = await collect(test.database, { executionId: 'a', rows, covered: { from: START, to: START + 2 * DAY } });
    await runStages(test.database, { executionId: 'a', asOf: START + 3 * DAY });
    await test.database.transaction((transaction) => withdrawCoverage(transaction, key, START + DAY));
    await collect(test.database, { executionId: 'a', rows });
    const { findings, warnings } = await verifyData(test.database);
    expect(findings).toEqual([]);
    expect(warnings).toEqual([
      {
        detail: 'run: RAIN is stored, and 2 rows of a repeated collection are left in staging',
        action: expect.stringMatching(/^no data is missing; .*prune --staging/),
      },
    ]);
    // ticks before the withdrawal still have to lie in covered time
    await test.database.query("update coverage set ranges = '{}'");
    expect((await verifyData(test.database)).findings).toEqual([expect.stringMatching(/1 ticks lie in hours that count as not collected/)]);
  });

  it('finds no fault in data that the stages wrote', async () => {
    await fill();
    await runStages(test.database, { executionId: 'second', symbol: SYMBOL });
    const report = await verifyData(test.database);
    expect(report).toMatchObject({ series: 2, findings: [] });
    expect(report.candles).toBeGreaterThan(50);
    expect(await verifyData(test.database, { sample: 1 })).toMatchObject({ series: 1, findings: [] });
  });

  it('compares only the hours of the sampled instruments, and counts the ticks that it read', async () => {
    const ids = ['polymarket:0x1', 'polymarket:0x2'];
    for (const id of ids) await collect(test.database, { executionId: 'a', instrument: instrument(id), rows: [trade(START, 0.5)] });
    await runStages(test.database, { executionId: 'a', intervals: ['1h'] });
    const { rows: series } = await test.database.query<{ key: number; id: string }>('select key, id from instruments order by key');
    await test.database.query('update tick_hours set ticks = 7');
    await test.database.query('update coverage set ranges = int8multirange(int8range(0, null))');
    const wrong = (id: string) => `${id} ${new Date(START).toISOString()}: 1 ticks, 7 were noted`;
    expect(await verifyData(test.database, { sample: 1 })).toMatchObject({ series: 1, ticks: 1, findings: [wrong(series[0].id)] });
    expect(await verifyData(test.database)).toMatchObject({ series: 2, ticks: 2, findings: ids.map(wrong) });
    // a sample of more series than are up to date is one of all these series, not of all instruments
    await test.database.query('delete from candle_series where instrument = $1', [series[1].key]);
    expect(await verifyData(test.database, { sample: 20 })).toMatchObject({ series: 1, ticks: 1, findings: [wrong(series[0].id)] });
    expect(await verifyData(test.database)).toMatchObject({ series: 1, ticks: 1, findings: ids.map(wrong) });
  });

  it('reports a candle that contradicts its ticks, a missing candle, and wrong counts', async () => {
    await collect(test.database, {
      executionId: 'a',
      rows: [trade(START, 0.5), trade(START + HOUR, 0.6)],
      covered: { from: START, to: START + 3 * HOUR },
    });
    await runStages(test.database, { executionId: 'a', intervals: ['1h'] });
    await test.database.query('update candles set high = 0.9 where open_time = $1', [START]);
    await test.database.query('delete from candles where open_time = $1', [START + HOUR]);
    await test.database.query('update tick_hours set ticks = 7 where hour = $1', [START / HOUR]);
    const { findings } = await verifyData(test.database);
    const at = (time: number) => new Date(time).toISOString();
    expect(findings).toEqual([
      `polymarket:0x1 trade 1h ${at(START)}: high is 0.9, its ticks say 0.5`,
      `polymarket:0x1 trade 1h ${at(START + HOUR)}: the candle is missing`,
      `polymarket:0x1 ${at(START)}: 1 ticks, 7 were noted`,
    ]);
  });
});
