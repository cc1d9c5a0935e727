import { cpSync, existsSync, renameSync, rmSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import { EVERYTHING } from '../../src/cli/backtest/export-filter.ts';
import { exportTable } from '../../src/cli/backtest/export-tables.ts';
import type { CandidateRow } from '../../src/contracts/market-data.ts';
import { filesBelow, sha256Of } from '../../src/files/dataset/write-folder.ts';
import { encodeCsv } from '../../src/files/write/write-table.ts';
import { writeBackup } from '../../src/storage/backup/backup.ts';
import { prune } from '../../src/storage/backup/prune.ts';
import { restoreBackup } from '../../src/storage/backup/restore.ts';
import type { Database, Queryable } from '../../src/storage/database/database.ts';
import { lakeOf } from '../../src/storage/lake/lake.ts';
import { moveTicks } from '../../src/storage/lake/move-ticks.ts';
import { stageGrain } from '../../src/storage/staging/settle-grains.ts';
import { lastTicks, pricePaths } from '../../src/storage/ticks/symbol-rows.ts';
import { verifyData } from '../../src/storage/verify/verify.ts';
import { predictlab } from '../cli/run-main.ts';
import { seeded } from '../faults/data-state.ts';
import { scratchFolder } from '../files/scratch.ts';
import { empty, type TestDatabase, testDatabase } from '../support/postgres.ts';
import { collect, DAY, HOUR, instrument, runStage, runStages, START, trade } from '../support/stage-run.ts';
import { until } from '../support/until.ts';

const folder = scratchFolder();
/** The database whose ticks move, and one in which the same is stored and nothing moves. */
let test: TestDatabase;
let control: TestDatabase;
beforeAll(async () => {
  [test, control] = [await testDatabase(), await testDatabase()];
  vi.stubEnv('DATABASE_URL', test.url);
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await test.close();
  await control.close();
});
beforeEach(async () => {
  for (const { database } of [test, control])
    await empty(database, ['symbols', 'instruments', 'ledger', 'runs', 'staged_rows', 'ticks', 'lake', 'lake_files']);
});

const OTHER = instrument('kalshi:KXRAIN', { source: 'kalshi', title: 'Snow?' });
/** November is over by then. */
const AFTER_NOVEMBER = Date.UTC(2026, 11, 20);
const point = (time: number, price: number, grain: number): CandidateRow =>
  trade(time, price, { kind: 'price', size: null, side: null, identity: 'point', grain });

async function stored(
  executionId: string,
  rows: readonly CandidateRow[],
  { market = instrument(), symbol = 'RAIN', intervals = ['1h', '1d', '1w'] as const, grain = 0 } = {},
): Promise<void> {
  for (const { database } of [test, control]) {
    const covered = { from: START, to: START + 44 * DAY };
    const key = await collect(database, { executionId, symbol, rows, instrument: market, covered });
    if (grain > 0)
      await database.transaction((transaction) =>
        stageGrain(transaction, { executionId, symbol, instrumentKey: key, grain, range: { from: START, to: START + 3 * DAY } }),
      );
    await runStages(database, { executionId, symbol, asOf: START + 60 * DAY, intervals: [...intervals] });
  }
}

const csvOf = async (database: Database, name: 'ticks' | 'candles' | 'coverage', byInstrument = false): Promise<string> =>
  await database.transaction(async (transaction) => {
    let text = '';
    for await (const part of encodeCsv(exportTable(name, transaction, { ...EVERYTHING, byInstrument }))) text += part;
    return text;
  });

/** All that readers of ticks see, and the result of the checks. */
async function view(database: Database): Promise<Record<string, unknown>> {
  const { rows } = await database.query<{ key: number; id: string }>('select key, id from instruments order by id');
  const ids = new Map(rows.map(({ key, id }) => [key, id]));
  const keys = rows.map(({ key }) => key);
  const wanted = rows.map(({ key }) => ({ instrumentKey: key, kind: 'trade' as const, from: START, to: START + 40 * DAY }));
  const last = await lastTicks(database, {
    keys: [...keys, ...keys],
    kinds: [...keys.map(() => 'trade' as const), ...keys.map(() => 'price' as const)],
    until: START + 20 * DAY,
  });
  const paths = await pricePaths(database, { wanted, stretches: 7 });
  const named = (found: ReadonlyMap<number, unknown>): [string | undefined, unknown][] =>
    [...found].map(([key, one]): [string | undefined, unknown] => [ids.get(key), one]).sort(([a = ''], [b = '']) => a.localeCompare(b));
  const plain = (value: unknown): unknown =>
    JSON.parse(JSON.stringify(value, (name, each: unknown) => (name === 'instrument' || name === 'seq' ? undefined : each)));
  const { findings, ticks, candles } = await verifyData(database);
  return {
    ticks: await csvOf(database, 'ticks'),
    sorted: await csvOf(database, 'ticks', true),
    candles: await csvOf(database, 'candles'),
    coverage: await csvOf(database, 'coverage'),
    last: plain(named(last)),
    paths: plain(named(paths)),
    checks: { findings, ticks, candles },
  };
}

const inDatabase = async (): Promise<number> =>
  (await test.database.query<{ n: number }>('select count(*)::int as n from ticks')).rows[0].n;
const move = (lake?: string) => prune(test.database, { ticks: AFTER_NOVEMBER }, { lake });
const same = async (): Promise<void> => expect(await view(test.database)).toEqual(await view(control.database));

/** Trades over November and the first days of December, several at one time. */
function trades(seed: number, count: number, id: string): readonly CandidateRow[] {
  const random = seeded(seed);
  return Array.from({ length: count }, (_, i) =>
    trade(START + Math.floor(random() * 40 * 24) * HOUR + (i % 3), Math.round(random() * 1000) / 1000, {
      identity: `${id}${i}`,
      tradeId: `${id}${i}`,
      outcome: i % 5 === 0 ? 'No, "really"' : null,
      ...(i % 4 === 0 && { size: null, side: null }),
    }),
  ).sort((a, b) => (a.time as number) - (b.time as number));
}

it('moving ticks to the lake leaves the shown ticks, candles, coverage and prices the same', async () => {
  await stored('a', trades(1, 400, 'a'));
  await stored('b', trades(2, 200, 'b'), { market: OTHER });
  await stored('c', trades(2, 200, 'b'), { market: OTHER, symbol: 'SNOW' });
  await stored(
    'd',
    Array.from({ length: 30 }, (_, i) => point(START + i * HOUR, 0.5, 3600)),
    { grain: 3600 },
  );
  const before = await inDatabase();
  const lake = join(folder.path, 'lake');
  const counted = await prune(test.database, { ticks: AFTER_NOVEMBER }, { dryRun: true, lake });
  expect(existsSync(lake)).toBe(false);
  expect(await move(lake)).toEqual(counted);
  expect(before - (await inDatabase())).toBe(counted[0].rows);
  expect(counted[0].rows).toBeGreaterThan(300);
  await same();
  expect(await predictlab('verify', lake)).toMatchObject({ code: 0 });
  // candles of a new interval are built from both
  for (const { database } of [test, control])
    await runStages(database, { executionId: 'e', asOf: START + 60 * DAY, intervals: ['1h', '1d', '1w', '4h'] });
  await same();
  const published = async (name: string): Promise<readonly string[]> => {
    const out = join(folder.path, name);
    expect(await predictlab('publish', out)).toMatchObject({ code: 0 });
    expect(await predictlab('verify', out)).toMatchObject({ code: 0 });
    return await Promise.all((await filesBelow(out)).map((file) => sha256Of(join(out, file))));
  };
  const withLake = await published('with');
  vi.stubEnv('DATABASE_URL', control.url);
  expect(await published('without')).toEqual(withLake);
  vi.stubEnv('DATABASE_URL', test.url);
});

it('a month in the lake stores late, corrected, repeated and finer rows like a month that was not moved', async () => {
  const lake = join(folder.path, 'merged');
  await stored('a', trades(3, 300, 'a'));
  await stored('b', trades(4, 100, 'b'), { market: OTHER });
  await stored(
    'c',
    Array.from({ length: 48 }, (_, i) => point(START + i * HOUR, 0.4, 3600)),
    { grain: 3600 },
  );
  await move(lake);
  const corrected = trades(3, 300, 'a').map((row, i) => (i % 50 === 0 ? { ...row, price: 0.111 } : row));
  await stored('d', [...corrected, trade(START + 5 * DAY, 0.9)]);
  await stored(
    'e',
    Array.from({ length: 96 }, (_, i) => point(START + (i * HOUR) / 2, 0.3, 60)),
    { grain: 60 },
  );
  await same();
  const [recalled] = await move();
  expect(recalled.rows).toBeGreaterThan(200);
  await same();
  expect((await filesBelow(lake)).filter((file) => file.endsWith('.parquet'))).toEqual([
    'month=2026-11/venue=kalshi/part-0001.parquet',
    'month=2026-11/venue=polymarket/part-0002.parquet',
  ]);
  expect(await move()).toMatchObject([{ rows: 0 }]);
  // rows of a month that is not in the lake leave it as it is: a move that runs meanwhile need not start again
  const before = await lakeOf(test.database);
  await stored('f', [trade(START + 40 * DAY, 0.5)]);
  expect(await lakeOf(test.database)).toEqual(before);
});

it('an export with --since last continues across a move, also when moved rows were corrected between two exports', async () => {
  const [out, whole] = [join(folder.path, 'grown'), join(folder.path, 'whole')];
  const exportTo = (to: string, ...more: readonly string[]) =>
    predictlab('export', 'ticks', '--partition-by', 'month,venue', '--format', 'parquet', '--out', to, ...more);
  await stored('a', trades(5, 100, 'a'));
  await move(join(folder.path, 'under'));
  await exportTo(out, '--since', 'last');
  await stored('b', [{ ...trades(5, 100, 'a')[0], price: 0.222 }]);
  await move();
  await exportTo(out, '--since', 'last');
  await exportTo(whole);
  expect((await filesBelow(out)).length).toBe((await filesBelow(whole)).length);
  expect(await predictlab('verify', out)).toMatchObject({ code: 0 });
  const rowsIn = async (to: string) => (await import('../support/read-parquet.ts')).readParquet(join(to, '**/*.parquet'));
  expect((await rowsIn(out)).map((row) => JSON.stringify(row)).sort()).toEqual(
    (await rowsIn(whole)).map((row) => JSON.stringify(row)).sort(),
  );
});

it('a damaged lake is reported in one sentence, and never shows fewer rows', async () => {
  const [lake, elsewhere] = [join(folder.path, 'here'), join(folder.path, 'elsewhere')];
  await stored('a', trades(6, 50, 'a'));
  await move(lake);
  const exported = () => predictlab('export', 'ticks');
  const shown = await exported();
  renameSync(lake, elsewhere);
  expect(await exported()).toMatchObject({
    code: 3,
    err: expect.stringMatching(/part-0001.parquet of the lake is missing; attach its disk/),
  });
  await expect(move()).rejects.toThrow(/part-0001.parquet of the lake is missing; attach its disk/);
  await move(elsewhere);
  expect((await exported()).out).toBe(shown.out);
  // a copy has other times of change, and the same bytes
  const file = join(elsewhere, 'month=2026-11/venue=polymarket/part-0001.parquet');
  utimesSync(file, new Date(), new Date());
  expect((await exported()).out).toBe(shown.out);
  cpSync(file, join(folder.path, 'intact'));
  truncateSync(file, 100);
  expect(await exported()).toMatchObject({ code: 2, err: expect.stringContaining('of the lake was changed since it was written') });
  await expect(move()).rejects.toThrow('of the lake was changed since it was written; copy it back from a backup');
  rmSync(file);
  cpSync(join(folder.path, 'intact'), file);
  // files that are not committed are ignored, and removed by the next move
  const stray = join(elsewhere, 'month=2026-11/venue=polymarket/part-0009.parquet');
  writeFileSync(stray, 'half');
  expect((await exported()).out).toBe(shown.out);
  await move();
  expect(existsSync(stray)).toBe(false);
  const other = join(folder.path, 'export');
  await predictlab('export', 'ticks', '--partition-by', 'month', '--format', 'parquet', '--out', other);
  await empty(test.database, ['lake', 'lake_files']);
  await expect(move(other)).rejects.toThrow(/holds another data set; name a new folder/);
  await expect(predictlab('prune', '--quarantine', '1y', '--lake', other)).resolves.toMatchObject({
    code: 2,
    err: expect.stringContaining('add --ticks'),
  });
});

it('only one process at a time moves ticks, and no other process removes its files', async () => {
  const lake = join(folder.path, 'turns');
  await stored('a', trades(7, 50, 'a'));
  const second: unknown[] = [];
  await moveTicks(test.database, {
    before: AFTER_NOVEMBER,
    folder: lake,
    async onStep(step) {
      if (step === 'placed' || step === 'committed') second.push(await move(lake).catch((error: Error) => error.message));
    },
  });
  await same();
  expect(second).toEqual(Array.from({ length: 2 }, () => expect.stringContaining('another process moves ticks')));
});

it('files that are unknown to a database restored from an older backup are kept', async () => {
  const lake = join(folder.path, 'shared');
  await stored('a', trades(8, 50, 'a'));
  await move(lake);
  // the control stands for a database that was restored from a backup before November moved
  const { rows } = await test.database.query('select id from lake');
  await control.database.query('insert into lake (id, folder, revision) values ($1, $2, 1)', [rows[0].id, lake]);
  await expect(prune(control.database, { ticks: AFTER_NOVEMBER })).rejects.toThrow(/which this database did not write/);
  await same();
  const copy = join(folder.path, 'copy');
  cpSync(lake, copy, { recursive: true });
  rmSync(join(copy, 'manifest.json'));
  await prune(control.database, { ticks: AFTER_NOVEMBER }, { lake: copy });
  await same();
});

it('a lake that another database has claimed is refused, even before that database has moved ticks there', async () => {
  const lake = join(folder.path, 'named-first');
  await stored('a', trades(9, 50, 'a'));
  await prune(control.database, { ticks: Date.UTC(2025, 0, 1) }, { lake });
  await expect(move(lake)).rejects.toThrow(`${lake} is the lake of another database; name another folder with --lake`);
  await same();
  // neither the refused folder is recorded, nor does a later prune move ticks there
  await move(join(folder.path, 'own'));
  await same();
  await expect(prune(control.database, { ticks: AFTER_NOVEMBER }, { lake: join(folder.path, 'own') })).rejects.toThrow(
    'of another database',
  );
  await prune(control.database, { ticks: AFTER_NOVEMBER });
  await same();
});

it('an instrument that is new to a month is stored while the month is moved', async () => {
  const lake = join(folder.path, 'stored-meanwhile');
  await stored('a', trades(10, 50, 'a'));
  for (const { database } of [test, control]) {
    await collect(database, {
      executionId: 'b',
      rows: trades(11, 50, 'b'),
      instrument: OTHER,
      covered: { from: START, to: START + 44 * DAY },
    });
    await runStage(database, 'clean', { executionId: 'b' });
    await runStage(database, 'store', {
      executionId: 'b',
      asOf: START + 60 * DAY,
      ...(database === test.database && { probe: async (at: string) => void (at === 'store 2: claimed' && (await move(lake))) }),
    });
  }
  await same();
  expect(await move()).not.toMatchObject([{ rows: 0 }]);
  await same();
});

it('a month is written again when its ticks have changed after they were written', async () => {
  const lake = join(folder.path, 'changed-meanwhile');
  await stored('a', trades(13, 50, 'a'));
  const steps: string[] = [];
  await moveTicks(test.database, {
    before: AFTER_NOVEMBER,
    folder: lake,
    onStep: async (step) => {
      if (step === 'placed' && !steps.includes('placed')) await stored('b', trades(14, 20, 'b'));
      steps.push(step);
    },
  });
  expect(steps.filter((step) => step === 'written' || step === 'committed')).toEqual(['written', 'written', 'committed']);
  await same();
});

it('last prices and the prices of short markets are read from one state while a month is moved', async () => {
  const lake = join(folder.path, 'read');
  for (const read of ['last', 'paths'] as const) {
    await stored(read, trades(12, 50, read), { market: instrument(`polymarket:${read}`) });
    let moving: Promise<unknown> | undefined;
    const isWaiting = async (): Promise<boolean> =>
      (
        await control.database.query(
          'select from pg_locks l join pg_database d on d.oid = l.database where not granted and d.datname = $1',
          [new URL(test.url).pathname.slice(1)],
        )
      ).rowCount !== 0;
    // after the first query the month moves, unless something prevents it
    const moves = <Q extends Queryable>(queryable: Q): Q =>
      Object.assign(Object.create(queryable) as Q, {
        query: async (...query: Parameters<Queryable['query']>) => {
          const result = await queryable.query(...query);
          if (moving === undefined) {
            let isDone = false;
            moving = move(lake).finally(() => (isDone = true));
            await until(async () => isDone || (await isWaiting()));
          }
          return result;
        },
      });
    const database = Object.assign(moves(test.database), {
      transaction: <T>(work: Parameters<Database['transaction']>[0]) =>
        test.database.transaction(async (transaction) => (await work(moves(transaction))) as T),
    });
    const readFrom = async (from: Database): Promise<unknown> => {
      const { rows } = await control.database.query<{ key: number }>('select key from instruments where id = $1', [`polymarket:${read}`]);
      const keys = rows.map(({ key }) => key);
      const found =
        read === 'last'
          ? await lastTicks(from, { keys, kinds: ['trade'], until: START + 20 * DAY })
          : await pricePaths(from, {
              wanted: [{ instrumentKey: keys[0], kind: 'trade', from: START, to: START + 40 * DAY }],
              stretches: 7,
            });
      return [...found.values()].map((one) => JSON.stringify(one).replaceAll(/"(instrument|seq)":\d+,?/g, ''));
    };
    expect(await readFrom(database)).toEqual(await readFrom(control.database));
    await moving;
    await same();
  }
});

it('a restored backup has its lake, and only one of the two databases can move ticks on', async () => {
  const [lake, file, reports] = [join(folder.path, 'backed-up'), join(folder.path, 'one.backup'), join(folder.path, 'reports')];
  await stored('a', trades(13, 100, 'a'));
  await move(lake);
  const wanted = await view(test.database);
  await writeBackup(test.database, file, { reports });
  await restoreBackup(control.database, file, { reports, replace: true });
  expect(await view(control.database)).toEqual(wanted);
  // the restored database merges a late row; the other one is then kept from writing over its files
  await collect(control.database, { executionId: 'late', rows: [trade(START + 5 * DAY, 0.9)] });
  await runStages(control.database, { executionId: 'late', asOf: START + 60 * DAY });
  const late = await csvOf(control.database, 'ticks');
  expect(await prune(control.database, { ticks: AFTER_NOVEMBER })).not.toMatchObject([{ rows: 0 }]);
  expect(await csvOf(control.database, 'ticks')).toBe(late);
  await expect(move()).rejects.toThrow(/part-0001.parquet of the lake is missing/);
  await expect(csvOf(test.database, 'ticks')).rejects.toThrow(/part-0001.parquet of the lake is missing/);
});
