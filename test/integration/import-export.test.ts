import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { importTicks } from '../../src/activities/stages/import-ticks.ts';
import { createKline } from '../../src/activities/stages/kline.ts';
import { workOutsideTemporal } from '../../src/activities/stages/stage-work.ts';
import { DAY_MS, type Interval } from '../../src/contracts/words.ts';
import { openTickFile } from '../../src/files/read/read-tick-file.ts';
import { oneMarket } from '../../src/files/read/tick-source.ts';
import { ownerMark } from '../../src/processes/owner-mark.ts';
import { fileInstrument } from '../../src/sources/file/file-instrument.ts';
import { saveInstruments } from '../../src/storage/markets/instruments.ts';
import { dropAbandonedImports } from '../../src/storage/staging/import-progress.ts';
import { clearStaging, stagePage } from '../../src/storage/staging/staging.ts';
import { predictlab } from '../cli/run-main.ts';
import { scratchFolder } from '../files/scratch.ts';
import { type TestDatabase, testDatabase } from '../support/postgres.ts';
import { readParquet } from '../support/read-parquet.ts';
import { silent } from '../support/silent.ts';
import { trade } from '../support/stage-run.ts';

const folder = scratchFolder();
let test: TestDatabase;
beforeAll(async () => {
  test = await testDatabase();
  vi.stubEnv('DATABASE_URL', test.url);
});
afterEach(() => vi.restoreAllMocks());
afterAll(async () => {
  vi.unstubAllEnvs();
  await test.close();
});

const ownInstrument = fileInstrument({ id: 'file:HALF', market: 'probability', title: '', outcomes: [], reference: '' });

const lines = (text: string): string[] => text.trim().split('\n');

/** The kline stage over what is stored, as a run would do it. */
async function buildCandles(symbol: string, intervals: readonly Interval[]): Promise<void> {
  const work = workOutsideTemporal({ log: silent, commit: (write) => test.database.transaction(write), record: async (effect) => effect });
  const settings = { sourceTypes: ['file'] as const, intervals, daysBack: 7, strategies: [], refetch: false, asOf: Date.now() };
  await createKline()({ runId: 'test', executionId: 'test', symbol, stage: 'kline', settings }, work);
}

