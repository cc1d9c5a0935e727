import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { openDuckDb, sqlText } from '../../src/files/duckdb.ts';
import { readMarketFile } from '../../src/files/read/read-market-file.ts';
import { openTickFile, type TickFileOptions } from '../../src/files/read/read-tick-file.ts';
import { sortedByMarket } from '../../src/files/read/tick-source.ts';
import { scratchFolder } from './scratch.ts';

const folder = scratchFolder();
let files = 0;

/** A Parquet file with the rows of a query. */
async function parquet(query: string): Promise<string> {
  const path = `${folder.path}/${files++}.parquet`;
  const duckDb = await openDuckDb();
  await duckDb.run(`copy (${query}) to ${sqlText(path)} (format parquet)`);
  await duckDb.close();
  return path;
}

async function ticks(path: string, options: TickFileOptions = {}) {
  const found: unknown[][] = [];
  for await (const { rows, lines } of (await openTickFile(path, options)).batches())
    found.push(...rows.map(({ time, price, size, side, identity, defect }, i) => [lines[i], time, price, size, side, identity, defect]));
  return found;
}

const CSV = 'time,price,size,side\n2026-01-01T00:00:00Z,0.4,5,buy\n2026-01-01T00:00:00Z,0.4,5,buy\n2026-01-02T00:00:00.250Z,0.6,7,sell\n';

describe('a file of ticks', () => {
  it('has the same ticks as CSV, NDJSON and Parquet, whatever the types of its columns', async () => {
    const csv = await ticks(folder.write('a.csv', CSV));
    const withoutNumbers = (rows: unknown[][]): unknown[][] => rows.map(([, ...row]) => row);
    const objects = [
      { time: '2026-01-01T00:00:00Z', price: 0.4, size: '5', side: 'BUY', other: { a: 1 } },
      { time: '2026-01-01T00:00:00Z', price: '0.4', size: 5, side: 'buy' },
      { time: '2026-01-02T00:00:00.250Z', price: 0.6, size: 7, side: 'SELL' },
    ];
    const ndjson = objects.map((one) => JSON.stringify(one)).join('\n');
    expect(withoutNumbers(await ticks(folder.write('a.ndjson', gzipSync(ndjson))))).toEqual(withoutNumbers(csv));
    const rows = `select to_timestamp(1767225600 + d * 86400.25) as "time", p::decimal(9, 6) as price, s::bigint as size, w as side
      from (values (0, 0.4, 5, 'buy'), (0, 0.4, 5, 'buy'), (1, 0.6, 7, 'sell')) x(d, p, s, w)`;
    for (const query of [
      rows,
      `select * replace ("time"::timestamp_ns as "time", price::float::double as price, size::double as size) from (${rows})`,
    ])
      expect((await ticks(await parquet(query))).map(([, time, , size, side, , defect]) => [time, size, side, defect])).toEqual(
        csv.map(([, time, , size, side, , defect]) => [time, size, side, defect]),
      );
    expect(withoutNumbers(await ticks(await parquet(rows)))).toEqual(withoutNumbers(csv));
  });

  it('has long ids of NDJSON read digit by digit, and an incomplete line quarantined with its number', async () => {
    const path = folder.write('ids.ndjson', '{"time":1767225600,"price":0.4,"trade_id":12345678901234567890}\n{"time":17672\n');
    expect(await ticks(path)).toEqual([
      [1, 1_767_225_600_000, 0.4, null, null, '12345678901234567890', null],
      [2, null, null, null, null, expect.any(String), 'malformed'],
    ]);
    await expect(openTickFile(folder.write('none.ndjson', '{"time":"soon","price":0.4}\n'))).rejects.toThrow(
      'line 1: time "soon" cannot be read',
    );
  });

  it('in Parquet is refused with the row that cannot be read, or as damaged', async () => {
    await expect(openTickFile(await parquet(`select 'soon' as "time", 0.4 as price`))).rejects.toThrow('row 1: time "soon" cannot be read');
    await expect(openTickFile(await parquet('select 1 as price'))).rejects.toThrow('has no column for time');
    await expect(openTickFile(folder.write('torn.parquet', 'PAR1 and no more'))).rejects.toThrow(
      /torn\.parquet cannot be read: .*; fetch or write the data again/,
    );
  });
});

const TRADES = `select to_timestamp(1767225600 + i) as "time", 'M' || (i % 3) as market, (10 + i % 7) / 100 as price, 1 as size,
  case when i % 2 = 0 then 'Reds' else 'Blues' end as outcome from range(90) t(i)`;

describe('files with many markets', () => {
  const sorted = async (paths: readonly string[], stored: number, leave: readonly string[] = []) => {
    const opened = await Promise.all(paths.map((path) => openTickFile(path, { by: 'market' })));
    const source = await sortedByMarket(opened, 'market');
    await source.leaveOut(new Set(leave));
    const found: unknown[] = [];
    for await (const { market, path, rows, lines, outcomes } of source.batches({
      firstOutcomeOf: async (market) => (market === 'M1' ? 'Blues' : undefined),
      storedUpTo: async () => stored,
    }))
      found.push({ market, file: paths.indexOf(path), rows: rows.length, first: lines[0], outcomes, price: rows[0]?.price });
    await source.close();
    return found;
  };

  it('are read market by market and file by file, each with the market’s own outcomes', async () => {
    const other = await parquet(
      `select outcome, size, price, market, "time" + interval 1 day as "time" from (${TRADES}) where market <> 'M2'`,
    );
    const path = await parquet(TRADES);
    expect(await sorted([path, other], 0)).toEqual([
      { market: 'M0', file: 0, rows: 30, first: 1, outcomes: ['Reds', 'Blues'], price: 0.1 },
      { market: 'M0', file: 1, rows: 30, first: 1, outcomes: ['Reds', 'Blues'], price: 0.1 },
      { market: 'M1', file: 0, rows: 30, first: 2, outcomes: ['Blues', 'Reds'], price: 0.11 },
      { market: 'M1', file: 1, rows: 30, first: 2, outcomes: ['Blues', 'Reds'], price: 0.11 },
      { market: 'M2', file: 0, rows: 30, first: 3, outcomes: ['Reds', 'Blues'], price: 0.12 },
    ]);
    const rest = await sorted([path], 45, ['M0', 'M2']);
    expect(rest).toMatchObject([{ market: 'M1', rows: 15, first: 47 }]);
  });

  it('can be described by a second file with the facts of each market', async () => {
    const path = await parquet(`select 'M' || m as market, 'Who wins ' || m || '?' as question, ['Reds', 'Blues, or none'] as outcomes,
      timestamp '2026-02-01' as "endDate", case when m = 0 then 1.0 end as payout from range(3) t(m)`);
    const found = await readMarketFile(path, 'market', new Set(['M0', 'M2']));
    const facts = { endsAt: '2026-02-01T00:00:00.000Z' };
    expect([...found]).toEqual([
      ['M0', { title: 'Who wins 0?', outcomes: ['Reds', 'Blues, or none'], facts: { ...facts, resolution: 1 } }],
      ['M2', { title: 'Who wins 2?', outcomes: ['Reds', 'Blues, or none'], facts }],
    ]);
    const bad = folder.write('markets.csv', 'market,payout\nM0,0.5\nM1,7\n');
    await expect(readMarketFile(bad, 'market', new Set(['M1']))).rejects.toThrow(
      'markets.csv, line 3: resolution: a unit of the first outcome pays from 0 to 1',
    );
  });
});
