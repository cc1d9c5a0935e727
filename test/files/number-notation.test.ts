import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PredictLabError } from '../../src/contracts/errors.ts';
import type { CandidateRow } from '../../src/contracts/market-data.ts';
import { readReturnFile } from '../../src/files/read/read-series-file.ts';
import { openTickFile } from '../../src/files/read/read-tick-file.ts';
import { worlds } from '../support/worlds.ts';
import { scratchFolder } from './scratch.ts';

const folder = scratchFolder();
let files = 0;
const write = (content: string): string => folder.write(`${files++}.csv`, content);

async function rowsOf(content: string): Promise<readonly CandidateRow[]> {
  const rows: CandidateRow[] = [];
  for await (const batch of (await openTickFile(write(content))).batches()) rows.push(...batch.rows);
  return rows;
}

/** Locales in whose notations programs write numbers. */
const LOCALES = [
  { name: 'point', decimal: '.', group: '' },
  { name: 'en', decimal: '.', group: ',' },
  { name: 'comma', decimal: ',', group: '' },
  { name: 'de', decimal: ',', group: '.' },
  { name: 'ch', decimal: '.', group: '’' },
] as const;

const written = (value: number, { decimal, group }: (typeof LOCALES)[number]): string => {
  const [whole, fraction] = String(value).split('.');
  const grouped = whole.replace(/\B(?=(\d{3})+(?!\d))/g, group);
  return fraction === undefined ? grouped : `${grouped}${decimal}${fraction}`;
};

describe('numbers of a file', () => {
  it('are read as the file means them or refused, for every locale, delimiter and quoting', async () => {
    const price = fc.integer({ min: 1, max: 999 }).map((thousandths) => thousandths / 1000);
    const size = fc.oneof(
      fc.integer({ min: 1, max: 2_000_000 }),
      fc.integer({ min: 1, max: 2_000_000_000 }).map((thousandths) => thousandths / 1000),
    );
    let read = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...LOCALES),
        fc.constantFrom(',', ';', '\t', '|'),
        fc.constantFrom('always', 'needed', 'never'),
        fc.array(fc.tuple(price, size), { minLength: 1, maxLength: 12 }),
        async (locale, delimiter, quotes, ticks) => {
          const field = (text: string): string =>
            quotes === 'always' || (quotes === 'needed' && text.includes(delimiter)) ? `"${text}"` : text;
          const lines = ticks.map((tick, index) =>
            [`2026-01-01T00:00:${String(index).padStart(2, '0')}Z`, ...tick.map((value) => field(written(value, locale)))].join(delimiter),
          );
          let rows: readonly CandidateRow[];
          try {
            rows = await rowsOf([['time', 'price', 'size'].join(delimiter), ...lines, ''].join('\n'));
          } catch (error) {
            expect(error).toBeInstanceOf(PredictLabError);
            expect((error as PredictLabError).type).toBe('BadInput');
            return;
          }
          expect(rows).toHaveLength(ticks.length);
          for (const [index, [truePrice, trueSize]] of ticks.entries()) {
            const row = rows[index];
            if (row.defect === 'malformed') continue;
            expect([row.price, row.size]).toEqual([truePrice, trueSize]);
            read++;
          }
          const ordinary = locale.group === '' && (delimiter !== ',' || locale.decimal === '.');
          if (ordinary) expect(rows.every(({ defect }) => defect === null)).toBe(true);
        },
      ),
      { numRuns: worlds(300) },
    );
    expect(read).toBeGreaterThan(worlds(300) / 3);
  });

  it('have decimal commas when semicolons separate the fields', async () => {
    const [row] = await rowsOf('time;price;size\n2026-01-01;0,45;45,125\n');
    expect(row).toMatchObject({ price: 0.45, size: 45.125, defect: null });
    const [only] = await rowsOf('time;price;size\n2026-01-01;2,500;2\n');
    expect(only).toMatchObject({ price: 2.5, size: 2 });
  });

  it('are refused in one sentence that shows both when some have commas and others points', async () => {
    await expect(rowsOf('time;price;size\n2026-01-01;0.45;1\n2026-01-02;0.5;2,500\n')).rejects.toThrow(
      /\.csv is separated by semicolons and has numbers with commas and with points, 0\.45 \(line 2\) and 2,500 \(line 3\): write all/,
    );
    await expect(rowsOf('time,price,size\n2026-01-01,"0,45","45,125"\n')).rejects.toThrow(
      /line 2: 0,45 has a decimal comma in a file that is separated by commas/,
    );
  });

  it('are read the same way in files of returns, where a line with more fields than the header is refused', async () => {
    const { returns } = await readReturnFile(write('time;return\n2026-01-01;0,01\n2026-01-02;-0,025\n'));
    expect([...returns]).toEqual([0.01, -0.025]);
    await expect(readReturnFile(write('time,return\n2026-01-01,0,01\n'))).rejects.toThrow(/line 2: 3 fields under a header of 2; fix/);
  });
});

describe('lines of a file', () => {
  it('are refused by their number when they are excessively long', async () => {
    const long = 'x'.repeat(3 * 2 ** 20);
    await expect(rowsOf(`time,price\n2026-01-01,0.5\n${long}\n2026-01-02,0.5\n`)).rejects.toThrow(
      /line 3: longer than a million characters/,
    );
    await expect(rowsOf(long)).rejects.toThrow(/line 1: longer than a million characters/);
  });

  it('are complete wherever a chunk of the file ends', async () => {
    const filler = `"${'é'.repeat(1000)}"`;
    const lines = Array.from({ length: 900 }, (_, index) => `${1_767_225_600 + index},0.${(index % 9) + 1},${filler}`);
    const rows = await rowsOf(`time,price,note\r\n${lines.join('\r\n')}`);
    expect(rows.map(({ raw }) => raw)).toEqual(lines);
  });
});

describe('the only outcome of a file', () => {
  it.each([
    ['No', 'Yes'],
    ['down', 'Up'],
    ['NO', 'Yes'],
  ])('is the second one if venues list it second: %s beside %s', async (outcome, first) => {
    const file = await openTickFile(write(`time,price,size,side,outcome\n2026-01-01,0.3,1,buy,${outcome}\n`));
    const rows: CandidateRow[] = [];
    for await (const batch of file.batches()) rows.push(...batch.rows);
    expect(rows).toMatchObject([{ price: 0.7, side: 'sell', outcome, defect: null }]);
    expect(file.outcomes).toEqual([first, outcome]);
  });

  it('is the first one if venues do not list it second', async () => {
    const rows = await rowsOf('time,price,size,side,outcome\n2026-01-01,0.3,1,buy,Lakers\n');
    expect(rows).toMatchObject([{ price: 0.3, side: 'buy' }]);
  });

  it('is the first one if the user names it so', async () => {
    const file = await openTickFile(write('time,price,outcome\n2026-01-01,0.3,No\n'), { firstOutcome: 'No' });
    for await (const { rows } of file.batches()) expect(rows).toMatchObject([{ price: 0.3 }]);
  });
});

it('a side is never read from the name of a property of every JavaScript object', async () => {
  for (const word of ['constructor', '__proto__', 'valueOf', 'toString']) {
    expect(await rowsOf(`time,price,size,side\n2026-01-01,0.3,1,${word}\n2026-01-01,0.3,1,buy\n`)).toMatchObject([
      { side: null, defect: 'malformed' },
      {},
    ]);
  }
});
