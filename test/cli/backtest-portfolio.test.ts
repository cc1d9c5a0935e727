import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { walk } from '../backtest/series.ts';
import { candleCsv, temporaryFolder } from './candle-csv.ts';
import { predictlab } from './run-main.ts';

const { folder, write } = temporaryFolder();
write('rain.csv', candleCsv(walk(2000, 1, { probability: true })));
write('sun.csv', candleCsv(walk(1800, 2, { probability: true })));
const list = write(
  'markets.json',
  JSON.stringify([
    { candles: 'rain.csv', resolution: 1, closesAt: '1970-04-01T00:00:00Z', fees: { model: 'polymarket', rate: 0.04 }, tick: 0.01 },
    { candles: 'sun.csv', resolution: 0 },
  ]),
);
const sma = ['--volume-share', 'none', '--strategy', 'sma-cross', '--param', 'fast=3', '--param', 'slow=12'];

describe('predictlab backtest portfolio', () => {
  afterEach(() => void vi.unstubAllEnvs());

  it('trades all markets from one account, with a benchmark, and writes trades and equity', async () => {
    const [trades, equity] = ['trades.csv', 'equity.csv'].map((name) => path.join(folder, name));
    const ended = await predictlab('backtest', 'portfolio', list, ...sma, '--per-market', '0.3', '--trades', trades, '--equity', equity);
    expect(ended).toMatchObject({ code: 0, err: '' });
    const printed = ended.json() as {
      finalEquity: number;
      markets: { market: string; pnl: number; trades: number }[];
      benchmark: object;
      to: string;
    };
    expect(printed).toMatchObject({
      limits: { perMarket: 0.3, total: 1 },
      benchmark: { strategy: 'buy-and-hold', totalReturn: expect.any(Number) as number },
    });
    expect(printed.finalEquity).toBeCloseTo(10_000 + printed.markets.reduce((sum, { pnl }) => sum + pnl, 0), 6);
    const rows = readFileSync(trades, 'utf8').trim().split('\n');
    expect(rows[0]).toBe('market,entry_time,exit_time,side,size,entry_price,exit_price,pnl,fees');
    expect(rows).toHaveLength(1 + printed.markets.reduce((sum, market) => sum + market.trades, 0));
    const curve = readFileSync(equity, 'utf8').trim().split('\n');
    expect(curve[0]).toBe('time,equity,cash');
    expect(curve.at(-1)).toMatch(`${printed.to},${printed.finalEquity},`);
  });

  it('gives a strategy no memory of another market, which would show it the future of this one', async () => {
    const plugin = path.join(folder, 'remembers.mjs');
    writeFileSync(
      plugin,
      `import { z } from 'zod';
      const seen = new Map();
      export default { strategies: { remembers: { summary: 'for tests', params: z.strictObject({}), create: (_params, bars) => () => {
        seen.set(bars.time(), bars.close());
        const next = seen.get(bars.time() + bars.barMs);
        return next === undefined ? 'hold' : next > bars.close() ? 'long' : 'flat';
      } } } };`,
    );
    vi.stubEnv('PREDICTLAB_PLUGINS', plugin);
    const twice = JSON.stringify(Array.from({ length: 2 }, () => ({ candles: path.join(folder, 'rain.csv'), market: 'probability' })));
    const { markets } = (await predictlab('backtest', 'portfolio', twice, '--strategy', 'remembers')).json() as {
      markets: { trades: number }[];
    };
    expect(markets.map(({ trades }) => trades)).toEqual([0, 0]);
    const sharing = path.join(folder, 'shares.mjs');
    writeFileSync(
      sharing,
      readFileSync(plugin, 'utf8').replace('const seen = new Map()', 'const seen = (globalThis.seenByPlugin ??= new Map())'),
    );
    // in a process of its own, because vitest's way of importing uses the process while the plugin is loaded
    const { stdout } = spawnSync(
      process.execPath,
      ['bin/predictlab.js', 'backtest', 'portfolio', twice, '--strategy', 'remembers', '--json'],
      { env: { PATH: process.env['PATH'], PREDICTLAB_HOME: folder, PREDICTLAB_PLUGINS: sharing }, encoding: 'utf8' },
    );
    expect(JSON.parse(stdout)).toMatchObject({
      provable: false,
      notProvable: expect.arrayContaining([
        expect.stringContaining('was changed by a plugin and stays changed from series to series'),
      ]) as string[],
    });
  });

  it.each<[string[], string]>([
    [['file', ...sma], 'name the candle file: predictlab backtest file'],
    [['walk-forward', ...sma], 'name the candles: --candles <csv>, or --symbol'],
    [['portfolio', ...sma], 'name the markets: a JSON list of candle files'],
    [['portfolio', list, '--symbol', 'RAIN', ...sma], 'exclude each other; give one'],
    [['portfolio', 'nowhere.json', ...sma], 'backtest portfolio nowhere.json cannot be read: there is no such file or folder'],
    [['portfolio', '[]', ...sma], 'backtest portfolio; write a list such as'],
    [
      ['portfolio', '[{"candles":"x.csv","resolution":3}]', ...sma],
      'backtest portfolio, at 0.resolution: a unit of the first outcome pays from 0 to 1',
    ],
    [
      ['portfolio', '[{"candles":"x.csv","market":"asset","resolution":1}]', ...sma],
      'backtest portfolio, at 0.resolution: an asset is closed',
    ],
    [['portfolio', list, ...sma, '--per-market', '2'], 'the limit of one market must be a share in (0, 1], got 2'],
    [['portfolio', list, '--strategy', 'sma-cross', '--param', 'fast=3,5'], 'a portfolio is traded by one strategy'],
    [['file', path.join(folder, 'rain.csv'), ...sma, '--interval', '7m'], '--interval 7m: write one of 1m, 5m'],
    [['file', path.join(folder, 'rain.csv'), ...sma, '--interval', '1w'], 'minutes apart cannot last 10080 minutes'],
    [['file', path.join(folder, 'rain.csv'), ...sma, '--windows', 'w.csv'], "unknown option '--windows'"],
    [['symbol', 'RAIN', ...sma], 'a stored symbol needs --interval: write one of 1m, 5m'],
    [
      ['walk-forward', '--symbol', 'RAIN', '--interval', '1h', ...sma, '--settle', '1'],
      'apply to candle files; a stored market has its own, leave them out',
    ],
  ])('refuses %j as wrong usage', async (args, sentence) => {
    const ended = await predictlab('backtest', ...args);
    expect(ended).toMatchObject({ code: 2, out: '' });
    expect(ended.err).toContain(sentence);
  });
});

