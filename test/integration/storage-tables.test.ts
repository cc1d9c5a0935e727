import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { createRunSettings } from '../../src/activities/run/run-settings.ts';
import type { CatalogueEntry } from '../../src/contracts/catalogue.ts';
import type { Json } from '../../src/contracts/run/pipeline-input.ts';
import type { PipelineResult } from '../../src/contracts/run/pipeline-status.ts';
import type { RunConfig } from '../../src/contracts/run/run-config.ts';
import { type BacktestRecord, readBacktests, saveBacktests } from '../../src/storage/backtests/backtests.ts';
import { databaseUrlOf } from '../../src/storage/database/database-url.ts';
import { appliedMigrations, databaseMark, migrate, readMigrations } from '../../src/storage/database/migrate.ts';
import { openDatabase } from '../../src/storage/database/open-database.ts';
import { importSymbols, listSymbols, removeSymbol, setEnabled, symbolsByName } from '../../src/storage/markets/catalogue.ts';
import { instrumentById, instrumentsOf, saveInstruments } from '../../src/storage/markets/instruments.ts';
import { recordCustomEffect, recordLostEffects } from '../../src/storage/runs/ledger/custom-effects.ts';
import {
  commitEffect,
  discardUnstored,
  effectsOf,
  findEffect,
  meanDurations,
  reusableEffects,
  successfulIntervals,
} from '../../src/storage/runs/ledger/ledger.ts';
import { lastErrors } from '../../src/storage/runs/run-rows.ts';
import { endRun, listRuns, recordRunStart, runOf } from '../../src/storage/runs/runs.ts';
import { clearStaging, stageCoverage, stagePage, stagingBatches } from '../../src/storage/staging/staging.ts';
import { coverageOf, coverageRecords, gapsOf, withdrawalsOf, withdrawCoverage } from '../../src/storage/ticks/coverage.ts';
import { freshness, pricePaths } from '../../src/storage/ticks/symbol-rows.ts';
import { hasTradesBefore } from '../../src/storage/ticks/ticks.ts';
import { administer, empty, type TestDatabase, testDatabase } from '../support/postgres.ts';
import { collect, HOUR, instrument, runStage, runStages, START, trade } from '../support/stage-run.ts';

let test: TestDatabase;
beforeAll(async () => {
  test = await testDatabase();
});
afterAll(() => test.close());
beforeEach(() => empty(test.database, ['symbols', 'instruments', 'ledger', 'runs', 'staged_rows', 'ticks']));

it('a database is recognised as the same one at any address', async () => {
  const [one, other] = [await testDatabase(), await testDatabase()];
  const again = await openDatabase({ url: one.url, max: 1 });
  const marks = await Promise.all([one.database, again, other.database].map(databaseMark));
  expect(marks[0]).toMatch(/^[0-9a-f]{8}$/);
  expect(marks[1]).toBe(marks[0]);
  expect(marks[2]).not.toBe(marks[0]);
  await again.close();
  await Promise.all([one.close(), other.close()]);
});