describe('predictlab import ticks', () => {
  const rows = [
    'time,price,size,side,outcome',
    '2026-01-03T00:00:00Z,0.37,10,buy,No',
    '2026-01-02T00:00:00Z,0.5,1,buy,Yes',
    '2026-01-02T00:00:00Z,0.5,1,buy,Yes',
    '2026-01-02T00:00:00Z,1.5,1,buy,Yes',
    '2026-01-01T00:00:00Z,0.4',
  ];

  it('stores the good rows at once, quarantines the bad ones, and reports how many of each', async () => {
    const file = folder.write('rain.csv', rows.join('\n'));
    const { code, out } = await predictlab('import', 'ticks', file, '--symbol', 'RAIN', '--json');
    expect(code).toBe(0);
    expect(JSON.parse(out)).toEqual({
      symbol: 'RAIN',
      instrument: 'file:RAIN',
      rows: 5,
      inserted: 3,
      duplicates: 0,
      quarantined: 2,
      reasons: { 'price-range': 1, malformed: 1 },
      from: '2026-01-02T00:00:00.000Z',
      to: '2026-01-03T00:00:00.000Z',
    });
    expect(lines((await predictlab('export', 'ticks', '--symbol', 'RAIN')).out)).toEqual([
      'symbol,source,instrument,kind,time,price,size,side,outcome,trade_id',
      'RAIN,file,file:RAIN,trade,2026-01-02T00:00:00.000Z,0.5,1,buy,Yes,',
      'RAIN,file,file:RAIN,trade,2026-01-02T00:00:00.000Z,0.5,1,buy,Yes,',
      'RAIN,file,file:RAIN,trade,2026-01-03T00:00:00.000Z,0.63,10,sell,No,',
    ]);
    expect(lines((await predictlab('export', 'quarantine', '--symbol', 'RAIN')).out)).toEqual([
      'symbol,source,instrument,stage,reason,time,row',
      'RAIN,file,file:RAIN,clean,price-range,2026-01-02T00:00:00.000Z,"2026-01-02T00:00:00Z,1.5,1,buy,Yes"',
      'RAIN,file,file:RAIN,clean,malformed,,"2026-01-01T00:00:00Z,0.4"',
    ]);
  });

  it('changes nothing when the same file is imported again, and adds the new rows of a file that has grown', async () => {
    const again = await predictlab('import', 'ticks', join(folder.path, 'rain.csv'), '--symbol', 'RAIN', '--json');
    expect(again.json()).toMatchObject({ rows: 5, inserted: 0, duplicates: 3, quarantined: 2 });
    const grown = folder.write('rain-grown.csv', [rows[0], '2026-01-04T00:00:00Z,0.7,2,buy,Yes', ...rows.slice(1)].join('\n'));
    expect((await predictlab('import', 'ticks', grown, '--symbol', 'RAIN', '--json')).json()).toMatchObject({ inserted: 1, duplicates: 3 });
    // the bad rows are listed once, however often they were met
    expect(lines((await predictlab('export', 'quarantine', '--symbol', 'RAIN')).out)).toHaveLength(3);
  });

  it('imports a file that we exported as the same ticks', async () => {
    const exported = join(folder.path, 'exported.csv');
    expect((await predictlab('export', 'ticks', '--symbol', 'RAIN', '--out', exported)).code).toBe(0);
    const back = await predictlab('import', 'ticks', exported, '--symbol', 'RAIN', '--json');
    expect(back.json()).toMatchObject({ rows: 4, inserted: 0, duplicates: 4, quarantined: 0 });
  });

  it('adds the symbol to the catalogue and leaves an existing one unchanged', async () => {
    const catalogue = folder.write(
      'catalogue.json',
      JSON.stringify([{ symbol: 'KNOWN', title: 'Known before', priority: 1, sources: {} }]),
    );
    await predictlab('symbols', 'import', catalogue);
    await predictlab('import', 'ticks', join(folder.path, 'rain.csv'), '--symbol', 'KNOWN');
    const symbols = JSON.parse((await predictlab('symbols', 'list', '--json')).out) as {
      symbol: string;
      title: string;
      enabled: boolean;
    }[];
    expect(symbols).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ symbol: 'KNOWN', title: 'Known before' }),
        expect.objectContaining({ symbol: 'RAIN', enabled: true }),
      ]),
    );
  });

  it('keeps the stored outcome of a symbol, and refuses another one', async () => {
    const other = await predictlab('import', 'ticks', join(folder.path, 'rain.csv'), '--symbol', 'RAIN', '--first-outcome', 'No');
    expect(other).toMatchObject({ code: 2, out: '' });
    expect(other.err).toContain('file:RAIN already holds prices of Yes; import with --first-outcome Yes');
  });

  it('ends with exit code 2 and the reason when every row is bad', async () => {
    const file = folder.write('all-bad.csv', 'time,price\nx,0.5\ny,0.5\n');
    const { code, err, out } = await predictlab('import', 'ticks', file, '--symbol', 'BAD');
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toContain('none of its 2 rows can be read; line 2: time "x" cannot be read: times are ISO 8601');
    const range = folder.write('range.csv', 'time,price\n2026-01-01,5\n2026-01-02,6\n');
    const outside = await predictlab('import', 'ticks', range, '--symbol', 'BAD', '--market', 'probability');
    expect(outside).toMatchObject({ code: 2, out: expect.stringContaining('quarantined 2: price-range 2') });
    expect(outside.err).toContain('every one of the 2 rows is bad: price-range 2');
  });

  it('imports each market of a file by the column that names it, and refuses such a file without --by', async () => {
    const times = ['2026-01-01', '2026-01-02'];
    const rows = times.flatMap((time) => [`${time},The Reds,0.1`, `${time},Blue/Green,0.9`]);
    const file = folder.write('markets.csv', ['time,contract,price', ...rows].join('\n'));
    const refused = await predictlab('import', 'ticks', file, '--symbol', 'PARTY');
    expect(refused).toMatchObject({ code: 2, out: '', err: expect.stringContaining('the column contract names Blue/Green, and The Reds') });
    const { code, out } = await predictlab('import', 'ticks', file, '--symbol', 'PARTY', '--by', 'contract', '--json');
    expect({ code, ...JSON.parse(out) }).toMatchObject({
      code: 0,
      symbol: 'PARTY',
      by: 'contract',
      rows: 4,
      inserted: 4,
      instruments: [{ instrument: 'file:PARTY-The-Reds' }, { instrument: 'file:PARTY-Blue-Green', rows: 2 }],
    });
    const exported = lines((await predictlab('export', 'ticks', '--symbol', 'PARTY')).out).map((line) => line.split(','));
    expect(
      exported
        .slice(1)
        .map((cells) => `${cells[2]} ${cells[5]}`)
        .sort(),
    ).toEqual([...Array(2).fill('file:PARTY-Blue-Green 0.9'), ...Array(2).fill('file:PARTY-The-Reds 0.1')]);
    const again = JSON.parse((await predictlab('import', 'ticks', file, '--symbol', 'PARTY', '--by', 'contract', '--json')).out);
    expect(again).toMatchObject({ inserted: 0, duplicates: 4 });
  });

  it('fails when a statement takes too long, keeps the stored rows and can be repeated; a vacuum that takes too long does not fail it', async () => {
    const file = folder.write(
      'slow.csv',
      ['time,price,size', ...Array.from({ length: 300 }, (_, i) => `${1_767_225_600 + i},0.5,1`)].join('\n'),
    );
    let isSlow = false;
    const tooLong = async (): Promise<never> => {
      isSlow = false;
      return await test.database.transaction(async (transaction) => {
        await transaction.query("set local statement_timeout = '1ms'");
        await transaction.query('select pg_sleep(10)');
        throw new Error('the statement was not ended');
      });
    };
    const { database } = test;
    const slow: TestDatabase['database'] = {
      ...database,
      query: async (sql, values) =>
        typeof sql === 'string' && sql.startsWith('vacuum') ? await tooLong() : await database.query(sql, values),
      transaction: async (work) => (isSlow ? await tooLong() : await database.transaction(work)),
    };
    const imported = async () =>
      await importTicks({
        database: slow,
        log: silent,
        symbol: 'SLOW',
        source: oneMarket([await openTickFile(file, { batchSize: 50 })]),
        market: 'probability',
        asOf: Date.now(),
        chunkRows: 100,
        onBatch: (read) => {
          isSlow = read >= 200;
        },
      });
    await expect(imported()).rejects.toMatchObject({
      type: 'StorageUnavailable',
      message: expect.stringMatching(/took too long; .*start the same command again to import the rest$/),
    });
    const stored = lines((await predictlab('export', 'ticks', '--symbol', 'SLOW')).out).length - 1;
    expect(stored).toBe(100);
    expect((await test.database.query('select from staged_rows')).rowCount).toBe(0);
    expect(
      await importTicks({
        database: { ...slow, transaction: database.transaction },
        log: silent,
        symbol: 'SLOW',
        source: oneMarket([await openTickFile(file, { batchSize: 50 })]),
        market: 'probability',
        asOf: Date.now(),
        onBatch: () => undefined,
      }),
    ).toMatchObject({ isPartial: false, rows: 300, inserted: 300, duplicates: 0 });
  });

  it('keeps what a stopped import has stored, and continues from there', async () => {
    const row = (i: number): string => `${1_767_225_600 + Math.floor(i / 2)},0.5,1`;
    const file = folder.write('long.csv', ['time,price,size', ...Array.from({ length: 1_000 }, (_, i) => row(i))].join('\n'));
    let read = 0;
    const imported = async (stopAfter: number) =>
      await importTicks({
        database: test.database,
        log: silent,
        symbol: 'LONG',
        source: oneMarket([await openTickFile(file, { batchSize: 50 })]),
        market: 'probability',
        asOf: Date.now(),
        chunkRows: 200,
        onBatch: () => read++,
        isStopped: () => read >= stopAfter,
      });
    const ticks = async (): Promise<number> => lines((await predictlab('export', 'ticks', '--symbol', 'LONG')).out).length - 1;
    expect(await imported(9)).toMatchObject({ isPartial: true, rows: 450, inserted: 450 });
    expect(await ticks()).toBe(450);
    // a file that may be out of order claims no coverage before its end
    expect(lines((await predictlab('export', 'coverage', '--symbol', 'LONG')).out)).toHaveLength(1);
    expect((await test.database.query('select from staged_rows')).rowCount).toBe(0);
    const before = read;
    expect(await imported(Number.POSITIVE_INFINITY)).toMatchObject({ isPartial: false, rows: 1_000, inserted: 1_000, duplicates: 0 });
    expect(read - before).toBe(11);
    expect(await ticks()).toBe(1_000);
    expect(lines((await predictlab('export', 'coverage', '--symbol', 'LONG')).out)[1]).toContain('2026-01-01T00:00:00.000Z');
    expect((await test.database.query('select from import_progress')).rowCount).toBe(0);
  });

  it('ends with exit code 2 and stores nothing when a file is missing, lacks a column or has no rows', async () => {
    const header = folder.write('header.csv', 'time,price,size\n');
    for (const args of [['none.csv'], [folder.path], [header], [join(folder.path, 'rain.csv'), '--columns', 'time=When']]) {
      expect(await predictlab('import', 'ticks', ...args, '--symbol', 'NOTHING')).toMatchObject({ code: 2, out: '' });
    }
    expect((await predictlab('export', 'ticks', '--symbol', 'NOTHING')).err).toContain('there is no symbol NOTHING');
  });

  it('states how to backtest days outside the window of a run', async () => {
    const file = folder.write('old.csv', 'time,price,size\n2022-11-07T10:00:00Z,0.4,1\n2022-11-09T10:00:00Z,0.5,1\n');
    const { code, err } = await predictlab('import', 'ticks', file, '--symbol', 'OLD');
    expect(code).toBe(0);
    expect(err).toContain('predictlab run --symbols OLD --sources file --as-of 2022-11-10 --days 3');
  });

  it('removes the staged rows of killed imports, and keeps those of imports that may still run', async () => {
    const [pid, started, place] = ownerMark().split('-');
    const now = Date.now();
    const staged = async (executionId: string): Promise<void> => {
      const key = (await saveInstruments(test.database, 'HALF', [ownInstrument])).get(ownInstrument.id) as number;
      await stagePage(test.database, {
        executionId,
        symbol: 'HALF',
        instrumentKey: key,
        pageNumber: 0,
        order: 'oldest-first',
        rows: [trade(now, 0.5)],
      });
    };
    const lives = [`import-${pid}-${started}-${place}-00000001`, 'import-1-2-00000000-00000002', 'a-run'];
    const dead = [`import-${pid}-${Number(started) + 1}-${place}-00000003`, `import-4194305-1-${place}-00000004`];
    for (const id of [...lives, ...dead]) await staged(id);
    const left = async () =>
      (await test.database.query<{ id: string }>('select execution_id as id from staging_batches')).rows.map(({ id }) => id);
    await predictlab('import', 'ticks', join(folder.path, 'rain.csv'), '--symbol', 'RAIN');
    expect((await left()).sort()).toEqual([...lives].sort());
    expect((await test.database.query('select from staged_rows')).rowCount).toBe(lives.length);
    // whether another machine's process lives is unknown; after a day it counts as ended
    expect(await dropAbandonedImports(test.database, now + 2 * DAY_MS)).toBe(1);
    expect((await left()).sort()).toEqual(['a-run', lives[0]]);
    for (const executionId of await left()) await clearStaging(test.database, { executionId });
  });

  it('keeps the rows of the files before one that cannot be read, and leaves nothing staged', async () => {
    const good = folder.write('part-1.csv', 'time,price,size\n2026-01-01,0.5,1\n');
    const packed = gzipSync(
      Buffer.from(`time,price,size\n${Array.from({ length: 200_000 }, (_, i) => `${1_767_225_600 + i},0.5,1`).join('\n')}`),
    );
    const broken = folder.write('part-2.csv.gz', packed.subarray(0, packed.length - 100));
    const { code, err } = await predictlab('import', 'ticks', good, broken, '--symbol', 'HALF');
    expect(code).toBe(2);
    expect(err).toContain('is not complete gzip data');
    expect(lines((await predictlab('export', 'ticks', '--symbol', 'HALF')).out)).toHaveLength(2);
    const { rows } = await test.database.query('select count(*) as n from staged_rows');
    expect(rows).toEqual([{ n: 0 }]);
  });
});