describe('predictlab backtest file --monte-carlo', () => {
  const run = async (...args: string[]) => (await predictlab('backtest', 'file', path.join(folder, 'rain.csv'), ...sma, ...args)).json();

  it('draws other orders of the positions, the same orders for the same seed', async () => {
    const { monteCarlo, sample } = (await run('--monte-carlo', '200')) as { monteCarlo: { positions: number }; sample: { trades: number } };
    expect(monteCarlo).toMatchObject({
      draws: 200,
      positions: sample.trades,
      reordered: { maxDrawdown: { p50: expect.any(Number) as number } },
    });
    expect(await run('--monte-carlo', '200')).toMatchObject({ monteCarlo });
    expect((await run('--monte-carlo', '200', '--seed', '2')).monteCarlo).not.toEqual(monteCarlo);
  });
});

describe('predictlab backtest walk-forward --windows', () => {
  it('writes a row for each window', async () => {
    const file = path.join(folder, 'windows.csv');
    const args = ['--strategy', 'sma-cross', '--param', 'fast=3,5', '--param', 'slow=12', '--train', '20d', '--test', '10d'];
    const ended = await predictlab('backtest', 'walk-forward', '--candles', path.join(folder, 'rain.csv'), ...args, '--windows', file);
    interface Part {
      readonly totalReturn: number;
      readonly sharpe: number | null;
      readonly weak: { readonly sharpe?: string };
    }
    const { windows } = ended.json() as { windows: { params: object; inSample: Part; outOfSample: Part }[] };
    const [header, ...rows] = readFileSync(file, 'utf8').trim().split('\n');
    expect(header).toMatch(/^series,train_from,train_to,test_from,test_to,strategy,params,in_sample_total_return,/);
    expect(rows).toHaveLength(windows.length);
    expect(rows[0]).toContain(`,${windows[0].outOfSample.totalReturn},`);
    // each row marks the ratios that the result names as weak
    for (const [i, { inSample, outOfSample }] of windows.entries())
      for (const { weak, sharpe } of [inSample, outOfSample])
        if (sharpe !== null && weak.sharpe !== undefined) expect(rows[i]).toContain(`sharpe: ${weak.sharpe}`);
    expect(windows.some(({ inSample }) => inSample.weak.sharpe !== undefined)).toBe(true);
  });
});