describe('opening a database', () => {
  it('migrates an empty database once, however many workers start at the same time', async () => {
    await administer(inject('postgresUrl'), `create database several_${process.pid}`);
    const url = databaseUrlOf(inject('postgresUrl'), `several_${process.pid}`);
    const opened = await Promise.all([1, 2, 3, 4].map(() => openDatabase({ url, max: 2 })));
    const { rows } = await opened[0].query<{ version: number }>('select version from schema_migrations order by version');
    await Promise.all(opened.map((database) => database.close()));
    expect(rows.map(({ version }) => version)).toEqual((await readMigrations()).map(({ version }) => version));
  });

  it('refuses in one sentence a database whose tables another version created, and changes nothing', async () => {
    const { database, url } = test;
    const tables = 'select table_name as name from information_schema.columns group by 1 order by 1';
    const refused = async (): Promise<void> => {
      const before = (await database.query(tables)).rows;
      for (const migrated of [true, false]) {
        await expect(openDatabase({ url, max: 1, migrate: migrated })).rejects.toMatchObject({
          type: 'BadInput',
          retryable: false,
          message: expect.stringMatching(
            /^the database at \S+\/test_\w+ was made by another version of PredictLab \(its 0001-tables\.sql is not that of \d+\.\d+\.\d+\) and was not touched; name a new database .*export.*import.*backup/,
          ),
        });
      }
      await expect(migrate(database)).rejects.toMatchObject({ type: 'BadInput' });
      expect((await database.query(tables)).rows).toEqual(before);
    };
    const applied = await appliedMigrations(database);
    await database.query("update schema_migrations set sha256 = repeat('0', 64)");
    await refused();
    // as PredictLab 0.1 recorded them
    await database.query('alter table schema_migrations drop column sha256');
    await database.query("update schema_migrations set name = '0002-readable-views.sql' where version = 2");
    await refused();
    await database.query('alter table schema_migrations add column sha256 text');
    for (const { version, name, sha256 } of applied)
      await database.query('update schema_migrations set name = $2, sha256 = $3 where version = $1', [version, name, sha256]);
    expect(await migrate(database)).toEqual([]);
  });

  it('works with any settings of the database or its role', async () => {
    const strange = await testDatabase();
    const name = strange.url.replace(/^.*\/(test_\w+).*$/, '$1');
    const settings = {
      datestyle: "'German, DMY'",
      timezone: "'Asia/Kathmandu'",
      intervalstyle: "'iso_8601'",
      extra_float_digits: '-15',
      array_nulls: 'off',
      standard_conforming_strings: 'off',
      default_transaction_isolation: "'serializable'",
    };
    for (const [setting, value] of Object.entries(settings)) await administer(test.url, `alter database ${name} set ${setting} = ${value}`);
    const other = await openDatabase({ url: strange.url, max: 2 });
    try {
      const ends: unknown[] = [];
      for (const database of [test.database, other]) {
        await collect(database, { executionId: 'a', rows: [trade(START, 0.1 + 0.2), trade(START + HOUR, 1 / 3, { side: null })] });
        const { store, kline } = await runStages(database, { executionId: 'a', asOf: START + 3 * HOUR, intervals: ['1h'] });
        await recordRunStart(database, { runId: 'r', executionId: 'a', input: {}, config: {} as RunConfig, startedAt: START });
        const [{ startedAt }] = await listRuns(database);
        const ticks = await database.query('select time, price, size, side from ticks order by time');
        ends.push({ store: store.output, kline: kline.output, startedAt, ticks: ticks.rows });
      }
      expect(ends[1]).toEqual(ends[0]);
    } finally {
      await other.close();
      await strange.close();
    }
  });

  it('fails with the address that does not answer, without the password', async () => {
    const opening = openDatabase({ url: 'postgresql://nobody:secret@127.0.0.1:1/predictlab' });
    await expect(opening).rejects.toMatchObject({
      type: 'StorageUnavailable',
      message: expect.stringMatching(/127\.0\.0\.1:1\/predictlab(?!.*secret)/),
    });
  });

  it('fails with a clear error for a database that does not exist', async () => {
    const url = databaseUrlOf(test.url, 'there_is_none');
    await expect(openDatabase({ url })).rejects.toMatchObject({
      type: 'StorageUnavailable',
      message: expect.stringContaining('there_is_none'),
    });
  });

  it('fails with the form of a database URL when the given URL is not valid', async () => {
    await expect(openDatabase({ url: 'my database' })).rejects.toMatchObject({
      type: 'BadInput',
      message: expect.stringContaining('postgresql://'),
    });
  });

  it('fails with a retryable error when the connection is interrupted', async () => {
    const cut = test.database.transaction(async (transaction) => {
      const { rows } = await transaction.query<{ pid: number }>('select pg_backend_pid() as pid');
      await administer(inject('postgresUrl'), `select pg_terminate_backend(${rows[0].pid})`);
      await transaction.query('select 1');
    });
    await expect(cut).rejects.toMatchObject({ type: 'StorageUnavailable', retryable: true });
    await expect(test.database.query('select 1')).resolves.toMatchObject({ rowCount: 1 });
  });
});

describe('the symbol catalogue', () => {
  const entry = (symbol: string, title = ''): CatalogueEntry => ({
    symbol,
    title,
    enabled: true,
    priority: 3,
    sources: { polymarket: [{ slug: symbol }] },
  });

  it('merges an import by symbol, or is replaced as a whole on request', async () => {
    expect(await importSymbols(test.database, [entry('A'), entry('B')])).toEqual({ added: 2, updated: 0, removed: 0 });
    expect(await importSymbols(test.database, [entry('B', 'new'), entry('C')])).toEqual({ added: 1, updated: 1, removed: 0 });
    expect((await listSymbols(test.database)).map(({ symbol, title }) => [symbol, title])).toEqual([
      ['A', ''],
      ['B', 'new'],
      ['C', ''],
    ]);
    expect(await importSymbols(test.database, [entry('C')], { replace: true })).toEqual({ added: 0, updated: 1, removed: 2 });
    expect(await listSymbols(test.database)).toEqual([entry('C')]);
  });

  it('can have its symbols turned on and off and removed', async () => {
    await importSymbols(test.database, [entry('A'), entry('B')]);
    expect(await setEnabled(test.database, ['A', 'X'], false)).toEqual(['A']);
    expect((await symbolsByName(test.database, ['A', 'X'])).get('A')?.enabled).toBe(false);
    expect(await removeSymbol(test.database, 'A')).toBe(true);
    expect(await removeSymbol(test.database, 'A')).toBe(false);
  });
});

