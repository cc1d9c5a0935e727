import { gzipSync } from 'node:zlib';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CandidateRow } from '../../src/contracts/market-data.ts';
import { likelyMarket, openTickFile, type TickFileOptions } from '../../src/files/read/read-tick-file.ts';
import { sortedByMarket } from '../../src/files/read/tick-source.ts';
import { worlds } from '../support/worlds.ts';
import { scratchFolder } from './scratch.ts';

const folder = scratchFolder();
let files = 0;
const write = (content: string | Uint8Array): string => folder.write(`${files++}.csv`, content);

async function readAll(path: string, options?: TickFileOptions) {
  const file = await openTickFile(path, options);
  const rows: CandidateRow[] = [];
  const lines: number[] = [];
  for await (const batch of file.batches()) {
    rows.push(...batch.rows);
    lines.push(...batch.lines);
  }
  return { file, rows, lines };
}
const read = async (content: string, options?: TickFileOptions) => (await readAll(write(content), options)).rows;

describe('a tick file', () => {
  it('may have only time and price, and its rows are then price points', async () => {
    const [row] = await read('time,price\n2026-01-01T00:00:00Z,0.37\n');
    expect(row).toMatchObject({
      kind: 'price',
      time: Date.UTC(2026, 0, 1),
      price: 0.37,
      size: null,
      side: null,
      outcome: null,
      defect: null,
    });
  });

  it('has trades when it has sizes, and its columns for side, outcome and id are read if present', async () => {
    const [row] = await read('time,price,size,side,trade_id\n1767225600,0.37,12.5,B,t-1\n');
    expect(row).toMatchObject({ kind: 'trade', time: Date.UTC(2026, 0, 1), size: 12.5, side: 'buy', tradeId: 't-1', identity: 't-1' });
  });

  it('may have any column names', async () => {
    const [row] = await read('"","Timestamp","Type","Shares","Price"\n"1",2022-11-13 15:33:33,"Sell",425423.75,0.5\n', {
      columns: { time: 'Timestamp', price: 'Price', size: 'Shares', side: 'Type' },
    });
    expect(row).toMatchObject({ time: Date.parse('2022-11-13T15:33:33Z'), price: 0.5, size: 425_423.75, side: 'sell' });
  });

  it('that lacks a column is refused with the columns that it has and the option to write', async () => {
    const path = write('Timestamp,Price\n1,2\n');
    await expect(openTickFile(path)).rejects.toThrow(
      `${path} has no column for time ("time"); its columns are: Timestamp, Price. Say which one`,
    );
    await expect(openTickFile(path, { columns: { time: 'When', price: 'Price', size: 'Shares' } })).rejects.toThrow(
      'no column for time ("When") and size ("Shares")',
    );
  });

  it('that is missing, empty or truncated is refused with that reason', async () => {
    await expect(openTickFile(`${folder.path}/none.csv`)).rejects.toMatchObject({
      type: 'BadInput',
      message: expect.stringMatching(/there is no file/),
    });
    await expect(openTickFile(folder.path)).rejects.toMatchObject({ type: 'BadInput', message: expect.stringMatching(/is a folder/) });
    await expect(openTickFile(write(''))).rejects.toMatchObject({ type: 'BadInput', message: expect.stringMatching(/is empty/) });
    const whole = gzipSync(Buffer.from(`time,price\n${'1767225600,0.5\n'.repeat(1000)}`));
    const torn = write(whole.subarray(0, whole.length - 20));
    await expect(readAll(torn)).rejects.toMatchObject({ type: 'BadInput', message: expect.stringMatching(/not complete gzip data/) });
  });

  it('refuses binary and UTF-16 files without showing their content', async () => {
    const header = 'time,price\n1767225600,0.4\n';
    for (const content of [`\u0000\u0001\u001b[31m${header}`, header.split('').join('\u0000')]) {
      await expect(openTickFile(folder.write('binary.csv', content))).rejects.toThrow(
        /binary\.csv is not a CSV file: its first line is not text; save/,
      );
    }
  });

  it('is refused with what to do if it is compressed with zstd, xz or bzip2, or is a zip archive', async () => {
    for (const [start, message] of [
      ['28b52ffd', 'is compressed with zstd; unpack it with zstd -d, or compress it with gzip'],
      ['fd377a585a00', 'is compressed with xz; unpack it with xz -d, or compress it with gzip'],
      ['425a6839314159', 'is compressed with bzip2; unpack it with bzip2 -d, or compress it with gzip'],
      ['504b0304', 'is a zip archive or an Excel file; unpack it, or save the sheet as CSV'],
    ]) {
      const path = folder.write('packed.csv', Buffer.from(`${start}0000000000`, 'hex'));
      await expect(openTickFile(path)).rejects.toMatchObject({ type: 'BadInput', message: `${path} ${message}` });
    }
    const text = folder.write('text.csv', 'time,price,BZh9\n1767225600,0.4,1\n');
    expect((await openTickFile(text)).isEmpty).toBe(false);
  });

  it('is empty if nothing follows its header', async () => {
    expect((await openTickFile(folder.write('header.csv', 'time,price\n\n'))).isEmpty).toBe(true);
    expect((await openTickFile(folder.write('row.csv', 'time,price\n1767225600,0.4\n'))).isEmpty).toBe(false);
  });

  it('may be compressed with gzip under any name, and have a byte order mark, CRLF and blank lines', async () => {
    const content = '\ufefftime,price,size\r\n2026-01-01T00:00:00Z,0.4,1\r\n\r\n2026-01-01T00:00:01Z,0.5,2\r\n';
    for (const path of [write(content), write(gzipSync(Buffer.from(content)))]) {
      const { rows, lines } = await readAll(path);
      expect(rows.map(({ price }) => price)).toEqual([0.4, 0.5]);
      expect(lines).toEqual([2, 4]);
      expect(rows[0].raw).toBe('2026-01-01T00:00:00Z,0.4,1');
    }
  });

  it('has its incomplete lines kept unchanged, with the reason and the line number', async () => {
    const { rows, lines } = await readAll(
      write(
        'time,price,size\n2026-01-01T00:00:00Z,0.4,1\n2026-01-01T00:00:01Z,0.\n"2026-01-01,0.4,1\n2026-01-01T00:00:02Z,0.5,2,3\nx,0.5,2\n2026-01-01T00:00:03Z,,2\n',
      ),
    );
    expect(rows.map(({ defect }) => defect)).toEqual([null, 'malformed', 'malformed', 'malformed', 'malformed', 'malformed']);
    expect(rows[1].raw).toBe('2026-01-01T00:00:01Z,0.');
    expect(lines).toEqual([2, 3, 4, 5, 6, 7]);
    // a bad row keeps its time, which could be read
    expect(rows[5].time).toBe(Date.parse('2026-01-01T00:00:03Z'));
  });

  it('has numbers that are not finite and invalid sides marked as defects', async () => {
    const rows = await read(
      'time,price,size,side\n2026-01-01,NaN,1,buy\n2026-01-01,0.5,inf,buy\n2026-01-01,0.5,1,merge\n2026-01-01,0.5,,buy\n',
    );
    expect(rows.map(({ defect }) => defect)).toEqual(['not-finite', 'not-finite', 'malformed', 'malformed']);
  });

  it('in milliseconds keeps a row in seconds as a time in 1970, which a later rule rejects', async () => {
    const rows = await read('time,price\n1767225600000,0.4\n1767225601,0.5\n1767225602000,0.6\n');
    expect(rows.map(({ time }) => time)).toEqual([1_767_225_600_000, 1_767_225_601, 1_767_225_602_000]);
  });

  it('has its line numbers also where it ends without a line feed', async () => {
    expect((await readAll(write('time,price\n2026-01-01,0.5'))).lines).toEqual([2]);
    expect((await readAll(write('time,price\n\n2026-01-01,0.5\n2026-01-02,0.5'))).lines).toEqual([3, 4]);
  });

  it('is refused when two of its columns have the name of a field, or when no row can be read, with the first reason', async () => {
    await expect(openTickFile(write('time,price,Time\n1,0.5,1\n'))).rejects.toThrow('has several columns named time');
    const open = (...rows: string[]) =>
      openTickFile(write(`Block Time,price,size\n${rows.join('\n')}\n`), { columns: { time: 'Block Time' } });
    await expect(open('soon,0.5,1', 'late,0.5,1')).rejects.toThrow('none of its 2 rows can be read; line 2: time "soon" cannot be read');
    await expect(open('"2026-01-01,0.5,1')).rejects.toThrow('line 2: a quote is not closed');
    await expect(open('2026-01-01,0.5,much')).rejects.toThrow('line 2: size "much" cannot be read');
    await expect(open('2026-01-01,0.5')).rejects.toThrow('line 2: 2 fields under a header of 3');
  });

  it('is read the same for every batch and chunk size', async () => {
    const many = Array.from({ length: 30_000 }, (_, i) => `${1_767_225_600 + (i >> 2)},0.${(i % 9) + 1},${i % 3}.5`).join('\n');
    const path = write(`time,price,size\n${many}`);
    const whole = await readAll(path, { batchSize: 1_000_000 });
    const small = await readAll(path, { batchSize: 7 });
    expect(whole.rows).toHaveLength(30_000);
    expect(small.rows).toEqual(whole.rows);
    expect(whole.rows.every(({ defect }) => defect === null)).toBe(true);
  });

  it('is continued after a line with the same identities as when the whole file is read', async () => {
    const path = write('time,price,size\n1767225600,0.5,1\n1767225600,0.5,1\n1767225600,0.5,1\n1767225601,0.5,1\n');
    const { rows } = await readAll(path);
    const file = await openTickFile(path);
    const rest: CandidateRow[] = [];
    for await (const batch of file.batches(3)) rest.push(...batch.rows);
    expect(rest).toEqual(rows.slice(2));
  });
});