describe('predictlab export', () => {
  it('writes the same candles as `candles --ticks`, in all formats', async () => {
    const content = [
      'time,price,size',
      ...Array.from({ length: 3000 }, (_, i) => `${1_767_225_600 + i * 97},${(0.1 + (i % 83) / 100).toFixed(2)},${((i % 29) + 1) / 10}`),
    ].join('\n');
    const file = folder.write('SUN.csv', content);
    expect((await predictlab('import', 'ticks', file, '--symbol', 'SUN')).code).toBe(0);
    await buildCandles('SUN', ['1h', '1d']);
    for (const interval of ['1h', '1d']) {
      const exported = await predictlab('export', 'candles', '--symbol', 'SUN', '--interval', interval);
      expect(lines(exported.out).length).toBeGreaterThan(3);
      expect(exported.out).toBe((await predictlab('candles', '--ticks', file, '--interval', interval)).out);
    }
    const csv = lines((await predictlab('export', 'candles', '--symbol', 'SUN', '--from', '2026-01-02', '--to', '2026-01-03')).out);
    expect(csv).toHaveLength(1 + 24 + 1);
    const parquet = join(folder.path, 'sun.parquet');
    await predictlab('export', 'candles', '--symbol', 'SUN', '--from', '2026-01-02', '--to', '2026-01-03', '--out', parquet);
    const stored = await readParquet(parquet);
    const json = JSON.parse(
      (await predictlab('export', 'candles', '--symbol', 'SUN', '--from', '2026-01-02', '--to', '2026-01-03', '--json')).out,
    ) as { open_time: string; trades: number }[];
    expect(stored.map((row) => ({ ...row, open_time: Date.parse(row.open_time as string) }))).toEqual(
      json.map((row) => ({ ...row, open_time: Date.parse(row.open_time) })),
    );
    expect(csv[0]).toBe(Object.keys(json[0]).join(','));
  });

  it('writes the ticks of several instruments in the order of time', async () => {
    folder.write('x.csv', 'time,price\n2026-02-01T00:00:00Z,0.1\n2026-02-01T02:00:00Z,0.3\n');
    folder.write('y.csv', 'time,price\n2026-02-01T01:00:00Z,0.2\n2026-02-01T02:00:00Z,0.4\n');
    for (const name of ['x', 'y']) await predictlab('import', 'ticks', join(folder.path, `${name}.csv`), '--symbol', name);
    const { out } = await predictlab('export', 'ticks', '--from', '2026-02-01', '--to', '2026-02-02');
    expect(
      lines(out)
        .slice(1)
        .map((line) => line.split(',')[5]),
    ).toEqual(['0.1', '0.2', '0.3', '0.4']);
  });

  it('writes the coverage', async () => {
    expect(lines((await predictlab('export', 'coverage', '--symbol', 'x')).out)).toEqual([
      'symbol,source,instrument,from,to,ticks,evidence',
      'x,file,file:x,2026-02-01T00:00:00.000Z,2026-02-01T02:00:00.001Z,2,walked',
    ]);
  });

  it('writes a range of trades and price points as one row, and ranges that differ as separate rows', async () => {
    const file = folder.write('both.csv', 'time,price,size\n2026-02-01T00:00:00Z,0.4,1\n2026-02-01T02:00:00Z,0.5,1\n');
    const points = (name: string, end: string) =>
      folder.write(name, `time,price\n2026-02-01T00:00:00Z,0.4\n2026-02-01T01:00:00Z,0.4\n${end},0.4\n`);
    await predictlab('import', 'ticks', file, '--symbol', 'both');
    await predictlab('import', 'ticks', points('points.csv', '2026-02-01T02:00:00Z'), '--symbol', 'both');
    const range = 'both,file,file:both,2026-02-01T00:00:00.000Z,2026-02-01T02:00:00.001Z';
    expect(lines((await predictlab('export', 'coverage', '--symbol', 'both')).out).slice(1)).toEqual([`${range},5,walked`]);
    await predictlab('import', 'ticks', points('more.csv', '2026-02-01T03:00:00Z'), '--symbol', 'both');
    expect(lines((await predictlab('export', 'coverage', '--symbol', 'both')).out).slice(1)).toEqual([
      `${range},2,walked`,
      'both,file,file:both,2026-02-01T00:00:00.000Z,2026-02-01T03:00:00.001Z,4,walked',
    ]);
  });

  it('writes only a header when there are no rows', async () => {
    expect((await predictlab('export', 'backtests', '--symbol', 'x')).out).toMatch(
      /^symbol,source,instrument,interval,strategy,params,total_return,cagr,[a-z_,]+\n$/,
    );
    expect(JSON.parse((await predictlab('export', 'candles', '--symbol', 'x', '--json')).out)).toEqual([]);
  });

  it('ends with exit code 2 and one sentence when an option is wrong', async () => {
    const cases = [
      [['prices'], /export prices: write one of ticks, candles, backtests, trades, equity, walk-forward, quarantine, coverage/],
      [['ticks', '--symbol', 'NOBODY'], /there is no symbol NOBODY/],
      [['ticks', '--interval', '1h'], /--interval does not apply to ticks/],
      [['candles', '--interval', '7m'], /--interval 7m/],
      [['candles', '--from', 'yesterday'], /--from yesterday: write a time/],
      [['candles', '--format', 'xml'], /--format xml: write one of csv, json, parquet/],
      [['candles', '--out', join(folder.path, 'no', 'folder.csv')], /make the folder/],
    ] as const;
    for (const [args, message] of cases) {
      const { code, out, err } = await predictlab('export', ...args);
      expect({ code, out }).toEqual({ code: 2, out: '' });
      expect(err).toMatch(message);
    }
  });
});

