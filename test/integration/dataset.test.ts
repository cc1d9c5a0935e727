import { spawn } from 'node:child_process';
import { appendFileSync, cpSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { CandidateRow } from '../../src/contracts/market-data.ts';
import { filesBelow, sha256Of } from '../../src/files/dataset/write-folder.ts';
import { openDuckDb, sqlText } from '../../src/files/duckdb.ts';
import { isPartial } from '../../src/files/write/write-output.ts';
import { prune } from '../../src/storage/backup/prune.ts';
import { predictlab } from '../cli/run-main.ts';
import { scratchFolder } from '../files/scratch.ts';
import { COMMAND } from '../support/command.ts';
import { empty, type TestDatabase, testDatabase } from '../support/postgres.ts';
import { readParquet } from '../support/read-parquet.ts';
import { collect, DAY, HOUR, instrument, runStages, START, trade } from '../support/stage-run.ts';
import { until } from '../support/until.ts';

const folder = scratchFolder();
let test: TestDatabase;
beforeAll(async () => {
  test = await testDatabase();
  vi.stubEnv('DATABASE_URL', test.url);
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await test.close();
});
beforeEach(() => empty(test.database, ['symbols', 'instruments', 'ledger', 'runs', 'staged_rows', 'ticks']));

const OTHER = instrument('kalshi:KXRAIN', { source: 'kalshi', title: 'Snow?' });

/** Stores rows as a run does. */
async function stored(executionId: string, rows: readonly CandidateRow[], market = instrument()): Promise<void> {
  await collect(test.database, { executionId, rows, instrument: market, covered: { from: START, to: START + 40 * DAY } });
  await runStages(test.database, { executionId, asOf: START + 60 * DAY });
}

const exportTo = (out: string, ...more: readonly string[]) =>
  predictlab('export', 'ticks', '--partition-by', 'month,venue', '--format', 'parquet', '--out', out, ...more);

/** The rows of all files of an export, in one order. */
const rowsOf = async (out: string): Promise<string[]> =>
  (await readParquet(join(out, '**/*.parquet'))).map((row) => JSON.stringify(row)).sort();

const manifestOf = (out: string) =>
  JSON.parse(readFileSync(join(out, 'manifest.json'), 'utf8')) as { files: { path: string; rows: number }[] };

describe('predictlab export --partition-by', () => {
  it('writes a file per month and venue, sorted by instrument and time, the same at each export', async () => {
    await stored('a', [trade(START + 3, 0.3), trade(START + 1, 0.1), trade(START + 30 * DAY, 0.5)]);
    await stored('b', [trade(START + 2, 0.2)], instrument('polymarket:0x0'));
    await stored('c', [trade(START + 5, 0.6)], OTHER);
    const [one, two] = [join(folder.path, 'one'), join(folder.path, 'two')];
    expect(await exportTo(one)).toMatchObject({ code: 0 });
    await exportTo(two);
    expect(await filesBelow(one)).toEqual([
      'manifest.json',
      'month=2026-11/venue=kalshi/part-0001.parquet',
      'month=2026-11/venue=polymarket/part-0001.parquet',
      'month=2026-12/venue=polymarket/part-0001.parquet',
    ]);
    for (const file of await filesBelow(one)) expect(readFileSync(join(two, file)).equals(readFileSync(join(one, file)))).toBe(true);
    const rows = await readParquet(join(one, 'month=2026-11/venue=polymarket/part-0001.parquet'));
    expect(rows.map(({ instrument: id, price }) => [id, price])).toEqual([
      ['polymarket:0x0', 0.2],
      ['polymarket:0x1', 0.1],
      ['polymarket:0x1', 0.3],
    ]);
    expect(await exportTo(one)).toMatchObject({ code: 2, err: expect.stringContaining('has a data set already') });
  });

  it('adds late rows with --since last as new files, and writes a partition again when its rows were corrected', async () => {
    const out = join(folder.path, 'grown');
    await stored('a', [trade(START + 1, 0.1, { tradeId: 'v1', identity: 'v1' }), trade(START + 35 * DAY, 0.5)]);
    await stored('c', [trade(START + 5, 0.6)], OTHER);
    await exportTo(out, '--since', 'last');
    expect(await exportTo(out, '--since', 'last')).toMatchObject({ err: expect.stringContaining('0 new files') });
    await stored('b', [trade(START, 0.9), trade(START + 36 * DAY, 0.4)]);
    await exportTo(out, '--since', 'last');
    expect(manifestOf(out).files.map(({ path, rows }) => [path, rows])).toEqual([
      ['month=2026-11/venue=kalshi/part-0001.parquet', 1],
      ['month=2026-11/venue=polymarket/part-0001.parquet', 1],
      ['month=2026-11/venue=polymarket/part-0002.parquet', 1],
      ['month=2026-12/venue=polymarket/part-0001.parquet', 1],
      ['month=2026-12/venue=polymarket/part-0002.parquet', 1],
    ]);
    await stored('d', [trade(START + 1, 0.2, { tradeId: 'v1', identity: 'v1' })]);
    await exportTo(out, '--since', 'last');
    expect((await filesBelow(out)).filter((file) => file.includes('month=2026-11/venue=polymarket'))).toEqual([
      'month=2026-11/venue=polymarket/part-0003.parquet',
    ]);
    const whole = join(folder.path, 'whole');
    await exportTo(whole);
    expect(await rowsOf(out)).toEqual(await rowsOf(whole));
  });

  it('refuses --since last when a listed file is missing or was cut, and changes nothing', async () => {
    const out = join(folder.path, 'short');
    await stored('a', [trade(START + 1, 0.1), trade(START + 35 * DAY, 0.5)]);
    await exportTo(out);
    const [first = '', second = ''] = manifestOf(out).files.map(({ path }) => path);
    const manifest = readFileSync(join(out, 'manifest.json'), 'utf8');
    writeFileSync(join(out, second), 'cut');
    expect(await exportTo(out, '--since', 'last')).toMatchObject({
      code: 2,
      err: expect.stringMatching(
        new RegExp(`${second} in .*short has 3 bytes instead of \\d+; restore the file, or export into a new folder`),
      ),
    });
    rmSync(join(out, first));
    expect(await exportTo(out, '--since', 'last')).toMatchObject({
      code: 2,
      err: expect.stringContaining('is missing; restore the file, or export into a new folder'),
    });
    expect(readFileSync(join(out, 'manifest.json'), 'utf8')).toBe(manifest);
    expect(await filesBelow(out)).not.toContain(first);
  });

  it('keeps pruned ticks in the folder, and does not add them again when they are collected again', async () => {
    const out = join(folder.path, 'pruned');
    const rows = [trade(START + 1, 0.1), trade(START + 20 * DAY, 0.2)];
    await stored('a', rows);
    await exportTo(out, '--since', 'last');
    await prune(test.database, { ticks: START + 14 * DAY });
    await exportTo(out, '--since', 'last');
    await stored('b', [...rows, trade(START + 21 * DAY, 0.3)]);
    await exportTo(out, '--since', 'last');
    expect((await readParquet(join(out, '**/*.parquet'))).map(({ price }) => String(price)).sort()).toEqual(['0.1', '0.2', '0.3']);
  });

  it('states in one sentence what it cannot continue', async () => {
    const out = join(folder.path, 'ours');
    await stored('a', [trade(START + HOUR, 0.1)]);
    await exportTo(out);
    expect(
      (await predictlab('export', 'ticks', '--partition-by', 'month', '--since', 'last', '--format', 'parquet', '--out', out)).err,
    ).toContain('was exported with partition-by month,venue, not month');
    folder.write('full.txt', 'x');
    expect((await exportTo(folder.path)).err).toContain('is not empty and has no manifest.json');
    expect((await predictlab('export', 'quarantine', '--partition-by', 'month', '--out', out)).err).toContain(
      'applies to ticks and candles',
    );
    expect((await predictlab('export', 'ticks', '--since', 'last', '--out', out)).err).toContain('give --partition-by');
    expect((await predictlab('export', 'candles', '--partition-by', 'month', '--since', 'last', '--out', out)).err).toContain(
      'change in place',
    );
  });

  it('writes candles by venue as CSV', async () => {
    const out = join(folder.path, 'candles');
    await stored('a', [trade(START + HOUR, 0.1)]);
    expect(await predictlab('export', 'candles', '--partition-by', 'venue', '--out', out)).toMatchObject({ code: 0 });
    expect(readFileSync(join(out, 'venue=polymarket/part-0001.csv'), 'utf8').split('\n')).toHaveLength(5);
    expect(existsSync(join(out, 'manifest.json'))).toBe(true);
    expect(readdirSync(folder.path).filter((name) => name.endsWith('.partial'))).toEqual([]);
  });
});

describe('predictlab publish and verify', () => {
  const published = join(folder.path, 'published');
  const verify = (out: string) => predictlab('verify', out);

  /** Stores two venues, late rows, an instrument of two symbols, a bad row and a gap. */
  async function someData(): Promise<void> {
    const many = Array.from({ length: 3_000 }, (_, i) => trade(START + i * 300_000, ((i * 7) % 97) / 100 + 0.01, { size: (i % 13) + 0.1 }));
    await stored('a', [...many, trade(START + 7, 1.5)]);
    await stored('b', [trade(START + 1, 0.2), trade(START + 31 * DAY, 0.3)]);
    await stored('c', [trade(START + 5, 0.6, { size: null, side: null })], OTHER);
    await collect(test.database, { executionId: 'd', symbol: 'SUN', rows: [] });
    await test.database.query('update coverage set ranges = ranges - int8multirange(int8range($1, $2))', [
      START + 2 * DAY,
      START + 3 * DAY,
    ]);
  }

  /** A copy of the data set with one change; with `refit` the manifest is adapted to it. */
  async function tampered(name: string, change: (out: string) => void | Promise<void>, refit = false): Promise<string> {
    const out = join(folder.path, name);
    cpSync(published, out, { recursive: true });
    await change(out);
    if (refit) {
      const manifest = JSON.parse(readFileSync(join(out, 'manifest.json'), 'utf8')) as {
        files: { path: string; bytes: number; sha256: string; rows: number }[];
      };
      for (const file of manifest.files) {
        file.sha256 = await sha256Of(join(out, file.path));
        file.bytes = readFileSync(join(out, file.path)).length;
        file.rows = (await readParquet(join(out, file.path))).length;
      }
      writeFileSync(join(out, 'manifest.json'), JSON.stringify(manifest));
    }
    const { code, err } = await verify(out);
    expect(code).toBe(1);
    return err;
  }

  /** Writes a Parquet file again as the rows of a query on `old`. */
  async function rewritten(file: string, query: string): Promise<void> {
    const duckDb = await openDuckDb();
    await duckDb.run(`create table old as select * from read_parquet(${sqlText(file)}, hive_partitioning = false)`);
    await duckDb.run(`copy (${query}) to ${sqlText(file)} (format parquet)`);
    await duckDb.close();
  }

  it('write the same bytes for the same state, and pass every check', async () => {
    await someData();
    expect(await predictlab('publish', published)).toMatchObject({ code: 0 });
    const again = join(folder.path, 'again');
    await predictlab('publish', again);
    for (const file of await filesBelow(published))
      expect(readFileSync(join(again, file)).equals(readFileSync(join(published, file)))).toBe(true);
    vi.stubEnv('DATABASE_URL', 'postgres://127.0.0.1:1/none');
    const { code, out, err } = await verify(published);
    vi.stubEnv('DATABASE_URL', test.url);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(
      out
        .trim()
        .split('\n')
        .map((line) => line.split(':')[0]),
    ).toEqual(['manifest', 'files', 'rows', 'order', 'candles', 'coverage', 'instruments'].map((check) => `ok ${check}`));
    expect(out).toContain('6 collected ranges and 3 gaps');
    const stored = (await predictlab('export', 'candles', '--json')).json() as unknown as { instrument: string; complete: boolean }[];
    const candles = await readParquet(join(published, 'candles/**/*.parquet'));
    expect(candles.map(({ open_time: _at, complete: _complete, ...candle }) => JSON.stringify(candle)).sort()).toEqual(
      (stored as unknown as Record<string, unknown>[])
        .map(({ open_time: _at, complete: _complete, ...candle }) => JSON.stringify(candle))
        .sort(),
    );
  });

  it('state no instant where no candles were built', async () => {
    await stored('a', [trade(START + 3, 0.3)]);
    await test.database.query('delete from candle_series');
    await test.database.query('delete from candles');
    const out = join(folder.path, 'without-candles');
    await predictlab('publish', out);
    expect(JSON.parse(readFileSync(join(out, 'manifest.json'), 'utf8'))).not.toHaveProperty('asOf');
    expect(await verify(out)).toMatchObject({ code: 0, out: expect.stringContaining('ok candles: 0 candles') as string });
  });

  it('find a changed byte, a missing file, an added file and an edited manifest', async () => {
    const ticks = 'ticks/month=2026-11/venue=polymarket/part-0001.parquet';
    const flipped = await tampered('flipped', (out) => {
      const bytes = readFileSync(join(out, ticks));
      bytes[200] ^= 1;
      writeFileSync(join(out, ticks), bytes);
    });
    expect(flipped).toContain(`${ticks} has the SHA-256`);
    expect(await tampered('longer', (out) => appendFileSync(join(out, ticks), 'x'))).toMatch(/has \d+ bytes, and the manifest states/);
    expect(await tampered('missing', (out) => rmSync(join(out, ticks)))).toContain(`${ticks} is missing`);
    expect(await tampered('more', (out) => writeFileSync(join(out, 'ticks/more.parquet'), ''))).toContain(
      'ticks/more.parquet is not in the manifest',
    );
    expect(await tampered('torn', (out) => writeFileSync(join(out, 'manifest.json'), '{'))).toContain('manifest.json is not JSON');
    const newer = await tampered('newer', (out) => {
      const file = join(out, 'manifest.json');
      writeFileSync(file, readFileSync(file, 'utf8').replace('"schema": 1', '"schema": 2'));
    });
    expect(newer).toContain('its schema is 2, and this version reads 1');
    expect(await verify(join(folder.path, 'nothing-here'))).toMatchObject({
      code: 2,
      err: expect.stringContaining('has no manifest.json'),
    });
  });

  it('find changed rows even if hashes and counts were adjusted to them', async () => {
    const ticks = (out: string) => join(out, 'ticks/month=2026-11/venue=polymarket/part-0001.parquet');
    const added = await tampered(
      'added',
      (out) =>
        rewritten(
          ticks(out),
          'select * from (select * from old union all (select * from old order by time desc limit 1)) order by instrument, symbol, time',
        ),
      true,
    );
    expect(added).toMatch(/candle of polymarket:0x1 .* has the (volume|trades)/);
    expect(await tampered('unsorted', (out) => rewritten(ticks(out), 'select * from old order by time desc'), true)).toContain(
      'rows are sorted by',
    );
    const price = await tampered('price', (out) => rewritten(ticks(out), 'select * replace (price + 0.5 as price) from old'), true);
    expect(price).toMatch(/candle of .* at 2026-11-02.* has the open/);
    const candle = await tampered(
      'candle',
      (out) => rewritten(join(out, 'candles/venue=polymarket/part-0001.parquet'), 'select * from old limit 5'),
      true,
    );
    expect(candle).toContain('is missing');
    const coverage = await tampered(
      'coverage',
      (out) => rewritten(join(out, 'coverage/part-0001.parquet'), "select * from old where evidence <> 'gap'"),
      true,
    );
    expect(coverage).toMatch(/coverage: RAIN \S+ trade: a range ends at/);
    const facts = await tampered(
      'facts',
      (out) => rewritten(join(out, 'instruments/part-0001.parquet'), "select * from old where source <> 'kalshi'"),
      true,
    );
    expect(facts).toContain('kalshi:KXRAIN of RAIN has rows');
  });
});

describe('a partitioned export that is killed', () => {
  it('leaves the folder as it was, and the next export completes it', async () => {
    const out = join(folder.path, 'killed');
    await stored('a', [trade(START, 0.5)]);
    await exportTo(out, '--since', 'last');
    const before = readFileSync(join(out, 'manifest.json'), 'utf8');
    await stored(
      'b',
      Array.from({ length: 60_000 }, (_, i) => trade(START + 1 + i * 1_000, 0.5)),
    );
    const args = ['export', 'ticks', '--partition-by', 'month,venue', '--format', 'parquet', '--out', out, '--since', 'last'];
    const child = spawn(process.execPath, [COMMAND, ...args], { stdio: 'ignore' });
    await until(() => readdirSync(out).some(isPartial));
    child.kill('SIGKILL');
    await new Promise((resolve) => child.once('exit', resolve));
    expect(readFileSync(join(out, 'manifest.json'), 'utf8')).toBe(before);
    expect(await predictlab('verify', out)).toMatchObject({ code: 0 });
    expect(await exportTo(out, '--since', 'last')).toMatchObject({ code: 0 });
    expect(readdirSync(out).some(isPartial)).toBe(false);
    expect(await predictlab('verify', out)).toMatchObject({ code: 0 });
    expect(await rowsOf(out)).toHaveLength(60_001);
  });
});