describe('instruments', () => {
  it('keep their key when their facts change, and belong to every symbol that selected them', async () => {
    const first = await saveInstruments(test.database, 'RAIN', [
      instrument('polymarket:0x1'),
      instrument('predict:2', { source: 'predict' }),
    ]);
    const again = await saveInstruments(test.database, 'WET', [instrument('polymarket:0x1', { closed: true, title: 'It \u0000 rained' })]);
    expect(again.get('polymarket:0x1')).toBe(first.get('polymarket:0x1'));
    expect(await instrumentsOf(test.database, 'RAIN', ['polymarket'])).toEqual([
      { ...instrument('polymarket:0x1', { closed: true, title: 'It \ufffd rained' }), key: first.get('polymarket:0x1') },
    ]);
    expect(await instrumentsOf(test.database, 'RAIN', ['polymarket', 'predict'])).toHaveLength(2);
    expect((await instrumentById(test.database, 'predict:2'))?.key).toBe(first.get('predict:2'));
  });
});

describe('the staging tables', () => {
  it('replace a page and all later pages when an attempt continues from there', async () => {
    const key = (await saveInstruments(test.database, 'RAIN', [instrument()])).get('polymarket:0x1') as number;
    const page = (pageNumber: number, prices: readonly number[], order: 'newest-first' | 'oldest-first' = 'newest-first') =>
      stagePage(test.database, {
        executionId: 'a',
        symbol: 'RAIN',
        instrumentKey: key,
        pageNumber,
        order,
        rows: prices.map((price) => trade(START, price)),
      });
    await page(0, [0.9, 0.8]);
    await page(1, [0.7]);
    await page(2, [0.1, 0.2], 'oldest-first');
    await page(1, [0.6, 0.5]);
    const { rows } = await test.database.query<{ price: number }>('select price from staged_rows order by position');
    expect(rows.map(({ price }) => price)).toEqual([0.5, 0.6, 0.8, 0.9]);
    expect(await clearStaging(test.database, { executionId: 'a' })).toBe(4);
  });

  it('keep every field of a row as the source delivered it', async () => {
    const key = (await saveInstruments(test.database, 'RAIN', [instrument()])).get('polymarket:0x1') as number;
    const odd = trade(START, Number.NaN, {
      size: Number.POSITIVE_INFINITY,
      side: null,
      outcome: 'Ja, "klar"',
      tradeId: 'ü\t\\',
      raw: 'a\0b\n',
      time: null,
    });
    await stagePage(test.database, {
      executionId: 'a',
      symbol: 'RAIN',
      instrumentKey: key,
      pageNumber: 0,
      order: 'oldest-first',
      rows: [odd],
    });
    const { rows } = await test.database.query('select time, price, size, side, outcome, trade_id, raw, identity from staged_rows');
    expect(rows).toEqual([
      {
        time: null,
        price: Number.NaN,
        size: Number.POSITIVE_INFINITY,
        side: null,
        outcome: 'Ja, "klar"',
        trade_id: 'ü\t\\',
        raw: 'a\ufffdb\n',
        identity: odd.identity,
      },
    ]);
  });
});

