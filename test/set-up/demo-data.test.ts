import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { guessColumns, readDemoData } from '../../src/set-up/demo-data.ts';

let folder: string;
let skipped: string[];
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'predictlab-data-'));
  skipped = [];
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const now = Date.UTC(2026, 5, 1);
const read = () => readDemoData({ folder, now, skip: (message) => skipped.push(message) });
const write = (name: string, ...lines: string[]) => writeFile(path.join(folder, name), `${lines.join('\n')}\n`);

test('columns are found by the names that venues and spreadsheets use', () => {
  expect(guessColumns(['', 'Timestamp', 'Account', 'Type', 'Outcome', 'Amount', 'Shares', 'Price'])).toEqual({
    time: 'Timestamp',
    price: 'Price',
    size: 'Shares',
    side: 'Type',
    outcome: 'Outcome',
  });
  expect(guessColumns(['Block Time', 'px', 'qty', 'trade-id'])).toEqual({
    time: 'Block Time',
    price: 'px',
    size: 'qty',
    tradeId: 'trade-id',
  });
});

test('each file becomes a symbol with its name, and the window contains the ticks of all files', async () => {
  await write('us senate.csv', 'time,price', '2022-11-08T22:10:00Z,0.4', '2022-11-01T09:00:00Z,0.5');
  await write('house.csv', 'Timestamp,Price,Shares', '2022-11-09 03:59:59,0.9,12');
  const { entries, asOf, daysBack } = await read();
  expect(entries.map(({ symbol, title }) => [symbol, title])).toEqual([
    ['HOUSE', 'House'],
    ['US_SENATE', 'Us senate'],
  ]);
  expect(entries[0]?.sources.file).toEqual([
    { path: path.join(folder, 'house.csv'), columns: { time: 'Timestamp', price: 'Price', size: 'Shares' } },
  ]);
  expect(new Date(asOf).toISOString()).toBe('2022-11-09T04:00:00.000Z');
  expect(daysBack).toBe(8);
  expect(skipped).toEqual([]);
});

test('a single wrong time far away does not extend the window', async () => {
  await write('a.csv', 'time,price', '1970-01-01T00:00:00Z,0.4', '2022-11-01T09:30:00Z,0.5', '2099-01-01T00:00:00Z,0.5');
  const { asOf, daysBack } = await read();
  expect(new Date(asOf).toISOString()).toBe('2022-11-01T10:00:00.000Z');
  expect(daysBack).toBe(1);
});

test('the columns and the first outcome that the user names are those of every file', async () => {
  await write('a.csv', 'when,cost,won', '2022-11-01T09:30:00Z,0.4,No', '2022-11-01T09:30:00Z,0.6,Yes');
  const columns = { time: 'when', price: 'cost', outcome: 'won' };
  const { entries } = await readDemoData({ folder, now, columns, firstOutcome: 'No', skip: (message) => skipped.push(message) });
  expect(entries[0]?.sources.file).toEqual([{ path: path.join(folder, 'a.csv'), columns, firstOutcome: 'No' }]);
});

test('a file without ticks is skipped, with the reason', async () => {
  await write('prices.csv', 'time,price', '2022-11-01T09:30:00Z,0.5');
  await write('people.csv', 'name,age', 'Ada,36');
  expect((await read()).entries.map(({ symbol }) => symbol)).toEqual(['PRICES']);
  expect(skipped.join()).toMatch(/skipping people\.csv: .*no column for time/);
});

test('two files with the same name are two instruments of one symbol', async () => {
  await write('btc.csv', 'time,price', '2022-11-01T09:30:00Z,0.5');
  await write('BTC.CSV', 'time,price', '2022-11-01T09:40:00Z,0.5');
  const { entries } = await read();
  expect(entries.map(({ symbol, sources }) => [symbol, sources.file?.length])).toEqual([['BTC', 2]]);
});

test('a folder without ticks and a missing folder are each refused with one clear sentence', async () => {
  await expect(read()).rejects.toThrow(/has no CSV of ticks \(0 CSV files checked\)/);
  folder = path.join(folder, 'nothing');
  await expect(read()).rejects.toThrow(/there is no folder .*nothing; give one with CSV files/);
});