describe('the outcome in a row of a tick file', () => {
  const content =
    'time,price,size,side,outcome\n2026-01-01,0.37,1,buy,No\n2026-01-02,0.6,1,sell,Yes\n2026-01-03,0.6,1,sell,Maybe\n2026-01-03,0.6,1,sell,\n';

  it('makes a trade of the second outcome a mirrored trade, which keeps the traded name', async () => {
    const rows = await read(content, { firstOutcome: 'Yes' });
    expect(rows[0]).toMatchObject({ price: 0.63, side: 'sell', outcome: 'No' });
    expect(rows[1]).toMatchObject({ price: 0.6, side: 'sell', outcome: 'Yes' });
  });

  it('is quarantined when it is a third one or missing', async () => {
    const rows = await read(content, { firstOutcome: 'Yes' });
    expect(rows.map(({ defect }) => defect)).toEqual([null, null, 'unknown-outcome', 'unknown-outcome']);
  });

  it('is priced when named Yes or Up, and otherwise when it comes first in the file', async () => {
    expect((await readAll(write(content))).file.outcomes).toEqual(['Yes', 'No']);
    const parties = 'time,price,size,outcome\n2026-01-01,0.6,1,Democratic\n2026-01-01,0.3,1,Republican\n';
    const { file, rows } = await readAll(write(parties));
    expect(file.outcomes).toEqual(['Democratic', 'Republican']);
    expect(rows.map(({ price }) => price)).toEqual([0.6, 0.7]);
  });

  it('is recognised in any letter case', async () => {
    const rows = await read('time,price,size,outcome\n2026-01-01,0.6,1,YES\n2026-01-01,0.3,1,no\n', { firstOutcome: 'yes' });
    expect(rows.map(({ price, defect }) => [price, defect])).toEqual([
      [0.6, null],
      [0.7, null],
    ]);
  });

  it('is not mirrored again in a file that we exported', async () => {
    const exported =
      'symbol,source,instrument,kind,time,price,size,side,outcome,trade_id\nS,file,file:S,trade,2026-01-01T00:00:00.000Z,0.63,1,sell,No,\nS,file,file:S,price,2026-01-01T00:00:00.000Z,0.5,,,,\n';
    const [original] = await read('time,price,size,side,outcome\n2026-01-01,0.37,1,buy,No\n', { firstOutcome: 'Yes' });
    const rows = await read(exported, { firstOutcome: 'Yes' });
    expect(rows[0]).toMatchObject({ kind: 'trade', price: 0.63, side: 'sell', outcome: 'No', defect: null });
    expect(rows[0].identity).toBe(original.identity);
    expect(rows[1]).toMatchObject({ kind: 'price', price: 0.5, size: null, defect: null });
  });

  it('cannot come from an export of several instruments, which is refused', async () => {
    const exported =
      'symbol,source,instrument,kind,time,price,size,side,outcome,trade_id\nS,file,file:A,trade,2026-01-01T00:00:00.000Z,0.6,1,,,\nS,file,file:B,trade,2026-01-01T00:00:00.000Z,0.5,1,,,\n';
    await expect(read(exported)).rejects.toThrow(
      'line 3: the column instrument names file:B, and file:A in the lines before: a file of ticks holds one market; `predictlab import ticks --by instrument`',
    );
  });

  it('is ignored when the whole column is empty', async () => {
    const rows = await read('time,price,size,outcome\n2026-01-01,0.6,1,\n');
    expect(rows[0].defect).toBeNull();
  });
});