describe('coverage', () => {
  it('merges ranges that touch, and lists the gaps between the others', async () => {
    const key = (await saveInstruments(test.database, 'RAIN', [instrument()])).get('polymarket:0x1') as number;
    for (const [executionId, from, to] of [
      ['first', 10, 20],
      ['first', 40, 50],
      ['second', 20, 30],
      ['second', 5, 12],
    ] as const)
      await stageCoverage(test.database, { executionId, symbol: 'RAIN', instrumentKey: key, kind: 'trade', ranges: [{ from, to }] });
    for (const executionId of ['first', 'second']) await runStage(test.database, 'store', { executionId });
    expect(await coverageOf(test.database, key, 'trade')).toEqual([
      { from: 5, to: 30 },
      { from: 40, to: 50 },
    ]);
    expect(await coverageOf(test.database, key, 'price')).toEqual([]);
    expect(await gapsOf(test.database, key, 'trade', { from: 0, to: 45 })).toEqual([
      { from: 0, to: 5 },
      { from: 30, to: 40 },
    ]);
    expect(await coverageRecords(test.database, { symbol: 'RAIN' })).toEqual([
      { symbol: 'RAIN', source: 'polymarket', instrument: 'polymarket:0x1', kind: 'trade', from: 5, to: 30, ticks: 0, evidence: 'walked' },
      { symbol: 'RAIN', source: 'polymarket', instrument: 'polymarket:0x1', kind: 'trade', from: 40, to: 50, ticks: 0, evidence: 'walked' },
    ]);
  });

  it('belong to their market when two markets share ids, and are looked up by market and horizon', async () => {
    const both = [instrument('polymarket:0x1'), instrument('polymarket:0x2')];
    const keys: number[] = [];
    for (const [index, one] of both.entries()) {
      const rows = [trade(START, 0.1 + index / 10, { identity: 'a' }), trade(START + (5 + index) * HOUR, 0.3, { identity: 'b' })];
      keys.push(await collect(test.database, { executionId: 'a', instrument: one, rows }));
    }
    await runStage(test.database, 'store', { executionId: 'a' });
    const { rows: stored } = await test.database.query('select instrument, identity, price from ticks order by instrument, time');
    expect(stored).toEqual([
      { instrument: keys[0], identity: 'a', price: 0.1 },
      { instrument: keys[0], identity: 'b', price: 0.3 },
      { instrument: keys[1], identity: 'a', price: 0.2 },
      { instrument: keys[1], identity: 'b', price: 0.3 },
    ]);
    const before = (key: number, time: number, since?: number) => hasTradesBefore(test.database, keys[key], time, since);
    const found = [
      before(0, START),
      before(0, START + HOUR),
      before(0, START + HOUR - 1),
      before(0, Number.POSITIVE_INFINITY),
      // trades beyond the horizon, or in its own hour, prove nothing
      before(0, START + 5 * HOUR, START + HOUR),
      before(0, START + 6 * HOUR, START + 5 * HOUR),
      before(1, START + 7 * HOUR, START + 5 * HOUR),
      before(1, START + 6 * HOUR, START + 5 * HOUR),
    ];
    expect(await Promise.all(found)).toEqual([false, true, false, true, false, false, true, false]);
  });

  it('are not duplicated when the venue spells its rows differently, while late rows and similar trades are stored', async () => {
    const row = (n: number, spelling: string) => trade(START + n * 1000, 0.4, { identity: `${spelling}${n}`, tradeId: null });
    const first = Array.from({ length: 30 }, (_, n) => row(n, 'a'));
    await collect(test.database, { executionId: 'first', rows: first });
    await runStage(test.database, 'store', { executionId: 'first' });
    // late rows, and some that happened in the same second at the same price
    await collect(test.database, { executionId: 'late', rows: [...first, ...Array.from({ length: 8 }, (_, n) => row(n, 'late'))] });
    expect((await runStage(test.database, 'store', { executionId: 'late' })).output).toMatchObject({ inserted: 8, duplicates: 30 });
    await collect(test.database, { executionId: 'other', rows: first.map((_, n) => row(n, 'b')) });
    await expect(runStage(test.database, 'store', { executionId: 'other' })).rejects.toMatchObject({
      type: 'SourceSchemaChanged',
      message: expect.stringMatching(/^polymarket:0x1: 30 stored trades came again under other identities .* only 0 as they are stored/),
    });
    expect((await test.database.query('select from ticks')).rowCount).toBe(38);
  });

  it('are not duplicated when the venue moves the times of its trades', async () => {
    const row = (n: number, later: number) =>
      trade(START + n * 1000 + later, 0.4 + n / 1000, { identity: `t${n}+${later}`, tradeId: `id${n}` });
    const rows = (later: number, count = 30) => Array.from({ length: count }, (_, n) => row(n, later));
    await collect(test.database, { executionId: 'first', rows: rows(0) });
    await runStage(test.database, 'store', { executionId: 'first' });
    await collect(test.database, { executionId: 'moved', rows: rows(400) });
    await expect(runStage(test.database, 'store', { executionId: 'moved' })).rejects.toMatchObject({
      type: 'SourceSchemaChanged',
      message: expect.stringMatching(/^polymarket:0x1: 30 stored trades came again with other times .* only 0 as they are stored/),
    });
    expect((await test.database.query('select from ticks')).rowCount).toBe(30);
    // several trades of one transaction, at its times, are trades of their own
    const others = Array.from({ length: 8 }, (_, n) => trade(START + n * 1000 + 500, 0.9, { identity: `other${n}`, tradeId: `id${n}` }));
    await collect(test.database, { executionId: 'others', rows: [...rows(0), ...others] });
    expect((await runStage(test.database, 'store', { executionId: 'others' })).output).toMatchObject({ inserted: 8, duplicates: 30 });
  });

  it('keeps the evidence of each range: a second look confirms it, a walk replaces what was inferred, and a withdrawal removes it', async () => {
    const instrumentKey = (await saveInstruments(test.database, 'RAIN', [instrument()])).get('polymarket:0x1') as number;
    const evidence = async () => {
      const records = await coverageRecords(test.database, { symbol: 'RAIN' });
      const view = await test.database.query('select evidence, ("from"), ("to") from readable_coverage order by 2');
      expect(view.rows.map(({ evidence: name }) => name as string)).toEqual(records.map(({ evidence: name }) => name));
      return records.map(({ from, to, evidence: name }) => [from, to, name]);
    };
    const looks = [
      ['first', 0, 100, 'inferred'],
      ['first', 20, 60, 'walked'],
      ['second', 30, 50, 'confirmed'],
      ['second', 80, 90, 'walked'],
      ['second', 40, 95, 'inferred'],
    ] as const;
    for (const [executionId, from, to, name] of looks)
      await stageCoverage(test.database, {
        executionId,
        symbol: 'RAIN',
        instrumentKey,
        kind: 'trade',
        ranges: [{ from, to, evidence: name }],
      });
    await runStage(test.database, 'store', { executionId: 'first' });
    expect(await evidence()).toEqual([
      [0, 20, 'inferred'],
      [20, 60, 'walked'],
      [60, 100, 'inferred'],
    ]);
    await runStage(test.database, 'store', { executionId: 'second' });
    expect(await evidence()).toEqual([
      [0, 20, 'inferred'],
      [20, 30, 'walked'],
      [30, 50, 'confirmed'],
      [50, 60, 'walked'],
      [60, 80, 'inferred'],
      [80, 90, 'walked'],
      [90, 100, 'inferred'],
    ]);
    expect(await coverageOf(test.database, instrumentKey, 'trade')).toEqual([{ from: 0, to: 100 }]);
    await test.database.transaction((transaction) => withdrawCoverage(transaction, instrumentKey, 40));
    expect(await evidence()).toEqual([
      [0, 20, 'inferred'],
      [20, 30, 'walked'],
      [30, 40, 'confirmed'],
    ]);
  });
});

