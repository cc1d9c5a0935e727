import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { createBacktest } from '../../src/activities/stages/backtest.ts';
import { recordedWork } from '../../src/activities/stages/stage-alone.ts';
import { METRIC_NAMES } from '../../src/backtest/metrics/backtest-metrics.ts';
import { seededRandom } from '../../src/backtest/seeded-random.ts';
import { shippedStrategies } from '../../src/backtest/strategies/registry.ts';
import { defineStrategy } from '../../src/backtest/strategy.ts';
import type { Instrument, Resolution } from '../../src/contracts/market-data.ts';
import type { RunConfig, StageSettings, StrategyConfig } from '../../src/contracts/run-config.ts';
import type { StageEffect } from '../../src/contracts/stage-effect.ts';
import { readBacktests } from '../../src/storage/backtests/backtests.ts';
import { saveInstruments } from '../../src/storage/markets/instruments.ts';
import { beginRun } from '../../src/storage/runs/runs.ts';
import { predictlab } from '../cli/run-main.ts';
import { type TestDatabase, testDatabase } from '../postgres.ts';
import { silent } from '../silent.ts';
import { collect, DAY, HOUR, instrument, runStages, START, trade } from '../stage-run.ts';

let test: TestDatabase;
beforeAll(async () => {
  test = await testDatabase();
});
afterAll(() => test.close());
afterEach(() => vi.unstubAllEnvs());
beforeEach(() => test.database.query('truncate symbols, instruments, ledger, runs, staged_rows, ticks cascade'));

const ASOF = START + 4 * DAY;

/** Four days of trades of one market, brought in as a run does. */
async function market(id: string, facts: Partial<Instrument>, seed: number): Promise<void> {
  const random = seededRandom(seed);
  let price = 0.5;
  const rows = Array.from({ length: 4 * 24 * 4 }, (_, i) => {
    price = Math.min(0.95, Math.max(0.05, price + Math.round((random() - 0.5) * 10) / 100));
    return trade(START + i * (HOUR / 4), Math.round(price * 100) / 100);
  });
  const executionId = `collect-${id}`;
  await collect(test.database, { executionId, instrument: instrument(id, facts), rows, covered: { from: START, to: ASOF } });
  await runStages(test.database, { executionId, asOf: ASOF, intervals: ['1h', '4h', '1d'] });
}

const settled = (payout: number, at: number): Resolution => ({ kind: 'settled', payout, at });
const cheat = defineStrategy({
  name: 'cheat',
  summary: 'for tests',
  params: z.strictObject({}),
  create: (_params, bars) => {
    const { candles } = bars as never as { candles: { close: Float64Array } };
    return () => (candles.close[bars.index + 1] > bars.close() ? 'long' : 'flat');
  },
});

interface Run {
  readonly strategies: readonly StrategyConfig[];
  readonly asOf?: number;
  readonly executionId?: string;
  readonly heartbeats?: unknown[];
  readonly signal?: AbortSignal;
}

async function backtest({
  strategies,
  asOf = ASOF,
  executionId = 'run-1',
  heartbeats = [],
  signal = new AbortController().signal,
}: Run): Promise<StageEffect> {
  const settings: StageSettings = {
    sourceTypes: ['polymarket'],
    intervals: ['1h', '4h', '1d'],
    daysBack: 7,
    strategies,
    refetch: false,
    asOf,
  };
  const about = { runId: 'run', executionId, symbol: 'RAIN', stage: 'backtest' } as const;
  const stage = createBacktest({ database: test.database, strategies: [...shippedStrategies, cheat], log: silent });
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
    // four days: no Sharpe ratio rests on enough, so none is the best
    expect(effect.output).toEqual({ backtests: 18, trials: 3 });
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

  it('does not know a resolution that came after the run’s instant, nor candles that were still open', async () => {
    await market('polymarket:0x1', { resolution: settled(1, ASOF) }, 3);
    await backtest({ strategies: [{ name: 'buy-and-hold', params: {} }], asOf: ASOF - DAY - HOUR / 2 });
    const [hourly] = (await readBacktests(test.database, { symbol: 'RAIN' })).filter(({ interval }) => interval === '1h');
    expect(hourly.metrics).toMatchObject({ settlementPnl: 0, markPnl: expect.any(Number), brier: null });
    expect(hourly.passport).toMatchObject({ to: ASOF - DAY - 2 * HOUR });
  });

  it('scores how often the closes of resolved markets came true, over all of them', async () => {
    await market('polymarket:0x1', { resolution: settled(1, ASOF - 1) }, 1);
    await market('polymarket:0x2', { resolution: settled(0, ASOF - 1) }, 2);
    await backtest({ strategies: [{ name: 'buy-and-hold', params: {} }] });
    const hourly = (await readBacktests(test.database, { symbol: 'RAIN' })).filter(({ interval }) => interval === '1h');
    const counts = hourly.map(({ metrics }) =>
      (metrics.calibration as unknown as { count: number }[]).reduce((sum, { count }) => sum + count, 0),
    );
    expect(counts).toEqual([192, 192]);
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

  it('has an output of nothing without candles, without strategies and without instruments', async () => {
    expect((await backtest({ strategies: [{ name: 'rsi', params: {} }], executionId: 'a' })).output).toEqual({ backtests: 0, trials: 0 });
    await collect(test.database, { executionId: 'x', rows: [] });
    expect((await backtest({ strategies: [{ name: 'rsi', params: {} }], executionId: 'b' })).output).toEqual({ backtests: 0, trials: 0 });
    await market('polymarket:0x1', {}, 1);
    expect((await backtest({ strategies: [], executionId: 'c' })).output).toEqual({ backtests: 0, trials: 0 });
  });

  it('stops when it is cancelled, and leaves nothing', async () => {
    await market('polymarket:0x1', {}, 1);
    await expect(
      backtest({ strategies: [{ name: 'rsi', params: {} }], signal: AbortSignal.abort(new Error('cancelled')) }),
    ).rejects.toThrow('cancelled');
    expect(await readBacktests(test.database, { symbol: 'RAIN' })).toEqual([]);
  });
});

describe('predictlab runs compare', () => {
  const begin = (runId: string): Promise<void> =>
    beginRun(test.database, { runId, executionId: `execution of ${runId}`, input: {}, config: {} as RunConfig, startedAt: START });

  it('says what changed between two runs and why', async () => {
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

  it('names a run that there is not', async () => {
    vi.stubEnv('DATABASE_URL', test.url);
    const ended = await predictlab('runs', 'compare', 'never', 'ever');
    expect(ended).toMatchObject({ code: 2, out: '' });
    expect(ended.err).toContain('there is no run never');
  });
});
