import type { StageInput } from '../../contracts/task/stage-report.ts';
import { buildSeries } from '../../storage/candles/build-series.ts';
import { countCandles, staleSeries } from '../../storage/candles/candle-plan.ts';
import type { Probe } from './probe.ts';
import type { StageFunction } from './stage-work.ts';

/** What `kline` is made with. */
export interface KlineDependencies {
  readonly probe?: Probe;
}

/**
 * `kline`: brings the candles of a symbol up to date in the run's intervals. Only buckets whose ticks changed are built
 * again; an interval that was never built is built whole.
 */
export function createKline({ probe }: KlineDependencies = {}): StageFunction {
  return async (input, work) =>
    await work.commit(async (transaction) => {
      await probe?.('kline 1: claimed');
      const request = requestOf(input);
      let changed = 0;
      for (const group of await staleSeries(transaction, request)) {
        changed += await buildSeries(transaction, group, request.asOf, () => {
          work.heartbeat({ changed });
          work.signal.throwIfAborted();
        });
        await probe?.('kline 2: built');
      }
      const candles = await countCandles(transaction, request);
      await probe?.('kline 3: counted');
      return { output: { candles, changed, intervals: [...request.intervals] } };
    });
}

const requestOf = ({ symbol, settings }: StageInput) => ({
  symbol,
  sourceTypes: settings.sourceTypes,
  intervals: settings.intervals,
  asOf: settings.asOf,
});