describe('a withdrawal of coverage', () => {
  it('replaces earlier withdrawals from the same or a later time, for its own instrument only', async () => {
    const [one, other] = [
      ...(await saveInstruments(test.database, 'RAIN', [instrument('polymarket:a'), instrument('polymarket:b')])).values(),
    ];
    const withdraw = async (key: number, from: number) =>
      await test.database.transaction(async (transaction) => await withdrawCoverage(transaction, key, from));
    for (const [key, from] of [
      [other, 9],
      [other, 30],
      [one, 10],
      [one, 20],
      [one, 30],
      [one, 20],
    ])
      await withdraw(key, from);
    const { rows } = await test.database.query(
      'select instrument, number, withdrawn_from::float8 as "from" from coverage_withdrawals order by 1, 2',
    );
    expect(rows).toEqual([
      { instrument: one, number: 1, from: 10 },
      { instrument: one, number: 4, from: 20 },
      { instrument: other, number: 1, from: 9 },
      { instrument: other, number: 2, from: 30 },
    ]);
    expect(await withdrawalsOf(test.database, 'RAIN')).toEqual(
      new Map([
        [one, 4],
        [other, 2],
      ]),
    );
    expect(await withdrawalsOf(test.database, 'SNOW')).toEqual(new Map());
  });
});

describe('the price path of a market', () => {
  it('has the last price of each stretch of the requested range, for the requested market and kind only', async () => {
    const keys = new Map<string, number>();
    for (const [id, price] of [
      ['a', 0.1],
      ['b', 0.6],
    ] as const) {
      const rows = [0, 10, 19, 20, 39, 40, 41].map((time, i) =>
        trade(START + time, Number((price + i / 100).toFixed(2)), { identity: `${id}${i}` }),
      );
      const point = trade(START + 30, 0.99, { kind: 'price', side: null, size: null, identity: `${id}-point` });
      const both = [...rows.slice(0, 4), point, ...rows.slice(4)];
      const market = instrument(`polymarket:${id}`);
      keys.set(id, await collect(test.database, { symbol: id.toUpperCase(), executionId: `e${id}`, instrument: market, rows: both }));
      await runStages(test.database, { symbol: id.toUpperCase(), executionId: `e${id}` });
    }
    const instrumentKey = keys.get('a') as number;
    const pathOf = async (from: number, to: number, kind: 'trade' | 'price' = 'trade') => {
      const paths = await pricePaths(test.database, {
        wanted: [{ instrumentKey, kind, from: START + from, to: START + to }],
        stretches: 2,
      });
      return [...paths].map(([key, path]) => [key, path.map(({ time, price }) => [time - START, price])]);
    };
    expect(await pathOf(10, 40)).toEqual([
      [
        instrumentKey,
        [
          [20, 0.13],
          [40, 0.15],
        ],
      ],
    ]);
    expect(await pathOf(0, 40)).toEqual([
      [
        instrumentKey,
        [
          [19, 0.12],
          [40, 0.15],
        ],
      ],
    ]);
    expect(await pathOf(0, 60, 'price')).toEqual([[instrumentKey, [[30, 0.99]]]]);
    expect(await pathOf(42, 60)).toEqual([]);
  });
});

