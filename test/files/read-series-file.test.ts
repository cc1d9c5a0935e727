import { describe, expect, it } from 'vitest';
import { readCandleFile, readForecastFile, readReturnFile } from '../../src/files/read/read-series-file.ts';
import { scratchFolder } from './scratch.ts';

const folder = scratchFolder();
const file = (...lines: string[]): string => folder.write('series.csv', `${lines.join('\n')}\n`);

describe('a file of forecasts', () => {
  it('has a probability and an outcome, 0 or 1, in each row', async () => {
    const { probability, outcome } = await readForecastFile(file('probability,outcome', '0.7,1', '0,0', '1,1'));
    expect([[...probability], [...outcome]]).toEqual([
      [0.7, 0, 1],
      [1, 0, 1],
    ]);
  });

  it.each([
    ['0.7,1\n1.1,0', 'line 3: probability must be a number from 0 to 1'],
    ['-0.1,1', 'line 2: probability must be a number from 0 to 1'],
    ['0.7,1\n0.5,0.5', 'line 3: outcome must be 0 or 1'],
  ])('with the rows %j is refused with the line', async (rows, sentence) => {
    await expect(readForecastFile(file('probability,outcome', rows))).rejects.toThrow(sentence);
  });

  it.each([
    ['the_probability,outcome', 'the column probability is missing (rename the_probability?)'],
    ['probabilty,outcome', 'the column probability is missing (rename probabilty?)'],
    ['a,b', 'the columns probability, outcome are missing; the header has: a, b'],
  ])('with the header %s is refused with the missing column', async (header, sentence) => {
    await expect(readForecastFile(file(header, '0.7,1'))).rejects.toThrow(sentence);
  });
});

describe('a file of candles', () => {
  const rows = (...volumes: string[]) =>
    file('open_time,open,high,low,close,volume', ...volumes.map((volume, i) => `2026-01-0${i + 1},1,2,0.5,1,${volume}`));

  it('may have volumes of 0 and none, and knows the line of each bar', async () => {
    const { candles, whereOf } = await readCandleFile(rows('0', '', '7'));
    expect([...candles.volume]).toEqual([0, Number.NaN, 7]);
    expect(whereOf(2)).toMatch(/series\.csv, line 4$/);
  });
});

describe('a file of returns', () => {
  it('is ordered from oldest to newest, and may lack only its first return', async () => {
    const { time, returns } = await readReturnFile(file('time,return', '2026-01-01,', '2026-01-02,-1'));
    expect([[...time], [...returns]]).toEqual([
      [Date.UTC(2026, 0, 1), Date.UTC(2026, 0, 2)],
      [Number.NaN, -1],
    ]);
  });

  it.each([
    [['2026-01-01,0.1', '2026-01-01,0.2'], 'line 3: time repeats the row before'],
    [['2026-01-02,0.1', '2026-01-01,0.2'], 'line 3: time is earlier than the row before'],
    [['soon,0.1'], 'line 2: time is not a time'],
    [['2026-01-01,0.1', '2026-01-02,'], 'line 3: return is not a number'],
    [['2026-01-01,-1.01'], 'line 2: return -1.01 is below -1'],
    [['2026-01-01,'], 'has no return; add a row for each period'],
  ])('with the rows %j is refused with the line', async (rows, sentence) => {
    await expect(readReturnFile(file('time,return', ...rows))).rejects.toThrow(sentence);
  });
});
