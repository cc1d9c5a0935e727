import { describe, expect, it } from 'vitest';
import { ContentTable } from '../../src/files/read/copy-counter.ts';
import { QuarantineTally } from '../../src/files/read/file-candles.ts';
import { readCandleFile } from '../../src/files/read/read-series-file.ts';
import { openTickFile } from '../../src/files/read/read-tick-file.ts';
import { needsTheUser } from '../../src/files/write/write-output.ts';
import { contentIdentity } from '../../src/market/identity.ts';
import { scratchFolder } from './scratch.ts';

const folder = scratchFolder();
const file = (...lines: string[]): string => folder.write('rows.csv', `${lines.join('\n')}\n`);

async function rowsOf(place: string) {
  const rows = [];
  for await (const batch of (await openTickFile(place)).batches()) rows.push(...batch.rows);
  return rows;
}

describe('a file of ticks', () => {
  it('needs no sizes when it has only price points, as `export` writes them', async () => {
    const rows = await rowsOf(file('time,price,size,kind', '2026-01-01,0.5,,price', '2026-01-02,0.6,,price'));
    expect(rows.map(({ kind, size, defect }) => ({ kind, size, defect }))).toEqual([
      { kind: 'price', size: null, defect: null },
      { kind: 'price', size: null, defect: null },
    ]);
  });

  it('is refused when its first column is the side and contains no valid side', async () => {
    await expect(openTickFile(file('side,time,price,size', 'up,2026-01-01,0.5,1', 'down,2026-01-02,0.6,1'))).rejects.toThrow(
      'side "up" cannot be read: sides are buy or sell',
    );
  });

  it('has the trades of its second outcome mirrored when its first column is the outcome', async () => {
    const rows = await rowsOf(file('outcome,time,price,size', 'Yes,2026-01-01,0.6,1', 'No,2026-01-02,0.3,1'));
    expect(rows.map(({ price }) => price)).toEqual([0.6, 0.7]);
  });
});

describe('a candle file', () => {
  const header = 'instrument,open_time,open,high,low,close,volume';

  it('contains a single series, otherwise it is refused with the line', async () => {
    const two = file(header, 'a,2026-01-01,1,1,1,1,1', 'b,2026-01-02,1,1,1,1,1');
    await expect(readCandleFile(two)).rejects.toThrow('line 3: instrument is b, and a in the lines before');
    const byCondition = file(header.replace('instrument', 'Condition_ID'), 'a,2026-01-01,1,1,1,1,1', 'b,2026-01-01,1,1,1,1,1');
    await expect(readCandleFile(byCondition)).rejects.toThrow('line 3: Condition_ID is b, and a in the lines before');
  });

  it('with a negative volume in its first row is refused with the line', async () => {
    const negative = file(header, 'a,2026-01-01,1,1,1,1,-1', 'a,2026-01-02,1,1,1,1,1', 'a,2026-01-03,1,1,1,1,1');
    await expect(readCandleFile(negative)).rejects.toThrow('line 2: volume is negative');
  });
});

it('copies of rows are counted correctly right after the table of row hashes has grown', () => {
  const table = new ContentTable();
  const hashes = Array.from({ length: 70_000 }, (_, i) => contentIdentity([i]));
  expect(hashes.every((hash) => table.next(hash) === 0)).toBe(true);
  expect(hashes.every((hash) => table.next(hash) === 1)).toBe(true);
});

it('quarantined rows are counted over all reasons', () => {
  const tally = new QuarantineTally();
  for (const line of [2, 3]) tally.add('malformed', line);
  tally.add('price-range', 4);
  expect({ total: tally.total, said: tally.describe() }).toEqual({
    total: 3,
    said: 'malformed 2 (lines 2, 3), price-range 1 (line 4)',
  });
  for (const line of [5, 6, 7]) tally.add('malformed', line);
  expect(tally.describe()).toBe('malformed 5 (lines 2, 3, 5, 6, 7), price-range 1 (line 4)');
  tally.add('malformed', 8);
  expect(tally.describe()).toBe('malformed 6 (lines 2, 3, 5, 6, 7, …), price-range 1 (line 4)');
});

it('only an error of the file system that does not pass by itself counts as one that the user must fix', () => {
  expect(needsTheUser(Object.assign(new Error('no'), { code: 'EACCES' }))).toBe(true);
  expect(needsTheUser({ code: 'EACCES' })).toBe(false);
  expect(needsTheUser(Object.assign(new Error('no'), { code: 'EAGAIN' }))).toBe(false);
});