describe('the identity of a row in a tick file', () => {
  const identities = async (content: string) => (await read(content)).map(({ identity }) => identity);

  it('counts exact copies in one file as separate trades, and the same file again as the same trades', async () => {
    const content = 'time,price,size\n1767225600,0.5,1\n1767225600,0.5,1\n1767225600,0.6,1\n';
    const first = await identities(content);
    expect(new Set(first).size).toBe(3);
    expect(await identities(content)).toEqual(first);
  });

  it('does not depend on names of columns, spellings of numbers or the unit of time', async () => {
    const [seconds] = await identities('time,price,size\n1767225600,0.50,1.0\n');
    const [dates] = await identities('size,time,price,note\n1,2026-01-01T00:00:00Z,.5,x\n');
    expect(dates).toBe(seconds);
  });

  it('stays the same for the earlier rows when the file grows at either end', async () => {
    const old = await identities('time,price,size\n1767225601,0.5,1\n1767225601,0.5,1\n');
    const grown = await identities('time,price,size\n1767225602,0.7,1\n1767225601,0.5,1\n1767225601,0.5,1\n1767225600,0.4,1\n');
    expect(grown.slice(1, 3)).toEqual(old);
  });

  it('numbers copies of the same content, however far apart they are, in files of any order', async () => {
    const rows = fc.array(fc.record({ time: fc.integer({ min: 0, max: 9 }), price: fc.integer({ min: 1, max: 3 }) }), {
      minLength: 1,
      maxLength: 40,
    });
    await fc.assert(
      fc.asyncProperty(rows, async (ticks) => {
        const path = folder.write(
          'any-order.csv',
          `time,price,size\n${ticks.map(({ time, price }) => `${1_767_225_600 + time},0.${price},1`).join('\n')}\n`,
        );
        const found = (await readAll(path)).rows.map(({ identity }) => identity);
        const met = new Map<string, number>();
        ticks.forEach(({ time, price }, i) => {
          const content = `${time} ${price}`;
          const copy = met.get(content) ?? 0;
          met.set(content, copy + 1);
          expect(found[i].split('#')[1] ?? '0').toBe(String(copy));
        });
      }),
      { numRuns: worlds(60) },
    );
  });

  it('is the same for repeats of a bad line', async () => {
    const [first, second] = await identities('time,price,size\nx,0.5,1\nx,0.5,1\n2026-01-01,0.5,1\n');
    expect(first).toBe(second);
  });
});

