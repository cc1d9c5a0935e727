import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadSymbolPage } from '../../src/activities/report/queries/symbol-query.ts';
import { writeRunReport } from '../../src/activities/report/run-report.ts';
import { createVisualize } from '../../src/activities/report/visualize.ts';
import { recordedWork, type StageFunction } from '../../src/activities/stages/stage-work.ts';
import type { Instrument } from '../../src/contracts/market-data.ts';
import type { PipelineResult, TaskResult } from '../../src/contracts/run/pipeline-status.ts';
import type { StageEffect } from '../../src/contracts/task/stage-report.ts';
import { STAGES } from '../../src/contracts/words.ts';
import { runReportPath } from '../../src/report/elements/report-path.ts';
import { renderSymbolPage } from '../../src/report/symbol/symbol-page.ts';
import { type BacktestRecord, saveBacktests } from '../../src/storage/backtests/backtests.ts';
import { importSymbols } from '../../src/storage/markets/catalogue.ts';
import { commitEffect } from '../../src/storage/runs/ledger/ledger.ts';
import { endRun, recordRunStart } from '../../src/storage/runs/runs.ts';
import { resultOf, sampleConfig } from '../report/sample-run.ts';
import { type TestDatabase, testDatabase } from '../support/postgres.ts';
import { silent } from '../support/silent.ts';
import { collect, DAY, HOUR, instrument, runStages, START, trade } from '../support/stage-run.ts';

const EVIL = '<script>alert("title")</script>';
const AS_OF = START + 7 * DAY;
const RUN = 'pipeline-2026-11-09T00:00Z';

let test: TestDatabase;
let home: string;
beforeAll(async () => {
  test = await testDatabase();
  home = await mkdtemp(path.join(tmpdir(), 'predictlab-report-'));
});
afterAll(async () => {
  await test.close();
  await rm(home, { recursive: true, force: true });
});

/** Two days of trades, one each half hour, with a bad row, a hole in collection from hour 20 to 24, and a twin. */
const fill = async (executionId: string, symbol: string, market: Instrument): Promise<number> => {
  const rows = Array.from({ length: 96 }, (_, i) => trade(START + i * HOUR * 0.5, 0.4 + (i % 10) / 100)).filter(
    (row) => (row.time ?? 0) < START + 20 * HOUR || (row.time ?? 0) >= START + 24 * HOUR,
  );
  const key = await collect(test.database, {
    executionId,
    symbol,
    instrument: market,
    rows: [...rows, trade(START + 5 * HOUR, 1.7)],
    covered: { from: START, to: START + 20 * HOUR },
  });
  await runStages(test.database, { executionId, symbol, asOf: AS_OF });
  await collect(test.database, {
    executionId: `${executionId}-2`,
    symbol,
    instrument: market,
    rows: [],
    covered: { from: START + 24 * HOUR, to: AS_OF },
  });
  await runStages(test.database, { executionId: `${executionId}-2`, symbol, asOf: AS_OF });
  return key;
};

const visualize = async (executionId: string, symbol: string, runId = RUN) => {
  const stage: StageFunction = createVisualize({ database: test.database, home, log: silent });
  const about = { runId, executionId, symbol, stage: 'visualize' } as const;
  return await stage(
    { ...about, settings: { ...settingsOf([symbol]), strategies: [] } },
    recordedWork(test.database, about, { log: silent }),
  );
};

/** The page of the symbol RAIN as a run as of that moment would draw it. */
const pageAsOf = async (asOf: number): Promise<string> => {
  const settings = { ...settingsOf(['RAIN']), asOf };
  return renderSymbolPage(await loadSymbolPage(test.database, { runId: RUN, executionId: 'exec-1', symbol: 'RAIN', settings }), null);
};

const settingsOf = (symbols: readonly string[]) => ({ ...sampleConfig(symbols), tasks: [], asOf: AS_OF });

const success = (second: number): TaskResult => ({
  status: 'success',
  attempts: 1,
  startedAt: new Date(AS_OF + second * 1000).toISOString(),
  durationSeconds: 1,
  error: null,
});

const recordRun = async (
  executionId: string,
  runId: string,
  symbols: readonly string[],
  more: Partial<PipelineResult> = {},
  startedAt = AS_OF,
) => {
  const tasks = Object.fromEntries(symbols.flatMap((symbol) => STAGES.map((stage, i) => [`${symbol}/${stage}`, success(i)])));
  const result = resultOf({ ...tasks, ...more.taskResults }, { result: 'success', ...more, runId });
  await recordRunStart(test.database, { runId, executionId, input: { symbols }, config: settingsOf(symbols), startedAt });
  await endRun(test.database, { executionId, result: { ...result, taskResults: { ...tasks, ...more.taskResults } } });
};

