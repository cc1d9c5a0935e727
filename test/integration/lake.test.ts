import { cpSync, existsSync, renameSync, rmSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import { EVERYTHING } from '../../src/cli/backtest/export-filter.ts';
import { exportTable } from '../../src/cli/backtest/export-tables.ts';
import type { CandidateRow } from '../../src/contracts/market-data.ts';
import { filesBelow, sha256Of } from '../../src/files/dataset/write-folder.ts';
import { encodeCsv } from '../../src/files/write/write-table.ts';
import { prune } from '../../src/storage/backup/prune.ts';
import type { Database } from '../../src/storage/database/database.ts';
import { moveTicks } from '../../src/storage/lake/move-ticks.ts';
import { stageGrain } from '../../src/storage/staging/settle-grains.ts';
import { lastTicks, pricePaths } from '../../src/storage/ticks/symbol-rows.ts';
import { verifyData } from '../../src/storage/verify/verify.ts';
import { predictlab } from '../cli/run-main.ts';
import { seeded } from '../faults/data-state.ts';
import { scratchFolder } from '../files/scratch.ts';
import { empty, type TestDatabase, testDatabase } from '../support/postgres.ts';
import { collect, DAY, HOUR, instrument, runStages, START, trade } from '../support/stage-run.ts';

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

it('shows the same ticks, candles, coverage and prices after ticks moved to the lake', async () => {
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

it('stores late, corrected, repeated and finer rows of a month that has moved as if it had not', async () => {
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
});

it('continues an export --since last across a move, also when moved rows were corrected between two exports', async () => {
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

it('says in one sentence what is wrong with the folder, and never shows fewer rows', async () => {
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
  await move(elsewhere);
  expect((await exported()).out).toBe(shown.out);
  // a copy has other times of change, and the same bytes
  const file = join(elsewhere, 'month=2026-11/venue=polymarket/part-0001.parquet');
  utimesSync(file, new Date(), new Date());
  expect((await exported()).out).toBe(shown.out);
  cpSync(file, join(folder.path, 'intact'));
  truncateSync(file, 100);
  expect(await exported()).toMatchObject({ code: 2, err: expect.stringContaining('of the lake was changed since it was written') });
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

it('lets one process move ticks at a time, whose files no other removes', async () => {
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

it('keeps files that a database restored from an older backup does not list', async () => {
  const lake = join(folder.path, 'shared');
  await stored('a', trades(8, 50, 'a'));
  await move(lake);
  // the control stands for a database that was restored from a backup before November moved
  await control.database.query('insert into lake (folder, revision) values ($1, 1)', [lake]);
  await expect(prune(control.database, { ticks: AFTER_NOVEMBER })).rejects.toThrow(/which this database did not write/);
  await same();
  const copy = join(folder.path, 'copy');
  cpSync(lake, copy, { recursive: true });
  rmSync(join(copy, 'manifest.json'));
  await prune(control.database, { ticks: AFTER_NOVEMBER }, { lake: copy });
  await same();
});
