import { describe, expect, it } from 'vitest';
import { sma } from '../../src/backtest/indicators/indicators.ts';
import { INDICATOR_NAMES } from '../../src/backtest/indicators/registry.ts';
import { closes, walk } from '../backtest/series.ts';
import { candleCsv, temporaryFolder } from './candle-csv.ts';
import { predictlab } from './run-main.ts';

const { write } = temporaryFolder();
const candles = walk(60, 2);
const file = write('candles.csv', candleCsv(candles));
const linesOf = (out: string): string[] => out.trimEnd().split('\n');

describe('predictlab indicators', () => {
  it('prints one row per bar in full precision, with empty values until the period is full', async () => {
    const { code, out, err } = await predictlab('indicators', '--candles', file, '--name', 'sma', '--param', 'period=3');
    expect({ code, err }).toEqual({ code: 0, err: '' });
    const lines = linesOf(out);
    expect(lines.slice(0, 3)).toEqual(['open_time,value', '1970-01-01T00:00:00.000Z,', '1970-01-01T01:00:00.000Z,']);
    expect(lines.slice(3).map((line) => Number(line.split(',')[1]))).toEqual([...sma(candles.close, 3).subarray(2)]);
  });

  it.each(INDICATOR_NAMES)('%s has its columns and a default period', async (name) => {
    const { code, out } = await predictlab('indicators', '--candles', file, '--name', name);
    expect(code).toBe(0);
    const lines = linesOf(out);
    expect(lines[0]).toBe(name === 'bollinger' || name === 'donchian' ? 'open_time,lower,middle,upper' : 'open_time,value');
    expect(lines).toHaveLength(61);
    expect(lines[60].split(',').every((cell) => cell !== '')).toBe(true);
  });

  it('prints JSON on request, with null until the period is full', async () => {
    const { out } = await predictlab(
      'indicators',
      '--candles',
      write('two.csv', candleCsv(closes([1, 3]))),
      '--name',
      'sma',
      '--param',
      'period=2',
      '--json',
    );
    expect(JSON.parse(out)).toEqual([
      { open_time: '1970-01-01T00:00:00.000Z', value: null },
      { open_time: '1970-01-02T00:00:00.000Z', value: 2 },
    ]);
  });

  it('accepts prices of zero, because an indicator needs no market', async () => {
    expect(
      (await predictlab('indicators', '--candles', write('zero.csv', candleCsv(closes([0, 0, 0]))), '--name', 'rsi', '--param', 'period=2'))
        .code,
    ).toBe(0);
  });

  it.each<[string[], string]>([
    [['--name', 'smaa'], 'donchian, roc, stddev; did you mean sma?'],
    [['--name', 'zzzzzzzzqq'], 'donchian, roc, stddev\n'],
    [['--name', 'rsi', '--param', 'deviations=2'], '--param deviations: the indicator rsi takes period'],
    [['--name', 'rsi', '--param', 'period=0'], '--param period of the indicator rsi'],
    [['--name', 'rsi', '--param', 'period=5,10'], '--param period of the indicator rsi'],
  ])('ends with exit code 2 for %j', async (args, sentence) => {
    const ended = await predictlab('indicators', '--candles', file, ...args);
    expect(ended).toMatchObject({ code: 2, out: '' });
    expect(ended.err).toContain(sentence);
  });

  it('states the line of a bad candle', async () => {
    const bad = write('bad.csv', candleCsv(candles).replace('\n1970-01-01T02', '\nnever'));
    const ended = await predictlab('indicators', '--candles', bad, '--name', 'sma');
    expect(ended).toMatchObject({ code: 2, out: '' });
    expect(ended.err).toContain('bad.csv, line 4: open_time is not a time');
  });
});