const backtest = (strategy: string, sharpe: number | null, key: number): BacktestRecord => ({
  symbol: 'RAIN',
  instrumentKey: key,
  priceType: 'trade' as const,
  interval: '1h' as const,
  strategy,
  params: { fast: 10, slow: 30 },
  metrics: {
    sharpe,
    maxDrawdown: -0.12,
    trades: 1,
    undefined: sharpe === null ? { sharpe: 'fewer than two daily returns' } : { brier: 'not resolved' },
    lookAhead: { deterministic: true, cuts: [], of: 48, changed: 0, firstBar: null, verdict: '0 of 48 decisions changed' },
  },
  trades: [
    {
      entryTime: START + 2 * HOUR,
      exitTime: START + 9 * HOUR,
      side: 'long',
      size: 10,
      entryPrice: 0.42,
      exitPrice: 0.48,
      pnl: 0.6,
      fees: 0,
    },
  ],
  equity: { time: [START, START + HOUR, START + 2 * HOUR], equity: [10_000, 10_100, 9_900] },
  passport: { id: 'f00dfeedf00dfeedf00dfeed' },
});

describe('the visualize stage', () => {
  let page: string;
  let effect: StageEffect;

  beforeAll(async () => {
    await importSymbols(test.database, [{ symbol: 'RAIN', title: EVIL, enabled: true, priority: 3, sources: {} }]);
    const market = instrument('polymarket:0x1', { title: EVIL, twins: ['predict:7'], opensAt: START });
    const key = await fill('exec-1', 'RAIN', market);
    await collect(test.database, {
      executionId: 'exec-twin',
      symbol: 'TWIN',
      instrument: instrument('predict:7', { source: 'predict' }),
      rows: [trade(START + HOUR, 0.37)],
    });
    await runStages(test.database, { executionId: 'exec-twin', symbol: 'TWIN', asOf: AS_OF });
    await test.database.transaction((tx) =>
      saveBacktests(tx, { runId: RUN, executionId: 'exec-1' }, [backtest('ema-cross', null, key), backtest('sma-cross', 1.5, key)]),
    );
    effect = await visualize('exec-1', 'RAIN');
    const file = path.join(path.dirname(runReportPath(home, RUN)), 'RAIN.html');
    page = readFileSync(file, 'utf8');
  });

  it('reports how many pages and bytes it wrote', () => {
    expect(effect.output).toEqual({ pages: 1, bytes: Buffer.byteLength(page) });
  });

  it('shows candles, the range that was not collected, the twin’s price and a quarantined row', () => {
    expect(page).toContain('Candles 1h as a table (44 rows)');
    expect(page).toContain('not collected 2026-11-02 20:00Z – 2026-11-03 00:00Z');
    expect(page).toMatch(/predict <b>0\.37<\/b>/);
    expect(page).toContain('price-range 1');
    expect(page).toMatch(/coverage<\/dt><dd>.*97\.6/);
  });

  it('notes that an open market has been quiet for unusually long within its coverage', async () => {
    expect(page).toMatch(/<dt>coverage<\/dt><dd>.*no trade for 120 h, unusually long/);
    const later = await pageAsOf(AS_OF + 2 * HOUR);
    expect(later).toContain('Candles 1h as a table');
    expect(later).not.toContain('unusually long');
  });

  it.each<[string, Partial<Instrument>]>([
    ['closed', { closed: true }],
    ['resolved', { closed: true, resolution: { kind: 'settled', payout: 1, at: START + 3 * DAY } }],
    ['over by its own dates', { closesAt: START + 3 * DAY }],
  ])('does not mention the silence of a market that is %s', async (_, facts) => {
    await test.database.query(`update instruments set facts = facts || $1 where id = 'polymarket:0x1'`, [JSON.stringify(facts)]);
    try {
      expect(await pageAsOf(AS_OF)).not.toContain('unusually long');
    } finally {
      const open = JSON.stringify({ closed: false, resolution: { kind: 'open' }, closesAt: null });
      await test.database.query(`update instruments set facts = facts || $1 where id = 'polymarket:0x1'`, [open]);
    }
  });

  it('draws the backtest with the highest Sharpe ratio, and states the reason when there is none', () => {
    expect(page).toContain('Return and drawdown: sma-cross 10/30 on 1h');
    expect(page).toContain('fewer than two daily returns');
    expect(page).toContain('0 of 96 decisions changed');
  });

  it('shows a hostile title as text', () => {
    expect(page).not.toContain('<script>alert');
    expect(page).toContain('&lt;script&gt;alert(&quot;title&quot;)&lt;/script&gt;');
  });

  it('writes the same page on a repetition, and leaves no partial file', async () => {
    await visualize('exec-1', 'RAIN');
    const folder = path.dirname(runReportPath(home, RUN));
    expect(readFileSync(path.join(folder, 'RAIN.html'), 'utf8')).toBe(page);
    expect(readdirSync(folder)).toEqual(['RAIN.html', expect.stringMatching(/^charts-[0-9a-f]+\.js$/)]);
  });

  it('draws a series of short markets side by side, with the last price of each and the calibration of all', async () => {
    const symbol = 'UPDOWN';
    for (let i = 0; i < 9; i++) {
      const from = START + i * HOUR;
      const market = {
        ...instrument(`polymarket:short-${i}`),
        opensAt: null,
        closesAt: from + HOUR,
        closed: true,
        resolution: { kind: 'settled' as const, payout: i % 2, at: from + HOUR },
      };
      // many trades in one stretch count for its last one
      const rows = [0.4, 0.45, i % 2 === 1 ? 0.9 : 0.1].map((price, n) => trade(from + [60_000, 61_000, 0.75 * HOUR][n], price));
      await collect(test.database, { executionId: 'short', symbol, instrument: market, rows, covered: { from, to: from + HOUR } });
    }
    await runStages(test.database, { executionId: 'short', symbol, asOf: AS_OF });
    const data = await loadSymbolPage(test.database, {
      runId: RUN,
      executionId: 'short',
      symbol,
      settings: { ...settingsOf([symbol]), asOf: AS_OF },
    });
    expect(data.shortMarkets?.map(({ path: points }) => points.map(({ price }) => price))).toEqual(
      Array.from({ length: 9 }, (_, i) => [0.45, i % 2 === 0 ? 0.1 : 0.9]),
    );
    expect(data.calibration).toMatchObject([
      { of: 'price at half-time', bins: [{ count: 9, meanForecast: expect.closeTo(0.45), hitRate: 4 / 9 }] },
    ]);
    expect(data.instruments).toHaveLength(1);
    expect(renderSymbolPage(data, null).match(/<li title="/g)).toHaveLength(9);
  });

  it('writes a page for a symbol without instruments', async () => {
    await visualize('exec-1', 'NOTHING');
    const nothing = readFileSync(path.join(path.dirname(runReportPath(home, RUN)), 'NOTHING.html'), 'utf8');
    expect(nothing).toContain('No instrument matched');
  });

  it('fails with the name of the folder that it cannot write to', async () => {
    const blocked = path.join(home, 'a-file');
    writeFileSync(blocked, 'in the way');
    const stage = createVisualize({ database: test.database, home: blocked, log: silent });
    const about = { runId: RUN, executionId: 'x', symbol: 'RAIN', stage: 'visualize' } as const;
    const work = recordedWork(test.database, about, { log: silent, record: () => Promise.reject(new Error('not reached')) });
    await expect(stage({ ...about, settings: settingsOf(['RAIN']) }, work)).rejects.toMatchObject({
      type: 'BadInput',
      message: expect.stringMatching(/a-file\/reports\/\S+ cannot be written/),
    });
  });
});

describe('the report of a run', () => {
  it('is made from the database, with the usual duration and with what has changed', async () => {
    await recordRun('exec-0', 'pipeline-2026-11-08T20:00Z', ['RAIN'], {}, AS_OF - 4 * HOUR);
    await recordRun('exec-1', RUN, ['RAIN'], { result: 'degraded', reasons: ['RAIN/store: gaps'] });
    const { path: file } = await writeRunReport({ database: test.database, home, executionId: 'exec-1', log: silent });
    expect(file).toBe(runReportPath(home, RUN));
    const index = readFileSync(file, 'utf8');
    expect(index).toContain('href="RAIN.html"');
    expect(index).toContain('sma-cross 10/30');
    expect(index).toContain('result: success → degraded');
    expect(index).toContain('median of the last 1 run with as many tasks');
    expect(index).toContain('was not collected 2026-11-02 20:00Z – 2026-11-03 00:00Z');
    expect(index).toMatch(/<svg class="spark"/);
    expect(index).not.toContain('<script>alert');
  });

  it('is made again from the database when its files are gone, including the pages of symbols', async () => {
    const folder = path.dirname(runReportPath(home, RUN));
    const before = readFileSync(path.join(folder, 'RAIN.html'), 'utf8');
    rmSync(folder, { recursive: true });
    await writeRunReport({ database: test.database, home, executionId: RUN });
    expect(readFileSync(path.join(folder, 'RAIN.html'), 'utf8')).toBe(before);
    expect(existsSync(path.join(folder, 'index.html'))).toBe(true);
  });

  it('is built for a run that failed at once, without links to missing pages', async () => {
    const failed: TaskResult = { status: 'failed', attempts: 4, error: { type: 'SourceUnavailable', message: 'polymarket answered 503' } };
    await recordRun('exec-f', 'failed-run', ['RAIN', 'SUN'], {
      result: 'failed',
      taskResults: Object.fromEntries(
        ['RAIN', 'SUN'].flatMap((s) =>
          STAGES.map((stage) => [`${s}/${stage}`, stage === 'collect' ? failed : { status: 'skipped', skippedBecause: `${s}/collect` }]),
        ),
      ),
    });
    const { path: file } = await writeRunReport({ database: test.database, home, executionId: 'exec-f' });
    const index = readFileSync(file, 'utf8');
    expect(index).toContain(
      'collect failed for 2 symbols (RAIN, SUN) after 4 attempts: SourceUnavailable: polymarket answered 503; 10 tasks skipped with them',
    );
    expect(index).not.toContain('href="RAIN.html"');
    expect(readdirSync(path.dirname(file))).toEqual(['index.html']);
  });

  it('fills in the stages of a large run, whose status has symbols only, from the ledger', async () => {
    const symbols = Array.from({ length: 60 }, (_, i) => `S${i}`);
    const started = new Date(AS_OF).toISOString();
    for (const stage of STAGES) {
      await commitEffect(
        test.database,
        { runId: 'large', executionId: 'exec-large', taskId: `S7/${stage}`, symbol: 'S7', stage, startedAt: AS_OF, attempts: 2 },
        async () => ({ output: { ticks: stage === 'collect' ? 4321 : 0 } }),
      );
    }
    const whole = Object.fromEntries(
      symbols.map((s): [string, TaskResult] => [s, { status: 'success', durationSeconds: 1, startedAt: started }]),
    );
    await recordRunStart(test.database, {
      runId: 'large',
      executionId: 'exec-large',
      input: {},
      config: settingsOf(symbols),
      startedAt: AS_OF,
    });
    await endRun(test.database, {
      executionId: 'exec-large',
      result: resultOf(whole, { result: 'success', runId: 'large', totalTasks: 360 }),
    });
    const { path: file } = await writeRunReport({ database: test.database, home, executionId: 'exec-large' });
    const index = readFileSync(file, 'utf8');
    expect(index).toContain('S7/kline: success');
    expect(index).toContain('4\u202f321');
  });

  it('is refused for an unknown run and for a run that has not ended', async () => {
    await expect(writeRunReport({ database: test.database, home, executionId: 'nobody' })).rejects.toMatchObject({
      type: 'BadInput',
      message: expect.stringContaining('there is no run nobody'),
    });
    await recordRunStart(test.database, { runId: 'open', executionId: 'exec-open', input: {}, config: settingsOf([]), startedAt: AS_OF });
    await expect(writeRunReport({ database: test.database, home, executionId: 'open' })).rejects.toThrow('has not ended yet');
  });
});

describe('the current page of a symbol', () => {
  it('keeps the backtests of an earlier run after a partial run, and names that earlier run', async () => {
    await recordRun('exec-partial', 'partial', ['RAIN'], {}, AS_OF + HOUR);
    const request = { runId: 'partial', executionId: 'exec-partial', symbol: 'RAIN', settings: settingsOf(['RAIN']) };
    const own = await loadSymbolPage(test.database, request);
    expect(own.instruments[0].backtests).toEqual([]);
    const newest = await loadSymbolPage(test.database, { ...request, newest: true });
    expect(newest.instruments[0].backtests).toHaveLength(2);
    expect(newest.backtestRun).toEqual({ runId: RUN, asOf: AS_OF });
    const file = { ...request, settings: { ...request.settings, sourceTypes: ['file'] } };
    expect((await loadSymbolPage(test.database, file)).instruments, 'of this run').toEqual([]);
    expect((await loadSymbolPage(test.database, { ...file, newest: true })).instruments[0].backtests, 'of all sources').toHaveLength(2);
    expect(renderSymbolPage(newest, null)).toContain(`backtests of run <b>${RUN}</b>`);
    // a backfill that ran later, as of an earlier time
    const config = { ...settingsOf(['RAIN']), asOf: AS_OF - 30 * DAY };
    await recordRunStart(test.database, {
      runId: 'backfill',
      executionId: 'exec-backfill',
      input: {},
      config,
      startedAt: AS_OF + 2 * HOUR,
    });
    const { rows } = await test.database.query<{ instrument: number }>(`select instrument from backtests where symbol = 'RAIN' limit 1`);
    await test.database.transaction((tx) =>
      saveBacktests(tx, { runId: 'backfill', executionId: 'exec-backfill' }, [backtest('rsi', 1, rows[0].instrument)]),
    );
    expect((await loadSymbolPage(test.database, { ...request, newest: true })).backtestRun?.runId).toBe(RUN);
  });
});
