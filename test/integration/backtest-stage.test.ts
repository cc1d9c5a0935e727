import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { loadPlugins } from '../../src/activities/custom/load-plugins.ts';
import { createPluginThreads } from '../../src/activities/custom/threads/plugin-threads.ts';
import { loadSymbolPage } from '../../src/activities/report/queries/symbol-query.ts';
import { createBacktest } from '../../src/activities/stages/backtest/backtest.ts';
import { recordedWork } from '../../src/activities/stages/stage-work.ts';
import { seededRandom } from '../../src/backtest/metrics/distributions.ts';
import { METRIC_NAMES } from '../../src/backtest/metrics/measured.ts';
import { shippedStrategies } from '../../src/backtest/strategies/registry.ts';
import type { Strategy } from '../../src/backtest/strategy.ts';
import type { Instrument, Resolution } from '../../src/contracts/market-data.ts';
import { DEFAULT_BACKTEST } from '../../src/contracts/run/backtest-settings.ts';
import type { RunConfig, StageSettings, StrategyConfig } from '../../src/contracts/run/run-config.ts';
import type { StageEffect } from '../../src/contracts/task/stage-report.ts';
import { readBacktests } from '../../src/storage/backtests/backtests.ts';
import { readCandles } from '../../src/storage/candles/candles.ts';
import { saveInstruments } from '../../src/storage/markets/instruments.ts';
import { recordRunStart } from '../../src/storage/runs/runs.ts';
import { predictlab } from '../cli/run-main.ts';
import { empty, type TestDatabase, testDatabase } from '../support/postgres.ts';
import { silent } from '../support/silent.ts';
import { collect, DAY, HOUR, instrument, runStages, START, trade } from '../support/stage-run.ts';

let test: TestDatabase;
let strategies: readonly Strategy[];
const PLUGIN = ['../plugins/strategies.mjs', '../../examples/kelly-plugin.mjs', '../../examples/twin-plugin.mjs']
  .map((file) => path.resolve(import.meta.dirname, file))
  .join(',');
const threads = createPluginThreads(silent);
beforeAll(async () => {
  test = await testDatabase();
  strategies = [...shippedStrategies, ...(await loadPlugins({ PREDICTLAB_PLUGINS: PLUGIN })).strategies];
});
afterAll(async () => {
  await threads.close();
  await test.close();
});
afterEach(() => vi.unstubAllEnvs());
beforeEach(() => empty(test.database, ['symbols', 'instruments', 'ledger', 'runs', 'staged_rows', 'ticks']));

const ASOF = START + 4 * DAY;

/** Stores `days` of trades of one market up to `asOf`, as a run does. */
async function market(id: string, facts: Partial<Instrument>, seed: number, { days = 4, asOf = ASOF } = {}): Promise<void> {
  const random = seededRandom(seed);
  const from = asOf - days * DAY;
  let price = 0.5;
  const rows = Array.from({ length: days * 24 * 4 }, (_, i) => {
    price = Math.min(0.95, Math.max(0.05, price + Math.round((random() - 0.5) * 10) / 100));
    return trade(from + i * (HOUR / 4), Math.round(price * 100) / 100);
  });
  const executionId = `collect-${id}-${asOf}`;
  await collect(test.database, { executionId, instrument: instrument(id, facts), rows, covered: { from, to: asOf } });
  await runStages(test.database, { executionId, asOf, intervals: ['1h', '4h', '1d'] });
}

/** Runs with the plugins of this file in the environment. */
const withPlugins = async <T>(run: () => Promise<T>): Promise<T> => {
  vi.stubEnv('PREDICTLAB_PLUGINS', PLUGIN);
  return await run();
};

const settled = (payout: number, at: number): Resolution => ({ kind: 'settled', payout, at });

interface Run {
  readonly strategies: readonly StrategyConfig[];
  readonly asOf?: number;
  readonly executionId?: string;
  readonly heartbeats?: unknown[];
  readonly signal?: AbortSignal;
  readonly settings?: Partial<StageSettings>;
}

async function backtest({
  strategies: asked,
  asOf = ASOF,
  executionId = 'run-1',
  heartbeats = [],
  signal = new AbortController().signal,
  settings: more = {},
}: Run): Promise<StageEffect> {
  const settings: StageSettings = {
    sourceTypes: ['polymarket'],
    intervals: ['1h', '4h', '1d'],
    daysBack: 7,
    strategies: asked,
    refetch: false,
    asOf,
    ...more,
  };
  const about = { runId: 'run', executionId, symbol: 'RAIN', stage: 'backtest' } as const;
  const stage = createBacktest({ database: test.database, strategies, threads, log: silent });
  return await stage(
    { ...about, settings },
    recordedWork(test.database, about, { log: silent, signal, heartbeat: (resume) => void heartbeats.push(resume) }),
  );
}

