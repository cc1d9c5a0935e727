import { setImmediate } from 'node:timers/promises';
import { type BacktestData, backtestData } from '../../backtest/engine/backtest-data.ts';
import type { CandleSeries } from '../../backtest/engine/candle-series.ts';
import { marketOf } from '../../backtest/engine/market.ts';
import { resolutionAsOf } from '../../backtest/engine/settlement.ts';
import { optionsFor, type Trial } from '../../backtest/run-backtest.ts';
import { type TrialsResult, trialSteps } from '../../backtest/run-trials.ts';
import { strategyTrials } from '../../backtest/strategies/registry.ts';
import type { Strategy } from '../../backtest/strategy.ts';
import { PredictLabError } from '../../contracts/errors.ts';
import type { Log } from '../../contracts/log.ts';
import type { TimeRange } from '../../contracts/market-data.ts';
import type { StrategyConfig } from '../../contracts/run-config.ts';
import { windowOf } from '../../contracts/run-window.ts';
import { INTERVAL_MS, stageTaskId } from '../../contracts/words.ts';
import { type BacktestSeries, backtestSeries } from '../../storage/backtests/backtest-series.ts';
import { saveBacktests, saveCalibration } from '../../storage/backtests/backtests.ts';
import { readCandles } from '../../storage/candles/candles.ts';
import type { Database, Queryable } from '../../storage/database/database.ts';
import { instrumentsOf, type StoredInstrument } from '../../storage/markets/instruments.ts';
import { backtestRecord } from './backtest-record.ts';
import { BacktestTally } from './backtest-tally.ts';
import { ResolvedCloses } from './resolved-closes.ts';
import type { StageFunction } from './stage-work.ts';

export interface BacktestDependencies {
  readonly database: Database;
  /** Shipped ones and those of plugins. */
  readonly strategies: readonly Strategy[];
  readonly log: Log;
}

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
      const { executionId, symbol, settings } = input;
      const tally = new BacktestTally();
      const resolved = new ResolvedCloses();
      const instruments = new Map((await instrumentsOf(transaction, symbol, settings.sourceTypes)).map((one) => [one.key, one]));
      const window = windowOf(settings);
      const filter = { instrumentKeys: [...instruments.keys()], intervals: settings.intervals, ...window };
      const every = trials.length === 0 ? [] : await backtestSeries(transaction, filter);
      for (const [done, series] of every.entries()) {
        const instrument = instruments.get(series.instrumentKey) as StoredInstrument;
        const data = await readSeries(transaction, instrument, series, window);
        resolved.add(series.interval, data);
        const alive = (): void => {
          work.heartbeat({ series: done, of: every.length, backtests: tally.backtests });
          work.signal.throwIfAborted();
        };
        const { results, overfitting } = await inSlices(data, trials, alive);
        for (const result of results) {
          tally.add(result);
          await saveBacktests(transaction, input, [backtestRecord({ symbol, series, data, result, overfitting })]);
          alive();
        }
      }
      for (const { interval, bins } of resolved.tables()) await saveCalibration(transaction, { executionId, symbol, interval, bins });
      for (const sentence of tally.lookAhead) log.warn(sentence, { runId: input.runId, taskId: stageTaskId(symbol, input.stage) });
      return { output: tally.output(), ...(tally.lookAhead.size === 0 ? {} : { degraded: [...tally.lookAhead] }) };
    });
  };
}

/** Every combination of every strategy, each once however often the input names it. */
function trialsFrom(configs: readonly StrategyConfig[], strategies: readonly Strategy[]): Trial[] {
  const trials = configs.flatMap(({ name, params }) => {
    const checked = strategyTrials(name, params, strategies);
    if ('problems' in checked) throw new PredictLabError('BadInput', checked.problems.join('; '));
    return checked.trials.map((one): readonly [string, Trial] => [
      `${name} ${JSON.stringify(one)}`,
      { strategy: checked.strategy, params: one },
    ]);
  });
  return [...new Map(trials).values()];
}

async function readSeries(
  queryable: Queryable,
  instrument: StoredInstrument,
  { interval, priceType }: BacktestSeries,
  { from, to }: TimeRange,
): Promise<BacktestData> {
  const candles: CandleSeries = await readCandles(queryable, {
    instrumentKey: instrument.key,
    priceType,
    interval,
    from,
    // a run as of an earlier instant must not read bars that were still open then, though they are complete by now
    to: to - INTERVAL_MS[interval] + 1,
    completeOnly: true,
  });
  // what became known after the run's instant is not known to it
  const market = marketOf({ ...instrument, resolution: resolutionAsOf(instrument.resolution, to) });
  const series = `${instrument.id} ${interval}`;
  return backtestData(candles, market, { series, whereOf: (bar) => `${series}, ${new Date(candles.openTime[bar]).toISOString()}` });
}

async function inSlices(data: BacktestData, trials: readonly Trial[], alive: () => void): Promise<TrialsResult> {
  const steps = trialSteps(data, trials, optionsFor(data.market));
  let turn = performance.now();
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
    if (performance.now() - turn < SLICE_MS) continue;
    await setImmediate();
    alive();
    turn = performance.now();
  }
}