describe('the ledger', () => {
  const key = {
    runId: 'run',
    executionId: 'a',
    taskId: 'RAIN/kline',
    symbol: 'RAIN',
    stage: 'kline' as const,
    startedAt: Date.now() - 2_000,
    attempts: 1,
  };

  it('keeps nothing of a task whose work failed', async () => {
    const failing = commitEffect(test.database, key, async (transaction) => {
      await transaction.query("insert into symbols (symbol) values ('HALF')");
      throw new Error('no luck');
    });
    await expect(failing).rejects.toThrow('no luck');
    expect(await findEffect(test.database, key)).toBeUndefined();
    expect(await listSymbols(test.database)).toEqual([]);
  });

  it('makes a second worker wait for the first, and returns the effect of the first', async () => {
    const calls: number[] = [];
    const work = (n: number) =>
      commitEffect(test.database, key, async (transaction) => {
        calls.push(n);
        await transaction.query('select pg_sleep(0.1)');
        return { output: { n }, degraded: ['late'] };
      });
    const effects = await Promise.all([work(1), work(2), work(3)]);
    expect(calls).toHaveLength(1);
    expect(effects).toEqual(Array.from({ length: 3 }, () => ({ output: { n: calls[0] }, degraded: ['late'] })));
    expect(await findEffect(test.database, key)).toMatchObject({ output: { n: calls[0] }, attempts: 1, degraded: ['late'] });
    const means = await meanDurations(test.database);
    expect(means['RAIN/kline']).toBeGreaterThan(2);
    expect(means.kline).toBe(means['RAIN/kline']);
  });

  it('passes the work of a failed run, including staged rows, to a single retry', async () => {
    const rows = [trade(START, 0.5)];
    await collect(test.database, { executionId: 'first', rows });
    await commitEffect(test.database, { ...key, executionId: 'first', taskId: 'RAIN/collect', stage: 'collect' }, async () => ({
      output: { ticks: 1 },
    }));
    await runStage(test.database, 'clean', { executionId: 'first' });
    const retry = { runId: 'again', executionId: 'second' };
    const taken = await effectsOf(test.database, { executionId: 'first', takenOverBy: retry });
    expect([...taken.keys()].sort()).toEqual(['RAIN/clean', 'RAIN/collect']);
    expect(await effectsOf(test.database, { executionId: 'first', takenOverBy: retry })).toEqual(taken);
    expect(await effectsOf(test.database, { executionId: 'first', takenOverBy: { runId: 'third', executionId: 'third' } })).toEqual(
      new Map(),
    );
    expect((await runStage(test.database, 'store', { executionId: 'second' })).output).toMatchObject({ inserted: 1 });
  });

  it('passes nothing of a symbol that continued without a failed source to a retry, which collects that symbol again', async () => {
    const without = { ticks: 1, failedSources: { predict: 'predict answered 503' } };
    await collect(test.database, { executionId: 'first', rows: [trade(START, 0.5)] });
    const done = async (symbol: string, stage: 'collect' | 'store', output: Json) =>
      await commitEffect(test.database, { ...key, symbol, executionId: 'first', taskId: `${symbol}/${stage}`, stage }, async () => ({
        output,
      }));
    await done('RAIN', 'collect', without);
    await done('SUN', 'collect', without);
    await done('SUN', 'store', {});
    await done('SNOW', 'collect', { ticks: 1 });
    await done('SNOW', 'store', {});
    expect(await reusableEffects(test.database, 'first')).toEqual(['SNOW/collect', 'SNOW/store']);
    const taken = await effectsOf(test.database, { executionId: 'first', takenOverBy: { runId: 'again', executionId: 'second' } });
    expect([...taken.keys()]).toEqual(['SNOW/collect', 'SNOW/store']);
    expect(await stagingBatches(test.database, { executionId: 'second', symbol: 'RAIN' })).toEqual([]);
  });

  it('passes the error of the last failed attempt to a retry', async () => {
    const error = { type: 'StorageUnavailable', message: 'the disk was full' };
    const stored = { ...key, executionId: 'first', taskId: 'SUN/kline', symbol: 'SUN', attempts: 2, lastError: error };
    await commitEffect(test.database, stored, async () => ({ output: {} }));
    await effectsOf(test.database, { executionId: 'first', takenOverBy: { runId: 'again', executionId: 'second' } });
    expect(await lastErrors(test.database, 'second')).toEqual({ 'SUN/kline': error });
  });

  it('withdraws the coverage of rows that an aborted run collected but did not store', async () => {
    await collect(test.database, { executionId: 'a', rows: [trade(START, 0.5)] });
    await commitEffect(test.database, { ...key, taskId: 'RAIN/collect', stage: 'collect' }, async () => ({ output: { ticks: 1 } }));
    await commitEffect(test.database, { ...key, symbol: 'SUN', taskId: 'SUN/collect', stage: 'collect' }, async () => ({ output: {} }));
    await commitEffect(test.database, { ...key, symbol: 'SUN', taskId: 'SUN/store', stage: 'store' }, async () => ({ output: {} }));
    expect(await discardUnstored(test.database, { executionId: 'a' })).toBe(1);
    expect([...(await effectsOf(test.database, { executionId: 'a' })).keys()].sort()).toEqual(['SUN/collect', 'SUN/store']);
  });
});

