import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { predictlab } from './run-main.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'predictlab-own-'));
afterAll(() => rmSync(folder, { recursive: true }));

const HEADER = 'time,price,size';
const ROWS = Array.from({ length: 30 }, (_, i) => `2026-01-${String(i + 1).padStart(2, '0')}T00:00:00Z,0.5,3`);
const CSV = `${[HEADER, ...ROWS].join('\n')}\n`;

it.each<[string, string | Buffer, string]>([
  ['lines that end in carriage returns only', CSV.replaceAll('\n', '\r'), 'carriage returns only'],
  ['JSON', '[{"time":"2026-01-01","price":0.5}]\n', 'is JSON, not a CSV file'],
  ['a web page', '<!doctype html><html><body>404</body></html>\n', 'is HTML or XML, not a CSV file'],
  ['UTF-16', Buffer.from(`\ufeff${CSV}`, 'utf16le'), 'save it as CSV in UTF-8'],
  ['a damaged Parquet file', Buffer.concat([Buffer.from('PAR1'), Buffer.from([0, 1, 2, 255]), Buffer.from('PAR1')]), 'cannot be read'],
  [
    'two columns of one name',
    `time,price,Price\n2026-01-01,0.5,0.6\n`,
    'several columns named price, so it is not clear which holds the price',
  ],
  [
    'several events',
    `${HEADER},Event_Title\n${ROWS.map((row, i) => `${row},E${i % 2}`).join('\n')}\n`,
    'the column Event_Title names E1, and E0',
  ],
  ['times of spreadsheets', 'time,price\n46023.5,0.5\n46024.5,0.6\n', 'the times lie before 1971 or in the future'],
  [
    'negative prices',
    `${HEADER}\n${ROWS.map((row) => row.replace('0.5', '-0.5')).join('\n')}\n`,
    'prices of a probability are from 0 to 1',
  ],
])('a file of ticks with %s is refused in one sentence, and no table is printed', async (_, content, sentence) => {
  const file = path.join(folder, 'ticks.csv');
  writeFileSync(file, content);
  const { code, out, err } = await predictlab('candles', '--ticks', file, '--interval', '1d');
  expect({ code, out }).toEqual({ code: 2, out: '' });
  expect(err).toContain(sentence);
  expect(err.trim().split('\n')).toHaveLength(1);
});

it('a file of ticks may be UTF-8 with a byte order mark', async () => {
  const file = path.join(folder, 'bom.csv');
  writeFileSync(file, `\ufeff${CSV}`);
  const { code, out } = await predictlab('candles', '--ticks', file, '--interval', '1d');
  expect({ code, lines: out.trim().split('\n').length }).toEqual({ code: 0, lines: 31 });
});