const FREQTRADE = join(import.meta.dirname, '../../../shared/reference/freqtrade-trades-candles');

describe.skipIf(!existsSync(FREQTRADE))('importing freqtrade’s trades and exporting candles (skipped without ../shared/reference)', () => {
  it('gives the published 1m and 1h candles bit for bit', async () => {
    const trades = JSON.parse(gunzipSync(readFileSync(join(FREQTRADE, 'XRP_ETH-trades.json.gz'))).toString()) as unknown[][];
    const file = folder.write('xrp.csv', ['ts_ms,id,type,side,price,amount,cost', ...trades.map((trade) => trade.join(','))].join('\n'));
    const imported = await predictlab(
      'import',
      'ticks',
      file,
      '--symbol',
      'XRP_ETH',
      '--columns',
      'time=ts_ms,size=amount,tradeId=id',
      '--json',
    );
    expect(imported.json()).toMatchObject({ rows: trades.length, inserted: trades.length, quarantined: 0 });
    await buildCandles('XRP_ETH', ['1m', '1h']);
    for (const [interval, name] of [
      ['1m', 'XRP_ETH-1m.expected.csv'],
      ['1h', 'XRP_ETH-1h.pandas.csv'],
    ]) {
      const { out } = await predictlab('export', 'candles', '--symbol', 'XRP_ETH', '--interval', interval);
      const ours = lines(out)
        .slice(1)
        .map((line) => line.split(','))
        .map((cells) => [Date.parse(cells[5]), ...cells.slice(6, 11).map(Number)]);
      const expected = lines(readFileSync(join(FREQTRADE, name), 'utf8'))
        .slice(1)
        .map((line) => line.split(',').slice(0, 6).map(Number));
      expect(ours).toEqual(expected);
    }
  });
});
