import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { CandidateRow } from '../../src/contracts/market-data.ts';
import { filesBelow } from '../../src/files/dataset/write-folder.ts';
import { predictlab } from '../cli/run-main.ts';
import { scratchFolder } from '../files/scratch.ts';
import { empty, type TestDatabase, testDatabase } from '../support/postgres.ts';
import { readParquet } from '../support/read-parquet.ts';
import { collect, DAY, HOUR, instrument, runStages, START, trade } from '../support/stage-run.ts';

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

  it('says in one sentence what it cannot continue', async () => {
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
