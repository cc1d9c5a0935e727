import { groupedBy } from '../../contracts/grouped-by.ts';
import type { StageInput } from '../../contracts/task/stage-report.ts';
import { buildSeries } from '../../storage/candles/build-series.ts';
import { addedIntervals, countCandles, staleSeries } from '../../storage/candles/candle-plan.ts';
import { type BuiltSeries, settleSeries } from '../../storage/candles/candle-writes.ts';
import type { Probe, StageFunction } from './stage-work.ts';

export interface KlineDependencies {
  readonly probe?: Probe;
}

/**
 * Creates the stage `kline`, which rebuilds the candles of a symbol whose ticks changed; an interval without candles is built fully. Short
 * markets also get an interval that fits their length; the output states the number of markets for each such interval.
 */
export function createKline({ probe }: KlineDependencies = {}): StageFunction {
  return async (input, work) =>
    await work.commit(async (transaction) => {
      await probe?.('kline 1: claimed');
      const asked = requestOf(input);
      const added = await addedIntervals(transaction, asked);
      const request = { ...asked, added };
      let changed = 0;
      const built: BuiltSeries[] = [];
      for (const group of await staleSeries(transaction, request)) {
        const series = await buildSeries(transaction, group, request.asOf, () => {
          work.heartbeat({ changed });
          work.signal.throwIfAborted();
        });
        changed += series.changed;
        built.push(...series.built);
        await probe?.('kline 2: built');
      }
      changed += await settleSeries(transaction, built);
      const candles = await countCandles(transaction, request);
      await probe?.('kline 3: counted');
      const short = Object.fromEntries(
        [...groupedBy([...added.values()], (one) => one)].map(([interval, { length }]) => [interval, length]),
      );
      return { output: { candles, changed, intervals: [...asked.intervals], ...(added.size > 0 && { added: short }) } };
    });
}

const requestOf = ({ symbol, settings }: StageInput) => ({
  symbol,
  sourceTypes: settings.sourceTypes,
  intervals: settings.intervals,
  asOf: settings.asOf,
});
