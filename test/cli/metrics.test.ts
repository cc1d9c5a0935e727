import { describe, expect, it } from 'vitest';
import { temporaryFolder } from './candle-csv.ts';
import { predictlab } from './run-main.ts';

const { write } = temporaryFolder();
const returnsCsv = (returns: readonly (number | string)[]): string =>
  ['time,return', ...returns.map((value, i) => `2024-01-${String(i + 1).padStart(2, '0')}T00:00:00Z,${value}`)].join('\n');
const MIXED = returnsCsv(['', 0.01, 0.1, -0.04, 0.02, 0.03, 0.02, 0.01, -0.1]);

describe('predictlab metrics --returns', () => {
  it('measures a series whose first row is the start', async () => {
    const ended = await predictlab('metrics', '--returns', write('mixed.csv', MIXED), '--periods-per-year', '252');
    expect(ended).toMatchObject({ code: 0, err: '' });
    expect(ended.json()).toMatchObject({
      returns: 9,
      sharpe: expect.closeTo(1.7238613961706866, 12),
      sortino: expect.closeTo(2.605531251673693, 12),
      cagr: expect.closeTo(1.9135925373194231, 12),
      volatility: expect.closeTo(0.9136465399704637, 12),
      calmar: expect.closeTo(19.135925373194233, 10),
      maxDrawdown: expect.closeTo(-0.1, 12),
      deflatedSharpe: null,
      undefined: { deflatedSharpe: 'say how many were tried with --trials' },
    });
  });

  it('deflates the Sharpe ratio by the number of trials', async () => {
    const file = write('trials.csv', MIXED);
    const one = (await predictlab('metrics', '--returns', file, '--trials', '1')).json();
    const many = (await predictlab('metrics', '--returns', file, '--trials', '50')).json();
    expect(one.deflatedSharpe).toBe(one.probabilisticSharpe);
    expect(Number(many.deflatedSharpe)).toBeLessThan(Number(one.deflatedSharpe) / 2);
  });

  it.each([
    [
      'an empty return in the middle',
      returnsCsv([0.1, '', 0.1]),
      'line 3: return is not a number; give a fraction such as 0.01, or remove the row',
    ],
    ['a return of NaN', returnsCsv([0.1, 'NaN']), 'line 3: return is not a number'],
    ['a return that loses more than everything', returnsCsv([0.1, -1.5]), 'line 3: return -1.5 is below -1'],
    ['a repeated time', `${returnsCsv([0.1])}\n2024-01-01T00:00:00Z,0.1`, 'line 3: time repeats the row before'],
    ['unsorted times', `${returnsCsv([0.1])}\n2023-01-01T00:00:00Z,0.1`, 'line 3: time is earlier than the row before'],
    ['no header', '2024-01-01,0.1\n2024-01-02,0.2', 'line 1: the columns time, return are missing'],
    ['no return at all', returnsCsv(['']), 'has no return; add a row for each period'],
    ['an empty file', '', 'is empty'],
  ])('ends with exit code 2 for %s', async (_name, text, sentence) => {
    const ended = await predictlab('metrics', '--returns', write('bad.csv', text));
    expect(ended).toMatchObject({ code: 2, out: '' });
    expect(ended.err).toContain(sentence);
  });
});

describe('predictlab metrics --forecasts', () => {
  it('scores forecasts, and shows how often the forecasts of each range came true', async () => {
    const file = write('forecasts.csv', 'probability,outcome\n0.1,0\n0.9,1\n0.8,1\n0.3,0\n');
    const ended = await predictlab('metrics', '--forecasts', file);
    expect(ended.code).toBe(0);
    const printed = ended.json();
    expect(printed).toMatchObject({ forecasts: 4, brier: expect.closeTo(0.0375, 12), logLoss: expect.closeTo(0.19763488164214868, 12) });
    expect(printed.calibration).toEqual(
      [
        [0, 0.1, 0.1, 0],
        [0.2, 0.3, 0.3, 0],
        [0.7, 0.8, 0.8, 1],
        [0.8, 0.9, 0.9, 1],
      ].map(([from, to, meanForecast, hitRate]) => ({
        from,
        to,
        count: 1,
        meanForecast,
        hitRate,
        wilsonLow: expect.closeTo(hitRate === 0 ? 0 : 0.206549314, 8),
        wilsonHigh: expect.closeTo(hitRate === 0 ? 0.793450686 : 1, 8),
      })),
    );
  });

  it.each([
    ['a probability above one', 'probability,outcome\n1.1,0', 'line 2: probability must be a number from 0 to 1'],
    ['no probability', 'probability,outcome\n,0', 'line 2: probability must be a number from 0 to 1'],
    ['an outcome in between', 'probability,outcome\n0.1,0.5', 'line 2: outcome must be 0 or 1'],
    ['a missing column', 'probability\n0.1', 'the column outcome is missing'],
  ])('ends with exit code 2 for %s', async (_name, text, sentence) => {
    const ended = await predictlab('metrics', '--forecasts', write('bad.csv', text));
    expect(ended).toMatchObject({ code: 2, out: '' });
    expect(ended.err).toContain(sentence);
  });
});

describe('predictlab metrics', () => {
  it.each([
    [[], 'give either --returns <csv> or --forecasts <csv>'],
    [['--returns', 'a.csv', '--forecasts', 'b.csv'], 'give either'],
    [['--forecasts', 'b.csv', '--trials', '3'], '--periods-per-year and --trials apply to --returns'],
    [['--returns', 'a.csv', '--trials', '0'], '--trials 0: write a whole number of at least 1'],
    [['--returns', 'a.csv', '--periods-per-year', 'x'], '--periods-per-year x: write a number'],
  ])('refuses %j as wrong usage', async (args, sentence) => {
    const ended = await predictlab('metrics', ...args);
    expect(ended.code).toBe(2);
    expect(ended.err).toContain(sentence);
  });
});