describe('the kind of market of a tick file', () => {
  it('is derived from the first rows unless outcomes are named', async () => {
    expect((await openTickFile(write('time,price\n1,0.5\n1,1.5\n1,0.7\n'))).likelyMarket).toBe('probability');
    expect((await openTickFile(write('time,price\n1,63304.2\n1,63305\n'))).likelyMarket).toBe('asset');
    expect((await openTickFile(write('time,price,outcome\n1,2,Yes\n1,3,No\n'))).likelyMarket).toBe('probability');
  });

  it('is not guessed when eight or more prices may be cents or dollars, and is an asset when one lies outside 0 to 100', () => {
    const cents = [45, 46.5, 47, 48, 0, 100, 51, 52];
    expect(() => likelyMarket('ticks.csv', cents)).toThrow('ticks.csv: prices from 0 to 100 may be cents of a probability');
    expect(likelyMarket('ticks.csv', cents.slice(0, 7))).toBe('asset');
    for (const other of [101, -3, 45.25]) expect(likelyMarket('ticks.csv', [...cents, other])).toBe('asset');
    expect(likelyMarket('ticks.csv', [...cents, 101], { hasOutcomes: true })).toBe('probability');
  });
});

describe('a tick file with dates and prices as people write them', () => {
  const first = async (time: string, price = '0.5', options = {}): Promise<{ time: unknown; price: unknown }> => {
    const file = await openTickFile(write(`time;price\n${time};${price}\n`), options);
    for await (const { rows } of file.batches()) return { time: new Date(rows[0].time as number).toISOString(), price: rows[0].price };
    throw new Error('no rows');
  };

  it.each([
    ['24.11.2026 15:45', '2026-11-24T15:45:00.000Z'],
    ['1.2.2026', '2026-02-01T00:00:00.000Z'],
    ['11/24/2026 3:45 PM', '2026-11-24T15:45:00.000Z'],
    ['24/11/2026 03:45:09', '2026-11-24T03:45:09.000Z'],
    ['24-11-2026', '2026-11-24T00:00:00.000Z'],
    ['2026/11/24 12:00', '2026-11-24T12:00:00.000Z'],
    ['Nov 24 2026 12:00 AM', '2026-11-24T00:00:00.000Z'],
  ])('reads %s as %s', async (text, time) => expect(await first(text)).toEqual({ time, price: 0.5 }));

  it.each([
    ['$0.45', 0.45],
    ['45¢', 0.45],
    ['57 ¢', 0.57],
    ['45%', 0.45],
    ['45.1%', 0.451],
    ['€ 0.07', 0.07],
    ['0.45', 0.45],
  ])('reads %s as %d', async (text, price) => expect((await first('2026-01-01', text)).price).toBe(price));

  it('is refused when none of its dates shows the order of day and month, unless the user states that order', async () => {
    await expect(first('03/04/2026')).rejects.toThrow(
      /the date 03\/04\/2026 may have the day or the month first, and no date in the file decides; write ISO 8601 .*--date-order dmy/,
    );
    expect((await first('03/04/2026', '0.5', { dateOrder: 'mdy' })).time).toBe('2026-03-04T00:00:00.000Z');
    const rows = Array.from({ length: 300 }, () => '03/04/2026;0.5');
    const late = await openTickFile(write(['time;price', ...rows, '13/04/2026;0.5'].join('\n')));
    for await (const { rows } of late.batches()) {
      expect(new Date(rows[0].time as number).toISOString()).toBe('2026-04-03T00:00:00.000Z');
      break;
    }
  });

  it('of several markets is sorted by market, and rows without a market are malformed rows of the first one', async () => {
    const path = write('time,market,price\n1767225600,A,0.1\n1767225600,B,0.9\n1767225601,A,0.2\n1767225601,,0.3\ntorn\n');
    const sorted = await sortedByMarket([await openTickFile(path, { by: 'Market' })], 'Market');
    expect(sorted.markets).toEqual(['A', 'B']);
    const found: unknown[] = [];
    for await (const { market, rows, lines } of sorted.batches({ firstOutcomeOf: async () => undefined, storedUpTo: async () => 0 }))
      found.push([market, rows.map(({ price, defect }) => defect ?? price), lines]);
    await sorted.close();
    expect(found).toEqual([
      ['A', [0.1, 0.2, 'malformed', 'malformed'], [2, 4, 5, 6]],
      ['B', [0.9], [3]],
    ]);
    await expect(openTickFile(path, { by: 'mraket' })).rejects.toThrow(
      'has no column mraket; its columns are: time, market, price; did you mean market?',
    );
  });

  it('may have a different token id for each outcome of one market', async () => {
    const rows = await read('time,price,outcome,asset_id\n1767225600,0.4,Yes,111\n1767225601,0.6,No,222\n');
    expect(rows.map(({ price }) => price)).toEqual([0.4, 0.4]);
    await expect(read('time,price,asset_id\n1767225600,0.4,111\n1767225601,0.6,222\n')).rejects.toThrow('the column asset_id names 222');
  });
});