describe('the backtest stage', () => {
  it('runs every strategy on every instrument and interval and stores results with trades and equity', async () => {
    await market('polymarket:0x1', {}, 1);
    await market('polymarket:0x2', { resolution: settled(1, ASOF - 1) }, 2);
    const heartbeats: unknown[] = [];
    const effect = await backtest({
      strategies: [
        { name: 'sma-cross', params: { fast: [2, 3], slow: 5 } },
        { name: 'favourite', params: {} },
      ],
      heartbeats,
    });
    // four days are too few for a Sharpe ratio, so no trial is the best one
    expect(effect.output).toEqual({ backtests: 18, trials: 3, cut: expect.any(Number), spreads: { default: expect.any(Number) } });
    expect(effect.degraded).toBeUndefined();
    expect(heartbeats.at(-1)).toEqual({ series: 5, of: 6, backtests: 18 });

    const stored = await readBacktests(test.database, { symbol: 'RAIN' });
    expect(stored).toHaveLength(18);
    expect(stored.some(({ metrics }) => typeof metrics.sharpe === 'number')).toBe(true);
    for (const { metrics, passport } of stored) {
      expect(Object.keys(metrics)).toEqual(expect.arrayContaining([...METRIC_NAMES, 'undefined', 'weak', 'sample', 'lookAhead']));
      expect(metrics.lookAhead).toMatchObject({ changed: 0 });
      expect(passport).toMatchObject({ id: expect.stringMatching(/^[0-9a-f]{64}$/), from: START });
    }
    const held = stored.find(
      ({ instrument: of, interval, strategy }) => of === 'polymarket:0x2' && interval === '1h' && strategy === 'favourite',
    );
    expect(held?.trades).toMatchObject([{ side: 'long', exitPrice: 1, end: 'settlement', entryTime: expect.any(Number) }]);
    expect(held?.metrics).toMatchObject({ markPnl: 0, brier: expect.any(Number) });
    const curve = held?.equity as { time: number[]; equity: number[] } | undefined;
    expect(curve?.time).toHaveLength(96);
    expect(curve?.equity.at(-1)).toBe(held?.metrics.finalEquity);
  });

  it('trades a market that lives for an hour on the interval that was added for it, and others on the requested intervals', async () => {
    await market('polymarket:0x1', {}, 1, { days: 1 });
    const [from, to] = [ASOF - 2 * HOUR, ASOF - HOUR];
    const rows = Array.from({ length: 60 }, (_, i) => trade(from + i * 60_000, 0.4 + (i % 7) / 100));
    const hour = instrument('polymarket:0x2', { opensAt: from, closesAt: to, closed: true, resolution: settled(1, to) });
    await collect(test.database, { executionId: 'hour', instrument: hour, rows, covered: { from, to: ASOF } });
    await runStages(test.database, { executionId: 'hour', asOf: ASOF });
    await runStages(test.database, { executionId: 'all', asOf: ASOF, intervals: ['5m'] });
    await backtest({ strategies: [{ name: 'momentum', params: { period: 3, threshold: 0.01 } }] });
    const stored = await readBacktests(test.database, { symbol: 'RAIN' });
    expect(stored.map(({ instrument: of, interval }) => `${of} ${interval}`)).toEqual([
      'polymarket:0x1 1h',
      'polymarket:0x1 4h',
      'polymarket:0x2 5m',
    ]);
    expect(stored[2]?.metrics.trades).toBeGreaterThan(0);
  });

  it('ignores a resolution after the run’s asOf, and candles that were still open then', async () => {
    await market('polymarket:0x1', { resolution: settled(1, ASOF) }, 3);
    await backtest({ strategies: [{ name: 'buy-and-hold', params: {} }], asOf: ASOF - DAY - HOUR / 2 });
    const [hourly] = (await readBacktests(test.database, { symbol: 'RAIN' })).filter(({ interval }) => interval === '1h');
    expect(hourly.metrics).toMatchObject({ settlementPnl: 0, markPnl: expect.any(Number), brier: null });
    expect(hourly.passport).toMatchObject({ to: ASOF - DAY - 2 * HOUR });
  });

  it('scores how often the closes of resolved markets came true, over all these markets together', async () => {
    await market('polymarket:0x1', { resolution: settled(1, ASOF - 1) }, 1);
    await market('polymarket:0x2', { resolution: settled(0, ASOF - 1) }, 2);
    await backtest({ strategies: [{ name: 'buy-and-hold', params: {} }] });
    const hourly = (await readBacktests(test.database, { symbol: 'RAIN' })).filter(({ interval }) => interval === '1h');
    const counts = hourly.map(({ metrics }) =>
      (metrics.calibration as unknown as { count: number }[]).reduce((sum, { count }) => sum + count, 0),
    );
    expect(counts).toEqual([192, 192]);
  });

  it('trades on the whole stored history of a market, or on the requested part of it', async () => {
    await market('polymarket:0x1', {}, 1, { days: 40 });
    const hourly = async (executionId: string) =>
      (await readBacktests(test.database, { symbol: 'RAIN', executionId })).filter(({ interval }) => interval === '1h');
    const strategies = [{ name: 'sma-cross', params: { fast: 2, slow: 5 } }];
    const all = await backtest({ strategies, executionId: 'all' });
    expect((await hourly('all'))[0]).toMatchObject({
      passport: { bars: 40 * 24, from: ASOF - 40 * DAY },
      metrics: { sample: { dailyReturns: 40 } },
    });
    expect(all.output).toMatchObject({ best: { strategy: 'sma-cross' } });
    await backtest({ strategies, executionId: 'some', settings: { backtest: { ...DEFAULT_BACKTEST, historyMs: 10 * DAY } } });
    expect((await hourly('some'))[0]).toMatchObject({ passport: { bars: 240, from: ASOF - 10 * DAY } });
  });

  it('leaves out markets that closed before the window, and includes an open market however quiet it is', async () => {
    const longAgo = ASOF - 20 * DAY;
    await market('polymarket:0x1', { closed: true, closesAt: longAgo, resolution: settled(1, longAgo) }, 1, { asOf: longAgo });
    await market('polymarket:0x2', {}, 2, { asOf: longAgo });
    await market('polymarket:0x3', { closed: true, resolution: settled(0, ASOF - DAY) }, 3, { asOf: ASOF - DAY });
    await backtest({ strategies: [{ name: 'buy-and-hold', params: {} }] });
    const of = (await readBacktests(test.database, { symbol: 'RAIN' })).map(({ instrument: id }) => id);
    expect([...new Set(of)]).toEqual(['polymarket:0x2', 'polymarket:0x3']);
  });

  it('applies the configured volume share and half the recorded spread, and counts the orders that these cut', async () => {
    await market('polymarket:0x1', { book: { bid: 0.5, ask: 0.54, at: START } }, 1);
    const strategies: StrategyConfig[] = [
      { name: 'buy-and-hold', params: {} },
      { name: 'favourite', params: { threshold: 0.05 }, backtest: { ...DEFAULT_BACKTEST, maxVolumeShare: null, spread: 0.1, cash: 50 } },
    ];
    const effect = await backtest({ strategies, settings: { intervals: ['1h'] } });
    expect(effect.output).toEqual({
      backtests: 2,
      trials: 2,
      cut: 1,
      spreads: { recorded: 1, given: 1 },
      terms: { differs: ['cash: 50, default 10000', 'halfSpread: 0.1, default "recorded"', 'maxVolumeShare: none, default 0.1'] },
    });
    const [held, other] = await readBacktests(test.database, { symbol: 'RAIN' });
    // four trades of size ten an hour, of which a tenth may be used
    expect(held).toMatchObject({
      trades: [{ size: 4 }],
      metrics: { cut: 1, unfilled: {}, spreads: { recorded: 1 }, terms: { differs: [] } },
    });
    expect(JSON.parse((held.passport as { settings: string }).settings)).toMatchObject({
      options: { halfSpread: 'recorded', maxVolumeShare: 0.1, cash: 10_000 },
    });
    expect(JSON.parse((other.passport as { settings: string }).settings)).toMatchObject({
      options: { halfSpread: 0.1, maxVolumeShare: null, cash: 50 },
    });
    expect(other.metrics).toMatchObject({ cut: 0 });
  });

  it('ignores order books and market terms that were seen after the run’s asOf', async () => {
    const dear = { model: 'polymarket', rate: 0.05 } as const;
    await market('polymarket:0x1', { book: { bid: 0.5, ask: 0.54, at: START }, tickSize: 0.01 }, 1);
    const strategies = [{ name: 'buy-and-hold', params: {} }];
    const settings = { intervals: ['1h'] } as const;
    const stored = async (executionId: string) => {
      const [{ passport, metrics }] = await readBacktests(test.database, { symbol: 'RAIN', executionId });
      return { fees: metrics['fees'], spreads: metrics['spreads'], data: passport['data'] };
    };
    await backtest({ strategies, settings, executionId: 'then' });
    const then = await stored('then');
    expect(then).toMatchObject({ fees: 0, spreads: { recorded: 1 } });
    const later = ASOF + DAY;
    const earlierTerms = [{ until: later, fees: null, tickSize: 0.01 }];
    const facts = { fees: dear, tickSize: 0.01, earlierTerms, book: { bid: 0.2, ask: 0.4, at: later } };
    await saveInstruments(test.database, 'RAIN', [instrument('polymarket:0x1', facts)]);
    await backtest({ strategies, settings, executionId: 'again' });
    expect(await stored('again')).toEqual(then);
    await backtest({ strategies, settings, executionId: 'later', asOf: later });
    expect(await stored('later')).toMatchObject({ fees: expect.closeTo(0.25, 0), spreads: { recorded: 1 } });
  });

  it('lets a plugin’s strategy read its account and place orders, on a separate thread', async () => {
    const plannedEnd = ASOF + HOUR;
    await market('polymarket:0x1', { closesAt: plannedEnd, endsAt: plannedEnd, tickSize: 0.01 }, 1);
    const kelly = { name: 'kelly', params: { belief: 0.7, stop: 0.05, lastHours: 3 }, backtest: { ...DEFAULT_BACKTEST, side: 'both' } };
    const effect = await backtest({ strategies: [kelly as StrategyConfig], settings: { intervals: ['1h'] } });
    expect(effect.degraded).toBeUndefined();
    const [{ trades, metrics }] = await readBacktests(test.database, { symbol: 'RAIN' });
    expect(metrics['lookAhead']).toMatchObject({ changed: 0, deterministic: true });
    const ends = (trades as { end: string; exitTime: number; entryTime: number }[]).map(({ end }) => end);
    expect(ends).toContain('stop');
    // flat before the announced end
    expect((trades as { exitTime: number }[]).every(({ exitTime }) => exitTime <= plannedEnd - 3 * HOUR)).toBe(true);
    await expect(backtest({ strategies: [{ name: 'careless', params: {} }], executionId: 'careless' })).rejects.toThrow(
      /strategy 'careless' of plugin \S+ at bar 0 \(/,
    );
  });

  it('shows a strategy the stored candles of the twin, whichever market declares it, and recomputes when they change', async () => {
    vi.stubEnv('DATABASE_URL', test.url);
    await market('polymarket:0x1', {}, 1);
    // the same outcome, listed as the second one
    await market('predict:7', { source: 'predict', outcomes: ['No', 'Yes'], twins: ['polymarket:0x1'] }, 2);
    const strategies = [{ name: 'twin-gap', params: { edge: 0.05 } }];
    const sourceTypes = ['polymarket', 'predict'] as const;
    const stored = async (executionId: string) =>
      (await readBacktests(test.database, { symbol: 'RAIN', executionId })).filter(({ interval }) => interval === '1h');
    const effect = await backtest({ strategies, settings: { sourceTypes }, executionId: 'run-1' });
    expect(effect.degraded).toBeUndefined();
    expect(effect.output).not.toHaveProperty('unchanged');
    const [here, there] = await stored('run-1');
    const candles = async (key: number) =>
      await readCandles(test.database, { instrumentKey: key, priceType: 'trade', interval: '1h', completeOnly: true });
    const [own, other] = [await candles(here.instrumentKey), await candles(there.instrumentKey)];
    // the first bar at whose close the twin's price, mirrored, is 0.05 higher
    const decided = Array.from(own.close.keys()).find((i) => 1 - other.close[i] - own.close[i] >= 0.05 - 1e-12) as number;
    const [first] = here.trades as unknown as { entryTime: number }[];
    expect(first.entryTime).toBe(own.openTime[decided + 1]);
    expect(here.metrics['lookAhead']).toMatchObject({ changed: 0, deterministic: true });
    expect((there.trades as unknown as object[]).length).toBeGreaterThan(1);
    const [printed] = (
      (
        await withPlugins(() =>
          predictlab('backtest', 'symbol', 'RAIN', '--interval', '1h', '--strategy', 'twin-gap', '--param', 'edge=0.05'),
        )
      ).json() as { instruments: { twin: string; passport: { data: string } }[] }
    ).instruments;
    expect([here.passport['twin'], there.passport['twin']]).toEqual(['predict:7', 'polymarket:0x1']);
    expect(printed).toMatchObject({ twin: 'predict:7', passport: { data: here.passport['data'] } });

    const again = await backtest({ strategies, settings: { sourceTypes }, executionId: 'run-2' });
    expect(again.output).toMatchObject({ backtests: 6, unchanged: 6 });
    await collect(test.database, {
      executionId: 'late',
      instrument: instrument('predict:7', { source: 'predict', outcomes: ['No', 'Yes'], twins: ['polymarket:0x1'] }),
      rows: [trade(START + 1, 0.07)],
    });
    await runStages(test.database, { executionId: 'late', asOf: ASOF, intervals: ['1h', '4h', '1d'] });
    // also where only the other venue is run
    const after = await backtest({ strategies, executionId: 'run-3' });
    expect(after.output).toEqual(expect.objectContaining({ backtests: 3 }));
    expect(after.output).not.toHaveProperty('unchanged');
    expect((await stored('run-3'))[0].passport['data']).not.toBe(here.passport['data']);
  });

  it('continues without a strategy that fails on a series, and reports which strategy, on which series, and the remedy', async () => {
    vi.stubEnv('DATABASE_URL', test.url);
    await market('polymarket:0x1', { resolution: settled(1, ASOF - 1) }, 1);
    const strategies = [
      { name: 'hourly', params: {} },
      { name: 'rsi', params: {} },
    ];
    const because = `strategy 'hourly' of plugin ${PLUGIN.split(',')[0]}: bars of 240 minutes cannot be combined into bars of 1h; name an interval that is a multiple of theirs, or trade shorter candles`;
    const settings = { backtest: { ...DEFAULT_BACKTEST, walkForward: { trainMs: 2 * DAY, testMs: DAY } } };
    const first = await backtest({ strategies, executionId: 'run-1', settings });
    expect(first).toMatchObject({
      output: { backtests: 4, failed: 2, trials: 2, walkForward: { series: 3, tooShort: 1 } },
      degraded: [`polymarket:0x1 4h: ${because} (and 1 more of its backtests failed)`],
    });
    const again = await backtest({ strategies, executionId: 'run-2', settings });
    expect(again).toEqual({
      ...first,
      output: {
        ...(first.output as object),
        unchanged: 4,
        walkForward: { ...(first.output as { walkForward: object }).walkForward, unchanged: 3 },
      },
    });
    const stored = await readBacktests(test.database, { symbol: 'RAIN', executionId: 'run-2' });
    expect(stored.map(({ interval, strategy, metrics }) => [interval, strategy, metrics['failed'] ?? 'none'])).toEqual([
      ['1h', 'hourly', 'none'],
      ['1h', 'rsi', 'none'],
      ['4h', 'hourly', because],
      ['4h', 'rsi', 'none'],
      ['1d', 'hourly', because.replace('240', '1440')],
      ['1d', 'rsi', 'none'],
    ]);
    // the calibration of the symbol does not depend on the trials that failed
    expect(stored.every(({ metrics }) => metrics['forecasts'] !== undefined)).toBe(true);
    const exported = await predictlab('export', 'backtests', '--symbol', 'RAIN', '--interval', '4h', '--json');
    expect(exported.err).toContain(`polymarket:0x1 4h has no numbers: ${because}`);
    const rows = exported.json() as unknown as Record<string, unknown>[];
    expect(rows.map((row) => [row['strategy'], row['params'], row['final_equity']])).toEqual([
      ['hourly', '{}', null],
      ['rsi', '{"period":14,"low":30,"high":70}', expect.any(Number)],
    ]);
    const page = await loadSymbolPage(test.database, {
      runId: 'run',
      executionId: 'run-2',
      symbol: 'RAIN',
      settings: { sourceTypes: ['polymarket'], intervals: ['1h', '4h', '1d'], daysBack: 7, asOf: ASOF },
    });
    const [{ backtests, chosen }] = page.instruments;
    expect(backtests.filter(({ failed }) => failed !== null)).toMatchObject([
      { strategy: 'hourly', interval: '4h', failed: because },
      { strategy: 'hourly', interval: '1d' },
    ]);
    // 30/70/14 in the order in which the database keeps them
    expect(backtests.filter(({ strategy }) => strategy === 'rsi').map(({ params }) => params)).toEqual([
      '14/30/70',
      '14/30/70',
      '14/30/70',
    ]);
    expect(backtests[chosen?.index ?? -1]).toMatchObject({ failed: null });
    // the stage fails when no trial has a result
    await expect(backtest({ strategies: [strategies[0]], executionId: 'run-3', settings: { intervals: ['4h', '1d'] } })).rejects.toThrow(
      `polymarket:0x1 4h: ${because} (and 1 more of its backtests failed)`,
    );
  });

  it('keeps the results of an unchanged series byte for byte, and recomputes those of other series', async () => {
    await market('polymarket:0x1', { resolution: settled(1, ASOF - 1) }, 1);
    await market('polymarket:0x2', { resolution: settled(0, ASOF - 1) }, 2);
    await market('polymarket:0x3', {}, 3);
    const strategies = [{ name: 'sma-cross', params: { fast: [2, 3], slow: 5 } }];
    const stored = async (executionId: string) => await readBacktests(test.database, { symbol: 'RAIN', executionId });
    const first = await backtest({ strategies, executionId: 'run-1' });
    const again = await backtest({ strategies, executionId: 'run-2' });
    expect(again.output).toEqual({ ...(first.output as object), unchanged: 18 });
    expect(await stored('run-2')).toEqual((await stored('run-1')).map((one) => ({ ...one, executionId: 'run-2' })));
    // one market resolves, another gets candles
    await saveInstruments(test.database, 'RAIN', [instrument('polymarket:0x3', { resolution: settled(1, ASOF - 1) })]);
    expect((await backtest({ strategies, executionId: 'run-3' })).output).toMatchObject({ backtests: 18, unchanged: 12 });
    await collect(test.database, {
      executionId: 'late',
      instrument: instrument('polymarket:0x1', { resolution: settled(1, ASOF - 1) }),
      rows: [trade(ASOF - 2 * DAY + 1, 0.07)],
    });
    await runStages(test.database, { executionId: 'late', asOf: ASOF, intervals: ['1h', '4h', '1d'] });
    expect((await backtest({ strategies, executionId: 'run-4' })).output).toMatchObject({ backtests: 18, unchanged: 12 });
    // with other terms and another grid no result is reused
    const backtestSettings = { ...DEFAULT_BACKTEST, cash: 1 };
    expect((await backtest({ strategies, executionId: 'run-5', settings: { backtest: backtestSettings } })).output).not.toHaveProperty(
      'unchanged',
    );
    // computing everything again gives the reused results
    await test.database.query("delete from backtests where execution_id <> 'run-4'");
    const kept = await stored('run-4');
    await test.database.query('delete from backtests');
    await backtest({ strategies, executionId: 'run-6' });
    expect((await stored('run-6')).map(({ metrics, trades, passport }) => ({ metrics, trades, passport }))).toEqual(
      kept.map(({ metrics, trades, passport }) => ({ metrics, trades, passport })),
    );
  });

  it('takes effect once: a second execution returns the first output and changes nothing', async () => {
    await market('polymarket:0x1', {}, 1);
    const first = await backtest({ strategies: [{ name: 'rsi', params: {} }] });
    const before = await readBacktests(test.database, { symbol: 'RAIN' });
    expect((await backtest({ strategies: [{ name: 'rsi', params: { period: 3 } }] })).output).toEqual(first.output);
    expect(await readBacktests(test.database, { symbol: 'RAIN' })).toEqual(before);
  });

  it('gives the same numbers and passports in another run on the same data', async () => {
    await market('polymarket:0x1', {}, 1);
    const strategies = [{ name: 'momentum', params: { period: [2, 4] } }];
    await backtest({ strategies, executionId: 'run-1' });
    await backtest({ strategies, executionId: 'run-2' });
    const [one, two] = await Promise.all(
      ['run-1', 'run-2'].map((executionId) => readBacktests(test.database, { symbol: 'RAIN', executionId })),
    );
    expect(one).toHaveLength(6);
    expect(two).toEqual(one.map((backtest) => ({ ...backtest, executionId: 'run-2' })));
  });

  it('is degraded when a strategy looks into the future', async () => {
    await market('polymarket:0x1', {}, 1);
    const effect = await backtest({ strategies: [{ name: 'cheat', params: {} }] });
    expect(effect.degraded).toEqual([expect.stringContaining('strategy cheat looks into the future')]);
  });

  it('returns an empty output without candles, without strategies or without instruments', async () => {
    expect((await backtest({ strategies: [{ name: 'rsi', params: {} }], executionId: 'a' })).output).toEqual({ backtests: 0, trials: 0 });
    await collect(test.database, { executionId: 'x', rows: [] });
    expect((await backtest({ strategies: [{ name: 'rsi', params: {} }], executionId: 'b' })).output).toEqual({ backtests: 0, trials: 0 });
    await market('polymarket:0x1', {}, 1);
    expect((await backtest({ strategies: [], executionId: 'c' })).output).toEqual({ backtests: 0, trials: 0 });
  });

  it('stops a strategy in an endless loop soon after cancellation', async () => {
    await market('polymarket:0x1', {}, 1);
    const stop = new AbortController();
    setTimeout(() => stop.abort(new Error('enough')), 200);
    await expect(backtest({ strategies: [{ name: 'endless', params: {} }], signal: stop.signal })).rejects.toThrow('enough');
  });

  it('stops when it is cancelled, and stores nothing', async () => {
    await market('polymarket:0x1', {}, 1);
    await expect(
      backtest({ strategies: [{ name: 'rsi', params: {} }], signal: AbortSignal.abort(new Error('cancelled')) }),
    ).rejects.toThrow('cancelled');
    expect(await readBacktests(test.database, { symbol: 'RAIN' })).toEqual([]);
  });
});

describe('a walk-forward in the backtest stage', () => {
  const parts = { trainMs: 20 * DAY, testMs: 5 * DAY };
  const walking = (more: Partial<StageSettings> = {}): Partial<StageSettings> => ({
    backtest: { ...DEFAULT_BACKTEST, walkForward: parts },
    intervals: ['1h', '4h'],
    ...more,
  });
  const grid: StrategyConfig[] = [
    { name: 'momentum', params: { period: [3, 6, 12] } },
    { name: 'rsi', params: {} },
  ];
  const rows = async (executionId: string) => {
    const found = await test.database.query('select * from walk_forwards where execution_id = $1 order by instrument, interval_minutes', [
      executionId,
    ]);
    return found.rows.map(({ instrument: key, interval_minutes, basis, result, curves }) => ({
      key,
      interval_minutes,
      basis,
      result,
      curves,
    }));
  };

  it('picks and trades as the command line does on the same series, and exports the same windows', async () => {
    vi.stubEnv('DATABASE_URL', test.url);
    await market('polymarket:0x1', { tickSize: 0.01 }, 1, { days: 45 });
    const effect = await backtest({ strategies: grid, settings: walking() });
    expect(effect.output).toMatchObject({ backtests: 8, trials: 4, walkForward: { series: 2 } });
    const line = ['--symbol', 'RAIN', '--interval', '1h', '--strategies', JSON.stringify(grid)];
    const printed = (await predictlab('backtest', 'walk-forward', ...line, '--train', '20d', '--test', '5d')).json() as {
      instruments: { windows: Record<string, Record<string, unknown>>[]; outOfSample: object; overfitting: number }[];
    };
    const [{ windows, outOfSample, overfitting }] = printed.instruments;
    const [{ result, curves }] = await rows('run-1');
    expect(result).toMatchObject({ ...parts, trials: 4, overfitting, skipped: [] });
    expect(outOfSample).toMatchObject({ sharpe: result.outOfSample.sharpe, deflatedSharpe: result.outOfSample.deflatedSharpe });
    const exported = (await predictlab('export', 'walk-forward', '--symbol', 'RAIN', '--interval', '1h', '--json')).json();
    expect(exported).toHaveLength(5);
    const [weak] = (exported as unknown as Record<string, unknown>[]).map((row) => row['in_sample_weak']);
    expect(weak).toBe('sharpe: 20 daily returns, fewer than 30');
    expect(
      (exported as unknown as Record<string, unknown>[]).map((row) => ({ ...row, params: JSON.parse(row['params'] as string) })),
    ).toEqual(
      windows.map(({ trainFrom, testFrom, testTo, strategy, params, inSample, outOfSample: outside }, i) =>
        expect.objectContaining({
          instrument: 'polymarket:0x1',
          window: i + 1,
          train_from: trainFrom,
          test_from: testFrom,
          test_to: testTo,
          strategy,
          params,
          in_sample_sharpe: inSample['sharpe'],
          out_of_sample_total_return: outside['totalReturn'],
        }),
      ),
    );
    // the curve of all tests ends with their return
    expect(curves.outOfSample.time).toHaveLength(5 * 5 * 24);
    expect(curves.outOfSample.equity.at(-1)).toBeCloseTo(1 + result.outOfSample.totalReturn, 6);
    expect(curves.inSample).toHaveLength(5);
    const { rows: view } = await test.database.query('select * from readable_walk_forward where interval = $1 order by "window"', ['1h']);
    expect(view.map(({ train_from, ...row }) => ({ ...row, train_from: train_from.toISOString() }))).toEqual(
      (exported as unknown as Record<string, unknown>[]).map((row) => ({
        ...row,
        ...Object.fromEntries(['train_to', 'test_from', 'test_to'].map((name) => [name, new Date(row[name] as string)])),
        train_from: new Date(row['train_from'] as string).toISOString(),
      })),
    );
  });

  it('continues without a strategy that fails in one window, and reports it in every run', async () => {
    vi.stubEnv('DATABASE_URL', test.url);
    await market('polymarket:0x1', { tickSize: 0.01 }, 1, { days: 45 });
    const settings = walking({ intervals: ['1h'] });
    const without = await backtest({ strategies: grid, executionId: 'run-1', settings });
    const failing = (days: number): string => {
      const at = new Date(ASOF - (45 - days) * DAY).toISOString();
      return `strategy 'awake' of plugin ${PLUGIN.split(',')[0]} at bar ${days * 24} (${at}): overslept (in the part that starts on ${at.slice(0, 10)})`;
    };
    // in the fourth window's training part
    const because = failing(15);
    const awake: StrategyConfig = { name: 'awake', params: { size: [0.5, 1] } };
    for (const [executionId, unchanged] of [
      ['run-2', {}],
      ['run-3', { unchanged: 1 }],
    ] as const) {
      const effect = await backtest({ strategies: [...grid, awake], executionId, settings });
      expect(effect).toMatchObject({
        output: { backtests: 6, failed: 1, walkForward: { series: 1, ...unchanged } },
        degraded: [`polymarket:0x1 1h: walk-forward: ${because}`],
      });
      const [{ result }] = await rows(executionId);
      const [{ result: alone }] = await rows('run-1');
      expect(result.failed).toMatchObject([0.5, 1].map((size) => ({ strategy: 'awake', params: { size }, because })));
      expect({ ...result, failed: undefined }).toEqual({ ...alone, failed: undefined });
    }
    expect(without).not.toHaveProperty('degraded');
    // a series on which every trial fails does not count as too short
    const none = await backtest({ strategies: [awake], executionId: 'run-4', settings });
    // the failure is in the test part of the first window, in which one of them is always chosen
    expect(none).toMatchObject({ output: { backtests: 2, failed: 1 }, degraded: [`polymarket:0x1 1h: walk-forward: ${failing(20)}`] });
    expect((none.output as { walkForward: object }).walkForward).toEqual({ series: 1 });
    expect((await rows('run-4'))[0].result).toMatchObject({ windows: [], undefined: { windows: failing(20) } });
    vi.stubEnv('PREDICTLAB_PLUGINS', PLUGIN);
    const line = ['--symbol', 'RAIN', '--interval', '1h', '--strategies', JSON.stringify([...grid, awake])];
    const printed = await predictlab('backtest', 'walk-forward', ...line, '--train', '20d', '--test', '5d');
    expect(printed.json()).toMatchObject({
      instruments: [{ count: 4, failed: [0.5, 1].map((size) => ({ strategy: 'awake', params: { size }, because })) }],
    });
    expect(printed.err).toContain(`left out: ${because}`);
  });

  it('lists parameters in views and exports in the order the strategy declares them', async () => {
    vi.stubEnv('DATABASE_URL', test.url);
    await market('polymarket:0x1', { tickSize: 0.01 }, 1, { days: 45 });
    await backtest({ strategies: [{ name: 'rsi', params: { low: 45, high: 55 } }], settings: walking({ intervals: ['1h'] }) });
    for (const [view, table] of [
      ['backtests', 'backtests'],
      ['trades', 'trades'],
      ['equity', 'equity'],
      ['walk_forward', 'walk-forward'],
    ]) {
      const exported = (await predictlab('export', table, '--symbol', 'RAIN', '--json')).json() as unknown as { params: string }[];
      const read = await test.database.query<{ params: string }>(`select params from readable_${view}`);
      expect(exported.length).toBeGreaterThan(0);
      expect(read.rows).toEqual(exported.map(() => ({ params: '{"period":14,"low":45,"high":55}' })));
      expect(exported.map(({ params }) => params)).toEqual(read.rows.map(({ params }) => params));
    }
    await test.database.query(`update backtests set passport = passport - 'params'`);
    const { rows: old } = await test.database.query('select params from readable_backtests');
    expect(old).toEqual([{ params: '{"low":45,"high":55,"period":14}' }]);
  });

  it('recomputes only on new data, to the same result, and names series that are too short', async () => {
    await market('polymarket:0x1', {}, 1, { days: 30 });
    await market('polymarket:0x2', {}, 2, { days: 10 });
    const first = await backtest({ strategies: grid, executionId: 'run-1', settings: walking() });
    expect(first.output).toMatchObject({ walkForward: { series: 4, tooShort: 2, spreads: { default: expect.any(Number) } } });
    const { walkForward: walked } = first.output as { walkForward: object };
    expect((await rows('run-1'))[2].result).toMatchObject({
      windows: [],
      undefined: { windows: expect.stringContaining('the candles span 10 days, one window needs 25 (20 to train, 5 to test)') },
    });
    const again = await backtest({ strategies: grid, executionId: 'run-2', settings: walking() });
    expect(again.output).toEqual({ ...(first.output as object), unchanged: 16, walkForward: { ...walked, unchanged: 4 } });
    expect(await rows('run-2')).toEqual(await rows('run-1'));
    const other = { ...DEFAULT_BACKTEST, walkForward: { ...parts, testMs: 4 * DAY } };
    const changed = await backtest({ strategies: grid, executionId: 'run-3', settings: walking({ backtest: other }) });
    // the backtests themselves are the same
    expect(changed.output).toMatchObject({ unchanged: 16, walkForward: { series: 4, tooShort: 2 } });
    const before = await rows('run-2');
    await test.database.query('delete from walk_forwards');
    await backtest({ strategies: grid, executionId: 'run-4', settings: walking() });
    expect(await rows('run-4')).toEqual(before);
  });

  it('picks among strategies with histories of their own, including those of plugins, on the run’s history', async () => {
    await market('polymarket:0x1', { tickSize: 0.01 }, 1, { days: 30 });
    const strategies: StrategyConfig[] = [
      { name: 'momentum', params: {}, backtest: { ...DEFAULT_BACKTEST, historyMs: 3 * DAY } },
      { name: 'kelly', params: { belief: 0.7 } },
    ];
    const effect = await backtest({ strategies, settings: walking({ intervals: ['4h'] }) });
    expect(effect.output).toMatchObject({ backtests: 2, walkForward: { series: 1 } });
    const [{ result }] = await rows('run-1');
    expect(result).toMatchObject({ trials: 2, windows: [{ trainFrom: ASOF - 30 * DAY }, { testTo: ASOF }] });
    const page = await loadSymbolPage(test.database, {
      runId: 'run',
      executionId: 'run-1',
      symbol: 'RAIN',
      settings: { sourceTypes: ['polymarket'], intervals: ['4h'], daysBack: 7, asOf: ASOF },
    });
    const [{ walkForwards }] = page.instruments;
    expect(walkForwards).toMatchObject([{ interval: '4h', trials: 2, curves: { inSample: [expect.any(Array), expect.any(Array)] } }]);
  });
});

describe('predictlab export', () => {
  it('exports the trades and equity of stored backtests: profits add up to the final equity, with one row per bar', async () => {
    vi.stubEnv('DATABASE_URL', test.url);
    await market('polymarket:0x1', { resolution: settled(1, ASOF - 1) }, 1);
    await market('polymarket:0x2', {}, 2);
    await backtest({ strategies: [{ name: 'sma-cross', params: { fast: 2, slow: 5 } }] });
    const rows = async (what: string) =>
      (await predictlab('export', what, '--symbol', 'RAIN', '--interval', '1h', '--json')).json() as unknown as Record<string, unknown>[];
    const [trades, equity] = [await rows('trades'), await rows('equity')];
    expect(Object.keys(trades[0])).toEqual(
      'symbol source instrument interval strategy params entry_time exit_time side size entry_price exit_price pnl fees'.split(' '),
    );
    for (const id of ['polymarket:0x1', 'polymarket:0x2']) {
      const curve = equity.filter((row) => row['instrument'] === id);
      expect(curve).toHaveLength(96);
      const profit = trades.filter((row) => row['instrument'] === id).reduce((sum, row) => sum + (row['pnl'] as number), 0);
      expect(curve.at(-1)?.['equity']).toBeCloseTo(10_000 + profit, 6);
    }
  });
});

describe('predictlab runs compare', () => {
  const begin = (runId: string): Promise<void> =>
    recordRunStart(test.database, { runId, executionId: `execution of ${runId}`, input: {}, config: {} as RunConfig, startedAt: START });

  it('states what changed between two runs, and why', async () => {
    vi.stubEnv('DATABASE_URL', test.url);
    await market('polymarket:0x1', {}, 1);
    await market('polymarket:0x2', {}, 2);
    for (const runId of ['monday', 'tuesday', 'wednesday']) await begin(runId);
    const strategies = [{ name: 'sma-cross', params: { fast: 2, slow: 5 } }];
    await backtest({ strategies, executionId: 'execution of monday' });
    // one of the two markets turns out to have resolved
    await saveInstruments(test.database, 'RAIN', [instrument('polymarket:0x2', { resolution: settled(1, ASOF - 1) })]);
    await backtest({ strategies, executionId: 'execution of tuesday' });
    await backtest({ strategies: [{ name: 'sma-cross', params: { fast: 3, slow: 5 } }], executionId: 'execution of wednesday' });

    const data = await predictlab('runs', 'compare', 'monday', 'tuesday', '--json');
    expect(data).toMatchObject({ code: 0, err: '' });
    const { same, changed } = data.json() as { same: number; changed: { instrument: string; because: string[]; metrics: object }[] };
    expect(same).toBe(3);
    expect(changed.map(({ instrument: of, because }) => [of, because])).toEqual(
      Array.from({ length: 3 }, () => ['polymarket:0x2', ['data']]),
    );
    expect(changed[0].metrics).toHaveProperty('brier', [null, expect.any(Number)]);

    const params = await predictlab('runs', 'compare', 'tuesday', 'wednesday');
    expect(params.out).toContain('0 the same, 6 changed, 0 only before, 0 only after');
    expect(params.out).toMatch(/polymarket:0x1\s+1h\s+sma-cross\s+\{"fast":2,"slow":5\} → \{"fast":3,"slow":5\}\s+params/);
  });

  it('refuses a run that does not exist by its name', async () => {
    vi.stubEnv('DATABASE_URL', test.url);
    const ended = await predictlab('runs', 'compare', 'never', 'ever');
    expect(ended).toMatchObject({ code: 2, out: '' });
    expect(ended.err).toContain('there is no run never');
  });
});