describe('the ledger rows of custom tasks', () => {
  const key = {
    runId: 'run',
    executionId: 'a',
    taskId: 'notify',
    startedAt: START,
    attempts: 2,
    lastError: { type: 'Busy', message: 'no' },
  };
  const run = { runId: 'run', executionId: 'a', customTasks: ['notify', 'count', 'fails', 'never'] };
  const result = {
    runId: 'run',
    startedAt: new Date(START).toISOString(),
    taskResults: {
      notify: { status: 'success', attempts: 2, startedAt: new Date(START).toISOString(), durationSeconds: 1, output: { bytes: 4 } },
      count: {
        status: 'success',
        attempts: 1,
        startedAt: new Date(START).toISOString(),
        durationSeconds: 2.5,
        output: 3,
        degraded: ['late'],
      },
      fails: { status: 'failed', error: { type: 'Error', message: 'no' } },
    },
  } as unknown as PipelineResult;

  it('are written once, by a statement that does not wait for the disk', async () => {
    expect(await recordCustomEffect(test.database, key, { output: { bytes: 4 } })).toEqual({ output: { bytes: 4 } });
    expect(await recordCustomEffect(test.database, key, { output: { bytes: 5 } })).toEqual({ output: { bytes: 4 } });
    expect(await findEffect(test.database, key)).toMatchObject({ output: { bytes: 4 }, attempts: 2, startedAt: START });
    await test.database.transaction(async (transaction) => {
      await recordCustomEffect(transaction, { ...key, taskId: 'other' }, { output: null });
      expect((await transaction.query('show synchronous_commit')).rows).toEqual([{ synchronous_commit: 'off' }]);
    });
    const settings = await Promise.all(Array.from({ length: 20 }, () => test.database.query('show synchronous_commit')));
    expect(new Set(settings.map(({ rows }) => rows[0].synchronous_commit))).toEqual(new Set(['on']));
  });

  it('are written again from the run’s result when the database lost them', async () => {
    await recordCustomEffect(test.database, key, { output: { bytes: 4 } });
    expect(await recordLostEffects(test.database, { ...run, result })).toBe(1);
    expect(await findEffect(test.database, { executionId: 'a', taskId: 'count' })).toEqual({
      output: 3,
      degraded: ['late'],
      attempts: 1,
      startedAt: START,
      finishedAt: START + 2_500,
      durationSeconds: 2.5,
    });
    expect(await findEffect(test.database, { executionId: 'a', taskId: 'fails' })).toBeUndefined();
    expect(await recordLostEffects(test.database, { ...run, result })).toBe(0);
  });
});

