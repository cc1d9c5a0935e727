import { setImmediate } from 'node:timers/promises';
import { type BacktestData, backtestData } from '../backtest/backtest-data.ts';
import type { CandleSeries } from '../backtest/candle-series.ts';
import { marketOf } from '../backtest/market.ts';
import { optionsFor, type Trial } from '../backtest/run-backtest.ts';
import { type TrialsResult, trialSteps } from '../backtest/run-trials.ts';
import { resolutionAsOf } from '../backtest/settlement.ts';
import { strategyTrials } from '../backtest/strategies/registry.ts';
import type { Strategy } from '../backtest/strategy.ts';
import { PredictLabError } from '../contracts/errors.ts';
import type { StrategyConfig } from '../contracts/run-config.ts';
import type { StageActivityInput } from '../contracts/stage-report.ts';
import { INTERVAL_MS, type Interval, TICK_KINDS, type TickKind } from '../contracts/words.ts';
import { saveBacktests, saveCalibration } from '../storage/backtests.ts';
import { readCandles } from '../storage/candles.ts';
import type { Database, Queryable } from '../storage/database.ts';
import { instrumentsOf, type StoredInstrument } from '../storage/instruments.ts';
import { backtestRecord } from './backtest-record.ts';
import { BacktestTally } from './backtest-tally.ts';
import { ResolvedCloses } from './resolved-closes.ts';
import type { Log, StageFunction, StageWork } from './stage-work.ts';

export interface BacktestDependencies {
  readonly database: Database;
  /** Shipped ones and those of plugins. */
  readonly strategies: readonly Strategy[];
  readonly log: Log;
}

const DAY_MS = 86_400_000;
/** The event loop gets its turn at least this often: heartbeats and other tasks share it. */
const SLICE_MS = 50;

/**
 * `backtest`: every strategy of the run, on every instrument and interval of the symbol that has complete candles in the
 * run's window. All trials on one series are judged together; none is an output of 0, not a failure.
 */
export function createBacktest({ strategies, log }: BacktestDependencies): StageFunction {
  return async (input, work) => {
    const trials = trialsFrom(input.settings.strategies, strategies);
    return await work.commit(async (transaction) => {
      const { context, symbol, settings } = input;
      const tally = new BacktestTally();
      const resolved = new ResolvedCloses();
      const instruments = await instrumentsOf(transaction, symbol, settings.sourceTypes);
      for (const [done, instrument] of instruments.entries()) {
        for (const interval of settings.intervals) {
          const series = trials.length === 0 ? undefined : await readSeries(transaction, instrument, interval, input);
          if (series === undefined) continue;
          resolved.add(interval, series.data);
          const outcome = await inSlices(series.data, trials, work);
          tally.add(outcome);
          const records = outcome.results.map((result) =>
            backtestRecord({ symbol, instrumentKey: instrument.key, ...series, interval, result, overfitting: outcome.overfitting }),
          );
          await saveBacktests(transaction, context, records);
        }
        work.heartbeat({ instruments: done + 1, backtests: tally.backtests });
        work.signal.throwIfAborted();
      }
      for (const { interval, bins } of resolved.tables())
        await saveCalibration(transaction, { executionId: context.executionId, symbol, interval, bins });
      for (const sentence of tally.lookAhead) log.warn(sentence, { runId: context.runId, taskId: context.taskId });
      return { output: tally.output(), ...(tally.lookAhead.size === 0 ? {} : { degraded: [...tally.lookAhead] }) };
    });
  };
}

function trialsFrom(configs: readonly StrategyConfig[], strategies: readonly Strategy[]): Trial[] {
  return configs.flatMap(({ name, params }) => {
    const checked = strategyTrials(name, params, strategies);
    if ('problems' in checked) throw new PredictLabError('BadInput', checked.problems.join('; '));
    return checked.trials.map((one) => ({ strategy: checked.strategy, params: one }));
  });
}

/** The instrument's complete candles in the window: of trades where there are at least two, else of price points. */
async function readSeries(
  queryable: Queryable,
  instrument: StoredInstrument,
  interval: Interval,
  { settings }: StageActivityInput,
): Promise<{ readonly data: BacktestData; readonly priceType: TickKind } | undefined> {
  // a run as of an earlier instant must not read bars that were still open then, though they are complete by now
  const window = { from: settings.asOf - settings.daysBack * DAY_MS, to: settings.asOf - INTERVAL_MS[interval] + 1, completeOnly: true };
  for (const priceType of TICK_KINDS) {
    const candles: CandleSeries = await readCandles(queryable, { instrumentKey: instrument.key, priceType, interval, ...window });
    if (candles.length < 2) continue;
    // what became known after the run's instant is not known to it
    const market = marketOf({ ...instrument, resolution: resolutionAsOf(instrument.resolution, settings.asOf) });
    const series = `${instrument.id} ${interval}`;
    const names = { series, whereOf: (bar: number): string => `${series}, ${new Date(candles.openTime[bar]).toISOString()}` };
    return { data: backtestData(candles, market, names), priceType };
  }
  return undefined;
}

async function inSlices(data: BacktestData, trials: readonly Trial[], work: StageWork): Promise<TrialsResult> {
  const steps = trialSteps(data, trials, optionsFor(data.market));
  let turn = performance.now();
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
    if (performance.now() - turn < SLICE_MS) continue;
    await setImmediate();
    work.signal.throwIfAborted();
    turn = performance.now();
  }
}
