import * as fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createPluginThreads } from '../../src/activities/custom/threads/plugin-threads.ts';
import { createBacktest } from '../../src/activities/stages/backtest/backtest.ts';
import { recordedWork } from '../../src/activities/stages/stage-work.ts';
import { calibrationOfMarkets, marketForecasts } from '../../src/backtest/metrics/calibration.ts';
import { seededRandom } from '../../src/backtest/metrics/distributions.ts';
import { shippedStrategies } from '../../src/backtest/strategies/registry.ts';
import { TICK_FLAGS } from '../../src/contracts/market-data.ts';
import { DEFAULT_BACKTEST } from '../../src/contracts/run/backtest-settings.ts';
import type { StageSettings } from '../../src/contracts/run/run-config.ts';
import { assessTick } from '../../src/market/assess-tick.ts';
import { readBacktests } from '../../src/storage/backtests/backtests.ts';
import { readCandles } from '../../src/storage/candles/candles.ts';
import { instrumentById } from '../../src/storage/markets/instruments.ts';
import { empty, type TestDatabase, testDatabase } from '../support/postgres.ts';
import { silent } from '../support/silent.ts';
import { collect, DAY, HOUR, instrument, runStage, runStages, START, trade } from '../support/stage-run.ts';

let test: TestDatabase;
const threads = createPluginThreads(silent);
beforeAll(async () => {
  test = await testDatabase();
});
afterAll(async () => {
  await threads.close();
  await test.close();
});
beforeEach(() => empty(test.database, ['symbols', 'instruments', 'ledger', 'runs', 'staged_rows', 'ticks']));

describe('the calibration of stored backtests', () => {
  const ASOF = START + 20 * DAY;
  const PAID = [1, 0, 1];

  /** Twenty days of trades of each market. */
  async function markets(): Promise<void> {
    for (const [index, payout] of PAID.entries()) {
      const random = seededRandom(index + 1);
      let price = 0.5;
      const rows = Array.from({ length: 20 * 24 }, (_, i) => {
        price = Math.min(0.95, Math.max(0.05, price + Math.round((random() - 0.5) * 10) / 100));
        return trade(START + i * HOUR, Math.round(price * 100) / 100);
      });
      const facts = { resolution: { kind: 'settled', payout, at: ASOF - 1 } } as const;
      const executionId = `collect-${index}`;
      await collect(test.database, {
        executionId,
        instrument: instrument(`polymarket:0x${index}`, facts),
        rows,
        covered: { from: START, to: ASOF },
      });
      await runStages(test.database, { executionId, asOf: ASOF, intervals: ['1h', '4h'] });
    }
  }

  async function backtest(executionId: string, histories: readonly (number | null)[]): Promise<void> {
    const settings: StageSettings = {
      sourceTypes: ['polymarket'],
      intervals: ['1h', '4h'],
      daysBack: 7,
      // each history has strategies of its own, in any order
      strategies: histories.map((historyMs, i) => ({
        name: 'sma-cross',
        params: { fast: i + 2, slow: 9 },
        backtest: { ...DEFAULT_BACKTEST, historyMs },
      })),
      refetch: false,
      asOf: ASOF,
    };
    const about = { runId: 'run', executionId, symbol: 'RAIN', stage: 'backtest' } as const;
    const stage = createBacktest({ database: test.database, strategies: shippedStrategies, threads, log: silent });
    await stage({ ...about, settings }, recordedWork(test.database, about, { log: silent }));
  }

  it('counts each market once per interval, over its longest history, whatever the number of its histories and strategies', async () => {
    await markets();
    const history = fc.constantFrom(null, 3 * DAY, 8 * DAY, 15 * DAY);
    let run = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(history, { minLength: 1, maxLength: 4 }), async (histories) => {
        const executionId = `run-${run++}`;
        await backtest(executionId, histories);
        const longest = histories.includes(null) ? Number.POSITIVE_INFINITY : Math.max(...histories.map((ms) => ms ?? 0));
        const stored = await readBacktests(test.database, { symbol: 'RAIN', executionId });
        for (const interval of ['1h', '4h'] as const) {
          const forecasts = [];
          for (const [index, payout] of PAID.entries()) {
            const { key } = (await instrumentById(test.database, `polymarket:0x${index}`)) as { key: number };
            const from = Number.isFinite(longest) ? ASOF - longest : START;
            const { close } = await readCandles(test.database, {
              instrumentKey: key,
              priceType: 'trade',
              interval,
              from,
              completeOnly: true,
            });
            forecasts.push(marketForecasts(close, payout));
          }
          const wanted = calibrationOfMarkets(forecasts);
          const tables = stored.filter((one) => one.interval === interval).map(({ metrics }) => metrics.calibration);
          expect(tables.length).toBeGreaterThan(0);
          for (const table of tables) expect(table).toEqual(wanted);
        }
      }),
      { numRuns: 12 },
    );
  });
});

describe('copies of a tick on several pages or in several runs', () => {
  const row = fc.record({
    id: fc.integer({ min: 1, max: 4 }),
    price: fc.constantFrom(0, 0.5, 0.505, 1),
    size: fc.integer({ min: 1, max: 3 }),
  });

  it('leave one tick with the content and flags of the last row', async () => {
    const market = instrument('polymarket:0x9', { tickSize: 0.01 });
    let world = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(fc.array(row, { minLength: 1, maxLength: 6 }), { minLength: 1, maxLength: 3 }), async (runs) => {
        await empty(test.database, ['symbols', 'instruments', 'ledger', 'staged_rows', 'ticks']);
        const asOf = START + DAY;
        const expected = new Map<string, { price: number; size: number; flags: number }>();
        world++;
        for (const [number, rows] of runs.entries()) {
          const executionId = `world-${world}-${number}`;
          // one time for all, so that an id alone tells them apart
          const trades = rows.map(({ id, price, size }) => trade(START + HOUR, price, { size, tradeId: `t${id}`, identity: `t${id}` }));
          for (const one of trades) {
            const assessed = assessTick(one, { market: 'probability', opensAt: null, tickSize: 0.01, asOf });
            if (assessed.verdict !== 'ok') throw new Error('every row of this world is good');
            const flags = assessed.flags.reduce((bits, flag) => bits | (1 << TICK_FLAGS.indexOf(flag)), 0);
            expected.set(one.identity, { price: one.price as number, size: one.size as number, flags });
          }
          await collect(test.database, { executionId, instrument: market, rows: trades, covered: { from: START, to: asOf } });
          await runStage(test.database, 'clean', { executionId, asOf });
          await runStage(test.database, 'store', { executionId, asOf });
        }
        const { rows } = await test.database.query<{ identity: string; price: number; size: number; flags: number }>(
          `select identity, price, size, (flags & ${(1 << TICK_FLAGS.indexOf('outlier')) ^ 0xff})::int as flags from ticks order by identity`,
        );
        expect(rows).toEqual([...expected].sort(([a], [b]) => (a < b ? -1 : 1)).map(([identity, content]) => ({ identity, ...content })));
      }),
      { numRuns: 25 },
    );
  });
});