describe('the recorded runs', () => {
  it('are listed newest first, and found by either id', async () => {
    const config = { symbols: [], asOf: START } as unknown as RunConfig;
    await recordRunStart(test.database, { runId: 'daily', executionId: 'e1', input: { daysBack: 2 }, config, startedAt: START });
    await recordRunStart(test.database, { runId: 'daily', executionId: 'e2', input: {}, config, startedAt: START + HOUR, retryOf: 'e1' });
    const result = {
      result: 'degraded',
      totalTasks: 6,
      statusBreakdown: { success: 6 },
      finishedAt: new Date(START + 5_000).toISOString(),
    };
    await endRun(test.database, { executionId: 'e1', result: result as unknown as PipelineResult });
    expect(await listRuns(test.database)).toMatchObject([
      { runId: 'daily', executionId: 'e2', result: null, finishedAt: null, totalTasks: null },
      { executionId: 'e1', result: 'degraded', durationSeconds: 5, totalTasks: 6, startedAt: new Date(START).toISOString() },
    ]);
    expect(await runOf(test.database, 'daily')).toMatchObject({ executionId: 'e2', retryOf: 'e1' });
    expect(await runOf(test.database, 'e1')).toMatchObject({ input: { daysBack: 2 }, status: result });
    expect(await runOf(test.database, 'none')).toBeUndefined();
  });

  it('count as successful for `--only-missing` up to the time from which coverage was withdrawn later', async () => {
    const config = { symbols: [{ symbol: 'RAIN' }], asOf: START + 8 * HOUR, daysBack: 1 } as unknown as RunConfig;
    const key = (await saveInstruments(test.database, 'RAIN', [instrument()])).get(instrument().id) as number;
    const run = async (id: string) => {
      await recordRunStart(test.database, { runId: id, executionId: id, input: {}, config, startedAt: START });
      await endRun(test.database, { executionId: id, result: { result: 'success', finishedAt: null } as unknown as PipelineResult });
    };
    const hours = [4, 8].map((hour) => ({ from: START + (hour - 4) * HOUR, to: START + hour * HOUR }));
    const good = async () => await successfulIntervals(test.database, { symbols: ['RAIN'], intervals: hours });
    const withdraw = async (hour: number) =>
      await test.database.transaction(async (transaction) => await withdrawCoverage(transaction, key, START + hour * HOUR));
    await withdraw(1);
    await run('before');
    expect(await good()).toEqual([true, true]);
    await withdraw(5);
    expect(await good()).toEqual([true, false]);
    // however long ago that was, and whatever was withdrawn since
    await test.database.query("update runs set finished_at = finished_at - interval '20 days'");
    await test.database.query("update coverage_withdrawals set at = at - interval '20 days'");
    await withdraw(20);
    expect(await good()).toEqual([true, false]);
    const kept = async () =>
      (
        await test.database.query<{ from: number }>(
          'select withdrawn_from::float8 as "from" from coverage_withdrawals where instrument = $1 order by number',
          [key],
        )
      ).rows.map(({ from }) => (from - START) / HOUR);
    expect(await kept()).toEqual([1, 5, 20]);
    await withdraw(5);
    expect(await kept()).toEqual([1, 5]);
    // a run that has walked it again
    await run('after');
    expect(await good()).toEqual([true, true]);
  });

  it('give their settings to their tasks, with one query per worker', async () => {
    const settings = { sourceTypes: ['file'], intervals: ['1h'], daysBack: 2, strategies: [], refetch: false, asOf: START };
    const config = {
      ...settings,
      symbols: [{ symbol: 'RAIN', priority: 3 }],
      tasks: [],
      stages: {},
      order: 'fifo',
    } as unknown as RunConfig;
    const run = { runId: 'daily', executionId: 'e1' };
    const settingsOf = createRunSettings(test.database);
    await expect(settingsOf(run)).rejects.toMatchObject({
      type: 'BadInput',
      message: "run daily is not in this worker's database: start every worker of a task queue with the same DATABASE_URL",
    });
    await recordRunStart(test.database, { ...run, input: {}, config, startedAt: START });
    expect(await settingsOf(run)).toEqual({ ...settings, order: 'fifo' });
    await test.database.query('truncate runs');
    expect(await settingsOf(run)).toMatchObject(settings);
  });
});

describe('the stored backtests', () => {
  it('are kept per run, and read from the newest run unless another run is requested', async () => {
    const instrumentKey = (await saveInstruments(test.database, 'RAIN', [instrument()])).get('polymarket:0x1') as number;
    const record = (sharpe: number | null): BacktestRecord => ({
      symbol: 'RAIN',
      instrumentKey,
      priceType: 'trade',
      interval: '1h',
      strategy: 'sma-cross',
      params: { fast: 10, slow: 30 },
      metrics: { sharpe },
      trades: [],
      equity: [[START, 10_000]],
      passport: { candles: 3 },
    });
    const save = (executionId: string, sharpe: number | null) =>
      test.database.transaction((transaction) => saveBacktests(transaction, { runId: 'run', executionId }, [record(sharpe)]));
    await save('e1', 1);
    await save('e1', 1.5);
    await save('e2', null);
    expect(await readBacktests(test.database, { symbol: 'RAIN' })).toEqual([
      { ...record(null), runId: 'run', executionId: 'e2', source: 'polymarket', instrument: 'polymarket:0x1' },
    ]);
    expect(await readBacktests(test.database, { executionId: 'e1' })).toMatchObject([{ metrics: { sharpe: 1.5 } }]);
  });
});

describe('the freshness of symbols', () => {
  it('is the age of the newest tick of each enabled symbol', async () => {
    await importSymbols(test.database, [{ symbol: 'RAIN', title: '', enabled: true, priority: 3, sources: {} }]);
    await collect(test.database, { executionId: 'a', rows: [trade(START, 0.5), trade(START + HOUR, 0.5)] });
    await runStages(test.database, { executionId: 'a' });
    expect(await freshness(test.database, START + HOUR + 5_000)).toEqual(new Map([['RAIN', 5]]));
  });
});
