import { existsSync, readdirSync, readFileSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { type Market, plainMarket } from '../../src/backtest/engine/market.ts';
import { METRIC_NAMES } from '../../src/backtest/metrics/measured.ts';
import { runBacktest } from '../../src/backtest/run-backtest.ts';
import { smaCross } from '../../src/backtest/strategies/shipped.ts';
import { presentSpelling, spellingNote } from '../../src/cli/backtest/old-spelling.ts';
import { DEFAULT_BACKTEST } from '../../src/contracts/run/backtest-settings.ts';
import { closes, walk } from '../backtest/series.ts';
import { candleCsv, temporaryFolder } from './candle-csv.ts';
import { predictlab } from './run-main.ts';

const { folder, write } = temporaryFolder();
const candles = walk(300, 1);
const file = write('candles.csv', candleCsv(candles));
const senate = write('senate.csv', candleCsv(closes([0.5, 0.6, 0.7, 0.8, 0.9])));
const backtest = (...args: string[]) => predictlab('backtest', 'file', file, '--volume-share', 'none', ...args);
const walkForward = (...args: string[]) => predictlab('backtest', 'walk-forward', '--candles', file, ...args);

afterEach(() => vi.unstubAllEnvs());

describe('predictlab backtest', () => {
  it('refuses to overwrite an input, by any of its names, or to write one file twice', async () => {
    const own = write('own.csv', candleCsv(candles));
    const before = readFileSync(own, 'utf8');
    symlinkSync(own, path.join(folder, 'link.csv'));
    for (const target of [own, `${folder}/../${path.basename(folder)}/own.csv`, path.join(folder, 'link.csv')]) {
      const ended = await predictlab('backtest', 'file', own, '--strategy', 'rsi', '--trades', target);
      expect(ended).toMatchObject({
        code: 2,
        out: '',
        err: `predictlab: --trades ${target}: it is an input of this command; name another file\n`,
      });
    }
    const windows = ['--train', '4d', '--test', '2d', '--windows', own];
    const walked = await predictlab('backtest', 'walk-forward', '--candles', own, '--strategy', 'rsi', ...windows);
    expect(walked).toMatchObject({ code: 2, err: expect.stringContaining(`--windows ${own}: it is an input`) });
    const twice = await backtest('--strategy', 'rsi', '--trades', path.join(folder, 'x.csv'), '--equity', path.join(folder, 'x.csv'));
    expect(twice).toMatchObject({ code: 2, err: expect.stringContaining('--trades writes it already') });
    expect(readFileSync(own, 'utf8')).toBe(before);
  });

  it('trades on the defaults of a run, and states where its terms differ from them', async () => {
    const plain = (await predictlab('backtest', 'file', file, '--strategy', 'buy-and-hold')).json() as {
      terms: Record<string, unknown>;
      cut: number;
    };
    expect(plain.terms).toMatchObject({
      cash: DEFAULT_BACKTEST.cash,
      sizing: DEFAULT_BACKTEST.sizing,
      side: DEFAULT_BACKTEST.side,
      maxVolumeShare: DEFAULT_BACKTEST.maxVolumeShare,
      halfSpread: 'recorded',
      differs: [],
    });
    expect(plain.cut).toBeGreaterThan(0);
    const other = (
      await backtest('--half-spread', '0', '--strategy', 'buy-and-hold', '--volume-share', 'none', '--side', 'both', '--cash', '500')
    ).json() as typeof plain;
    expect(other.terms.differs).toEqual([
      'cash: 500, default 10000',
      'side: "both", default "long"',
      'halfSpread: 0, default "recorded"',
      'maxVolumeShare: none, default 0.1',
    ]);
    expect(other.cut).toBe(0);
  });

  it('accepts the old spelling without a sub-command, gives the same result and shows the new spelling', async () => {
    const old = await predictlab('backtest', '--candles', file, '--strategy', 'rsi', '--param', 'period=5');
    const present = await backtest('--strategy', 'rsi', '--param', 'period=5');
    expect(old).toMatchObject({ code: 0, out: present.out });
    expect(old.err).toBe(
      `\`backtest\` has sub-commands now; write: predictlab backtest file ${file} --strategy rsi --param period=5 --volume-share none --market asset\n`,
    );
    expect(await predictlab('backtest')).toMatchObject({ code: 2, err: expect.stringContaining('walk-forward') });
  });

  it('translates every form of the old spelling', () => {
    const present = (line: string): string => (presentSpelling(line.split(' ')) ?? []).join(' ');
    expect(present('backtest --candles c.csv --walk-forward --train 5d')).toBe(
      'backtest walk-forward --candles c.csv --train 5d --volume-share none --market asset',
    );
    expect(present('backtest --candles c.csv --settle 1 --volume-share 0.2')).toBe(
      'backtest file --candles c.csv --settle 1 --volume-share 0.2',
    );
    expect(present('backtest --portfolio list.json --strategy rsi')).toBe(
      'backtest portfolio list.json --strategy rsi --volume-share none',
    );
    expect(present('backtest --symbol RAIN --portfolio --strategy rsi')).toBe('backtest portfolio --symbol RAIN --strategy rsi');
    expect(present('backtest --strategy rsi --symbol=RAIN')).toBe('backtest symbol --strategy rsi --symbol=RAIN');
    for (const line of ['backtest', 'backtest --help', 'backtest file c.csv', 'run --symbol X']) expect(present(line)).toBe('');
    expect(spellingNote(['backtest', 'symbol', '--strategy', 'rsi', '--symbol', 'RAIN'])).toContain('backtest symbol RAIN --strategy rsi');
  });

  it('detects the kind of market like every command that reads files', async () => {
    const coin = write('guess.csv', candleCsv(walk(300, 9, { probability: true })));
    expect((await predictlab('backtest', 'file', coin, '--strategy', 'rsi')).json()).toMatchObject({ market: 'probability' });
    expect((await backtest('--strategy', 'rsi')).json()).toMatchObject({ market: 'asset' });
    const cents = write('cents.csv', candleCsv(closes(Array.from({ length: 20 }, (_, i) => 30 + i))));
    const ended = await predictlab('backtest', 'file', cents, '--strategy', 'rsi');
    expect(ended).toMatchObject({
      code: 2,
      out: '',
      err: expect.stringContaining('may be cents of a probability or the prices of an asset'),
    });
    expect(await predictlab('backtest', 'file', cents, '--strategy', 'rsi', '--market', 'asset')).toMatchObject({ code: 0 });
  });

  it('names the column that holds several series, and what to do about it', async () => {
    const [header, ...rows] = candleCsv(candles).trim().split('\n');
    const both = ['A', 'B'].flatMap((name) => rows.map((row) => `${name},${row}`));
    const ended = await predictlab(
      'backtest',
      'file',
      write('both.csv', [`instrument,${header}`, ...both].join('\n')),
      '--strategy',
      'rsi',
    );
    expect(ended).toMatchObject({ code: 2, out: '' });
    expect(ended.err).toContain('both.csv, line 302: instrument is B, and A in the lines before: a file holds one series of candles');
  });

  it('prints the metrics of one backtest as JSON, in full precision', async () => {
    const ended = await backtest('--strategy', 'sma-cross', '--param', 'fast=5', '--param', 'slow=20', '--fee', '0.002', '--cash', '500');
    const direct = runBacktest({
      candles,
      strategy: smaCross,
      params: { fast: 5, slow: 20 },
      market: plainMarket('asset', { model: 'flat', rate: 0.002 }),
      options: { cash: 500, maxVolumeShare: null },
    });
    expect(ended).toMatchObject({ code: 0, err: '' });
    const printed = ended.json();
    expect(printed).toMatchObject({ strategy: 'sma-cross', params: { fast: 5, slow: 20 }, market: 'asset', bars: 300 });
    expect(Object.fromEntries(METRIC_NAMES.map((name) => [name, printed[name]]))).toEqual(direct.metrics);
    expect(printed.undefined).toEqual(direct.undefined);
    expect(printed.lookAhead).toEqual(direct.lookAhead);
  });

  it('runs the example strategy that stakes a share of its equity, with a limit and a stop', async () => {
    vi.stubEnv('PREDICTLAB_PLUGINS', path.resolve(import.meta.dirname, '../../examples/kelly-plugin.mjs'));
    const coin = walk(300, 9, { probability: true });
    const market = write('coin.csv', candleCsv(coin));
    const trades = path.join(folder, 'kelly.csv');
    const kelly = ['--volume-share', 'none', '--candles', market, '--market', 'probability', '--side', 'both', '--strategy', 'kelly'];
    const ended = await predictlab(
      'backtest',
      'file',
      ...kelly,
      '--param',
      'belief=0.5',
      '--param',
      'stop=0.02',
      '--tick',
      '0.01',
      '--trades',
      trades,
    );
    expect(ended).toMatchObject({ code: 0, err: '' });
    const printed = ended.json() as { lookAhead: object; trades: number; finalEquity: number };
    expect(printed.lookAhead).toMatchObject({ changed: 0, deterministic: true });
    expect(printed.trades).toBeGreaterThan(1);
    const [first] = readFileSync(trades, 'utf8')
      .trim()
      .split('\n')
      .slice(1)
      .map((line) => line.split(','));
    const [side, size, price] = [first[2], Number(first[3]), Number(first[4])];
    // half of (b − q) / (1 − q) of 10,000 at the limit, the close before
    const entry = coin.openTime.findIndex((time) => new Date(time).toISOString() === first[0]);
    const decided = coin.close.findIndex((close) => Math.abs(close - 0.5) >= 0.02);
    const q = side === 'long' ? coin.close[decided] : 1 - coin.close[decided];
    expect(entry).toBeGreaterThan(decided);
    expect(size * (side === 'long' ? price : 1 - price)).toBeCloseTo((10_000 * 0.5 * (0.5 - q)) / (1 - q), 3);
    const walked = await predictlab('backtest', 'walk-forward', ...kelly, '--param', 'belief=0.4,0.5,0.6', '--train', '4d', '--test', '2d');
    expect(walked).toMatchObject({ code: 0, err: expect.stringMatching(/: 4 of 4 windows picked by .*train on 30 days or more\n$/) });
    expect((walked.json() as { windows: unknown[] }).windows).toHaveLength(4);
  });

  it('runs the example strategy that follows the other venue, and states which instrument it read there', async () => {
    vi.stubEnv('PREDICTLAB_PLUGINS', path.resolve(import.meta.dirname, '../../examples/twin-plugin.mjs'));
    const [here, there] = [7, 8].map((seed) => write(`twin-${seed}.csv`, candleCsv(walk(300, seed, { probability: true }))));
    const gap = ['backtest', 'file', here, '--market', 'probability', '--strategy', 'twin-gap', '--side', 'both'];
    const ended = await predictlab(...gap, '--twin', there);
    expect(ended).toMatchObject({ code: 0, err: '' });
    expect(ended.json()).toMatchObject({ twin: there, lookAhead: { changed: 0, deterministic: true } });
    expect((ended.json() as { trades: number }).trades).toBeGreaterThan(1);
    const alone = (await predictlab(...gap)).json() as { trades: number };
    expect(alone).toMatchObject({ trades: 0 });
    expect(alone).not.toHaveProperty('twin');
    const list = write('twins.json', JSON.stringify([{ candles: here, market: 'probability', twin: there }]));
    const all = await predictlab('backtest', 'portfolio', list, '--strategy', 'twin-gap', '--side', 'both');
    expect(all).toMatchObject({ code: 0, err: '' });
    expect((all.json() as { markets: { trades: number }[] }).markets[0].trades).toBeGreaterThan(1);
    const missing = await predictlab(...gap, '--twin', path.join(folder, 'nowhere.csv'));
    expect(missing).toMatchObject({ code: 2, out: '' });
    expect(missing.err).toContain('nowhere.csv');
    const stored = await predictlab('backtest', 'symbol', 'RAIN', '--interval', '1h', '--strategy', 'rsi', '--twin', there);
    expect(stored).toMatchObject({ code: 2 });
    expect(stored.err).toContain("unknown option '--twin'");
  });

  it('writes trades and equity, one row per bar, ending with the final equity', async () => {
    const trades = path.join(folder, 'trades.csv');
    const equity = path.join(folder, 'equity.csv');
    const ended = await backtest(
      '--strategy',
      'sma-cross',
      '--param',
      'fast=5',
      '--param',
      'slow=20',
      '--trades',
      trades,
      '--equity',
      equity,
    );
    const { trades: count, finalEquity } = ended.json();
    const tradeLines = readFileSync(trades, 'utf8').trim().split('\n');
    expect(tradeLines[0]).toBe('entry_time,exit_time,side,size,entry_price,exit_price,pnl,fees');
    expect(tradeLines).toHaveLength(1 + Number(count));
    expect(tradeLines[1]).toMatch(/^1970-\d\d-\d\dT\d\d:00:00\.000Z,1970-.*Z,long,/);
    const equityLines = readFileSync(equity, 'utf8').trim().split('\n');
    expect(equityLines).toHaveLength(301);
    expect(equityLines[0]).toBe('time,equity');
    expect(Number(equityLines[300].split(',')[1])).toBe(finalEquity);
    expect(readdirSync(folder).filter((name) => name.endsWith('.partial'))).toEqual([]);
  });

  it('settles a probability market with --settle, and otherwise values the position at the last price', async () => {
    const run = async (...args: string[]) =>
      (
        await predictlab(
          'backtest',
          'file',
          senate,
          '--volume-share',
          'none',
          '--half-spread',
          '0',
          '--strategy',
          'favourite',
          '--param',
          'threshold=0.6',
          ...args,
        )
      ).json();
    // bought at 0.6, the open after the first close at 0.6
    expect(await run('--settle', '1')).toMatchObject({
      market: 'probability',
      trades: 1,
      settlementPnl: expect.closeTo(10_000 / 0.6 - 10_000, 6),
      markPnl: 0,
      winRate: 1,
    });
    expect(await run('--settle', '0')).toMatchObject({
      totalReturn: expect.closeTo(-1, 12),
      finalEquity: expect.closeTo(0, 6),
      winRate: 0,
    });
    expect(await run('--settle', '0.5')).toMatchObject({ finalEquity: expect.closeTo(5000 / 0.6, 6) });
    expect(await run('--market', 'probability')).toMatchObject({
      settlementPnl: 0,
      markPnl: expect.closeTo(9000 / 0.6 - 10_000, 6),
      winRate: null,
    });
    expect(await run('--market', 'asset')).toMatchObject({ market: 'asset', settlementPnl: 0, markPnl: 0 });
  });

  it('runs a grid for lists of values, and reports how likely it is that the best result is luck', async () => {
    const printed = (await backtest('--strategy', 'sma-cross', '--param', 'fast=3,5', '--param', 'slow=10,20')).json();
    expect(printed).toMatchObject({
      count: 4,
      best: { params: expect.anything(), deflatedSharpe: expect.any(Number) },
      overfitting: null,
      undefined: { overfitting: expect.stringContaining('daily returns') },
    });
    expect(printed.trials).toHaveLength(4);
    const month = write('month.csv', candleCsv(walk(24 * 40, 1)));
    const few = ['--candles', month, '--strategy', 'momentum', '--param', 'period=3,6,12'];
    const weak = { overfitting: '40 daily returns, fewer than 30 in each half' };
    expect((await predictlab('backtest', 'file', ...few)).json()).toMatchObject({ overfitting: expect.any(Number), weak });
    const walked = await predictlab('backtest', 'walk-forward', ...few, '--train', '20d', '--test', '5d');
    expect(walked.json()).toMatchObject({ overfitting: expect.any(Number), weak });
  });

  it('gives the same bytes for the same input', async () => {
    const args = ['--strategy', 'rsi', '--seed', '7'];
    expect((await backtest(...args)).out).toBe((await backtest(...args)).out);
  });

  it('runs a plugin’s strategy, and warns when that strategy looks into the future', async () => {
    const plugin = write(
      'plugin.mjs',
      `import { z } from ${JSON.stringify(import.meta.resolve('zod'))};
       export default { strategies: {
         always: { summary: '', params: z.strictObject({}), create: () => () => 'long' },
         cheat: { summary: '', params: z.strictObject({}), create: (_, bars) => {
           const { get, set } = Map.prototype;
           let close = [];
           const look = (value) => { if (value instanceof Float64Array) close = value; };
           Map.prototype.set = function (key, value) { look(value); return set.call(this, key, value); };
           Map.prototype.get = function (key) { const value = get.call(this, key); look(value); return value; };
           bars.indicator('sma', { period: 1 });
           Object.assign(Map.prototype, { get, set });
           return () => close[bars.index + 1] > bars.close() ? 'long' : 'flat';
         } },
         draws: { summary: '', params: z.strictObject({}), create: () => () => Math.random() > 0.5 ? 'long' : 'flat' },
       } };`,
    );
    vi.stubEnv('PREDICTLAB_PLUGINS', plugin);
    const honest = await backtest('--strategy', 'always');
    expect(honest).toMatchObject({ code: 0, err: '' });
    expect(honest.json()).toMatchObject({
      strategy: 'always',
      trades: 1,
      lookAhead: { changed: 0 },
      passport: { code: expect.stringMatching(/^engine-\d+\+[0-9a-f]{16}$/) },
    });
    const cheat = await backtest('--strategy', 'cheat');
    expect(cheat.err).toMatch(/^cheat {} looks into the future: [1-9]\d* of \d+ decisions changed/);
    const draws = await backtest('--strategy', 'draws');
    expect(draws.err).toMatch(/^draws {} is not deterministic: [1-9]\d* of 300 decisions were others on the same data/);
  });
});

describe('predictlab backtest walk-forward', () => {
  it('prints each window’s pick and result, and all test parts as one series', async () => {
    const ended = await walkForward('--strategy', 'momentum', '--param', 'period=3,6,12', '--train', '5d', '--test', '2d');
    expect(ended).toMatchObject({
      code: 0,
      err: expect.stringContaining('3 of 3 windows picked by Sharpe ratios that rest on too little'),
    });
    expect(ended.json()).toMatchObject({ weak: { picks: expect.stringMatching(/^3 of 3 windows picked/) } });
    const printed = ended.json() as { windows: object[]; outOfSample: object; overfitting: null };
    expect(printed.windows[0]).toMatchObject({
      trainFrom: '1970-01-01T00:00:00.000Z',
      trainTo: '1970-01-06T00:00:00.000Z',
      testFrom: '1970-01-06T00:00:00.000Z',
      testTo: '1970-01-08T00:00:00.000Z',
      params: { threshold: 0 },
      inSample: { sharpe: expect.any(Number) },
      outOfSample: { totalReturn: expect.any(Number) },
    });
    expect(printed).toMatchObject({ count: 3, outOfSample: { sample: { dailyReturns: 6 } }, overfitting: null });
  });

  it.each([
    [['--train', '5d'], 'backtest walk-forward needs --test'],
    [['--train', '5', '--test', '2d'], '--train 5: write a duration such as 60d'],
    [['--train', '50d', '--test', '2d'], 'the candles span 12.5 days, one window needs 52'],
  ])('refuses %j with exit code 2', async (args, sentence) => {
    const ended = await walkForward('--strategy', 'rsi', ...args);
    expect(ended).toMatchObject({ code: 2, out: '' });
    expect(ended.err).toContain(sentence);
  });
});

it('a backtest of one position states why it has no Monte Carlo orders', async () => {
  const ended = await backtest('--strategy', 'buy-and-hold', '--monte-carlo', '100');
  expect(ended.json()).toMatchObject({
    monteCarlo: null,
    undefined: { monteCarlo: 'only one position was closed; an order needs at least two' },
  });
});

describe('the terms of a market given as options', () => {
  it('give the same results as in a run: the venue’s fees and tick, and no fill after the close', async () => {
    const market: Market = {
      ...plainMarket('probability', { model: 'polymarket', rate: 0.072, exponent: 2 }),
      tickSize: 0.01,
      closesAt: 3 * 86_400_000,
      resolution: { kind: 'settled', payout: 1, at: null },
    };
    const options = { halfSpread: 0.01, maxVolumeShare: 0.1 };
    const traded = walk(300, 9, { probability: true });
    const direct = runBacktest({ candles: traded, strategy: smaCross, params: { fast: 3, slow: 9 }, market, options });
    const flags =
      '--fee-model polymarket --fee 0.072 --fee-exponent 2 --tick 0.01 --close 1970-01-04T00:00:00Z --settle 1 --half-spread 0.01 --volume-share 0.1';
    const strategy = '--strategy sma-cross --param fast=3 --param slow=9';
    const file = write('probability.csv', candleCsv(traded));
    const printed = await predictlab('backtest', 'file', file, ...`${strategy} ${flags}`.split(' '));
    expect(direct.metrics.trades).toBeGreaterThan(2);
    const { metrics, cut, unfilled, passport } = direct;
    expect(printed.json()).toMatchObject({ ...metrics, cut, unfilled, passport });
    // ten days of decisions after the close
    expect(unfilled.expired).toBeGreaterThan(2);
  });

  it('allow several strategies that are judged together, as in a run', async () => {
    const list = [{ name: 'sma-cross', params: { fast: [3, 5], slow: 9 } }, { name: 'buy-and-hold' }];
    const inline = (await predictlab('backtest', 'file', file, '--strategies', JSON.stringify(list))).json();
    const trials = inline.trials as { strategy: string; params: object; sharpe: number; passport: { settings: string } }[];
    expect(trials.map(({ strategy, params }) => [strategy, params])).toEqual([
      ['sma-cross', { fast: 3, slow: 9 }],
      ['sma-cross', { fast: 5, slow: 9 }],
      ['buy-and-hold', {}],
    ]);
    expect(JSON.parse(trials[2].passport.settings)).toMatchObject({ trials: { count: 3 } });
    const listed = write('strategies.json', JSON.stringify(list));
    expect((await predictlab('backtest', 'file', file, '--strategies', listed)).json()).toEqual(inline);
  });

  it.each([
    [['--close', 'soon'], '--close soon: write a time'],
    [['--fee-model', 'polymarket', '--fee', '0.02'], '--fee-model polymarket applies to --market probability'],
    [['--settle', '1', '--fee-model', 'polymarket'], "--fee-model polymarket needs the market's rate: add --fee, such as --fee 0.02"],
    [
      ['--settle', '1', '--fee-model', 'polymarket', '--fee-exponent', '2'],
      "--fee-model polymarket needs the market's rate: add --fee, such as --fee 0.02",
    ],
    [['--fee-model', 'flat'], "--fee-model flat needs the market's rate"],
    [['--settle', '1', '--fee-model', 'predict', '--fee-exponent', '2'], '--fee-exponent applies to --fee-model polymarket'],
    [
      ['--settle', '1', '--fee-model', 'polymarket', '--fee', '0.02', '--fee-exponent', '0'],
      '--fee-exponent 0: write a number from 0.01 to 10',
    ],
    [['--strategies', '[{"name":"rsi"}]'], '--strategy and --strategies exclude each other'],
  ])('are refused as wrong usage: %j', async (args, sentence) => {
    const ended = await backtest('--strategy', 'rsi', ...args);
    expect(ended.code).toBe(2);
    expect(ended.err).toContain(sentence);
  });
});

describe('a wrong list of strategies is refused', () => {
  it.each([
    [['--strategies', '[]'], '--strategies: write a list such as'],
    [['--strategies', '[{"name":"rsi","backtest":{}}]'], '--strategies: write a list such as'],
    [['--strategies', '[{"name":"rsy"}]'], "unknown strategy 'rsy'"],
    [['--strategies', '[{"name":"rsi"}]', '--param', 'period=3'], '--param applies to --strategy'],
    [['--strategies', 'nowhere.json'], '--strategies nowhere.json cannot be read: there is no such file or folder'],
    [[], 'name a strategy with --strategy sma-cross'],
  ])('%j', async (args, sentence) => {
    const ended = await backtest(...args);
    expect(ended.code).toBe(2);
    expect(ended.err).toContain(sentence);
  });
});

describe('wrong input ends with exit code 2, one sentence and no output file', () => {
  const good = readFileSync(file, 'utf8').split('\n');
  const withLine = (line: number, change: (text: string) => string): string =>
    good.map((text, i) => (i + 1 === line ? change(text) : text)).join('\n');
  const cells =
    (at: number, value: string) =>
    (text: string): string =>
      text
        .split(',')
        .map((cell, i) => (i === at ? value : cell))
        .join(',');
  const cheaper = (line: string): string => cells(3, '0.01')(line);

  it.each<[string, string, string]>([
    ['a price that is not a number', withLine(5, cells(4, 'NaN')), 'bad.csv, line 5: close is not a number; repair or remove the bar'],
    ['an empty price', withLine(7, cells(1, '')), 'bad.csv, line 7: open is not a number; repair or remove the bar'],
    ['a negative price', withLine(4, cells(3, '-1')), 'bad.csv, line 4: low -1 is not a positive price; repair or remove the bar'],
    ['an invalid time', withLine(3, cells(0, 'yesterday')), 'bad.csv, line 3: open_time is not a time; give ISO 8601 in UTC'],
    [
      'a repeated time',
      [...good.slice(0, 3), good[2]].join('\n'),
      'bad.csv, line 4: open_time repeats the bar before; keep one bar for each time',
    ],
    [
      'unsorted times',
      [...good.slice(0, 3), good[1]].join('\n'),
      'bad.csv, line 4: open_time is earlier than the bar before; sort the bars by time',
    ],
    [
      'two instruments without a name, one after the other',
      [...good.slice(0, 4), ...good.slice(1, 4).map(cheaper)].join('\n'),
      'bad.csv, line 5: an earlier bar has the same open_time and other prices; keep the bars of one instrument and interval',
    ],
    [
      'two instruments without a name, bar by bar',
      [good[0], ...good.slice(1, 4).flatMap((line) => [line, cheaper(line)])].join('\n'),
      'bad.csv, line 3: an earlier bar has the same open_time and other prices; keep the bars of one instrument and interval',
    ],
    ['an empty file', '', 'bad.csv is empty; it needs a header line open_time,open,high,low,close and a line for each row'],
    ['a header alone', `${good[0]}\n`, 'bad.csv has a header but no rows; add a line for each row'],
    [
      'one bar',
      good.slice(0, 2).join('\n'),
      'bad.csv: a backtest needs at least two bars (it decides on one and fills on the next), there is one bar',
    ],
    [
      'a missing column',
      good.map(cells(4, '')).join('\n').replace('low,,', 'low,x,'),
      'bad.csv, line 1: the column close is missing; the header has: open_time, open, high, low, x, volume',
    ],
    ['an incomplete line', withLine(6, (text) => `"${text}`), 'bad.csv, line 6: a quote is not closed; fix the line'],
  ])('%s', async (_name, text, sentence) => {
    const bad = write('bad.csv', text);
    const trades = path.join(folder, 'never.csv');
    const ended = await predictlab('backtest', 'file', bad, '--strategy', 'buy-and-hold', '--trades', trades);
    expect(ended.code).toBe(2);
    expect(ended.out).toBe('');
    expect(ended.err.trim().split('\n')).toEqual([`predictlab: ${bad.replace('bad.csv', '')}${sentence}`]);
    expect(existsSync(trades)).toBe(false);
  });

  it.each<[string, string[], string]>([
    ['an unknown strategy', ['--strategy', 'sma-crss'], "unknown strategy 'sma-crss'; there are buy-and-hold, sma-cross, "],
    [
      'an unknown parameter',
      ['--strategy', 'sma-cross', '--param', 'fats=3'],
      "strategy 'sma-cross' has no parameter 'fats'; it takes fast, slow; did you mean fast?",
    ],
    [
      'fast not below slow',
      ['--strategy', 'sma-cross', '--param', 'fast=30', '--param', 'slow=10'],
      'must be below slow, got fast 30 and slow 10',
    ],
    [
      'a parameter without a value',
      ['--strategy', 'sma-cross', '--param', 'fast'],
      '--param fast: write a name and a value, such as --param period=14',
    ],
    ['a parameter given twice', ['--strategy', 'sma-cross', '--param', 'fast=1', '--param', 'fast=2'], '--param fast is given twice'],
    ['a word for a number', ['--strategy', 'rsi', '--param', 'period=ten'], "strategy 'rsi', parameter 'period'"],
    ['cash that is not a number', ['--strategy', 'rsi', '--cash', 'much'], '--cash much: write a number'],
    ['a fee above everything', ['--strategy', 'rsi', '--fee', '1.5'], 'fee must be a fraction in [0, 1), got 1.5'],
    ['an unknown side', ['--strategy', 'rsi', '--side', 'short'], '--side short: write one of long, both'],
    ['an unknown market kind', ['--strategy', 'rsi', '--market', 'stock'], '--market stock: write one of probability, asset'],
    ['a payout above one', ['--strategy', 'rsi', '--settle', '2'], '--settle 2: write a number from 0 to 1'],
    ['an asset that settles', ['--strategy', 'rsi', '--market', 'asset', '--settle', '1'], '--settle applies to --market probability'],
    ['files of a grid', ['--strategy', 'rsi', '--param', 'low=20,30', '--trades', 'x.csv'], '--trades and --equity write one backtest'],
  ])('%s', async (_name, args, sentence) => {
    const ended = await backtest(...args);
    expect(ended.code).toBe(2);
    expect(ended.out).toBe('');
    expect(ended.err).toContain(sentence);
  });

  it('for a file that does not exist', async () => {
    const ended = await predictlab('backtest', 'file', path.join(folder, 'none.csv'), '--strategy', 'rsi');
    expect(ended).toMatchObject({ code: 2, out: '' });
    expect(ended.err).toContain('there is no file');
  });

  it('for an output folder that does not exist', async () => {
    const ended = await backtest('--strategy', 'rsi', '--trades', path.join(folder, 'nowhere', 't.csv'));
    expect(ended).toMatchObject({ code: 2, out: '' });
    expect(ended.err).toContain('make the folder');
  });
});
