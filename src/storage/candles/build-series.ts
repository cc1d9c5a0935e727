import type { Interval } from '../../contracts/words.ts';
import type { MergeableCandles } from '../../market/candles/candle-columns.ts';
import { buildCandleSet } from '../../market/candles/candle-set.ts';
import { mergeCandles } from '../../market/candles/merge-candles.ts';
import type { Queryable, Transaction } from '../database/database.ts';
import { readTickColumns } from '../ticks/ticks.ts';
import { type StaleSeriesGroup, tickHours } from './candle-plan.ts';
import { type CandleRegion, candleRegions } from './candle-regions.ts';
import { type BuiltSeries, type CandleTarget, removeEmptied, writeCandles } from './candle-writes.ts';

/**
 * Builds the buckets of one instrument and price type whose ticks changed again from the ticks; `settleSeries` does the rest.
 *
 * @param onRegion called after each stretch of time
 * @returns how many candles are new or changed, and the series
 */
export async function buildSeries(
  transaction: Transaction,
  group: StaleSeriesGroup,
  asOf: number,
  onRegion: () => void,
): Promise<{ readonly changed: number; readonly built: readonly BuiltSeries[] }> {
  const { instrumentKey, kind, version, covered, ticksPrunedBefore, series } = group;
  // A run as of the past must not mark buckets as open that a later run has seen closed.
  const target: CandleTarget = { instrumentKey, kind, covered, ticksPrunedBefore, asOf: Math.max(asOf, ...series.map((one) => one.asOf)) };
  const behind = series.filter(({ builtVersion }) => builtVersion < version);
  let changed = 0;
  if (behind.length > 0) {
    for (const region of candleRegions(behind, await tickHours(transaction, instrumentKey, kind))) {
      for (const candles of (await buildRegion(transaction, group, region)).values()) {
        changed += await writeCandles(transaction, target, candles);
        // trades are never deleted
        if (kind === 'price') changed += await removeEmptied(transaction, target, { range: region.range, candles });
      }
      onRegion();
    }
  }
  return { changed, built: series.map(({ interval, ...before }) => ({ target, interval, version, before })) };
}

/** Builds the candles of a region part by part, so that memory stays flat; merging the parts is exact. */
export async function buildRegion(
  queryable: Queryable,
  { instrumentKey, kind }: Pick<StaleSeriesGroup, 'instrumentKey' | 'kind'>,
  region: CandleRegion,
): Promise<Map<Interval, MergeableCandles>> {
  const built = new Map<Interval, MergeableCandles>();
  for (const { range, ticks } of region.parts) {
    const columns = await readTickColumns(queryable, { instrumentKey, kind, range, expected: ticks });
    for (const [interval, candles] of buildCandleSet(columns, region.intervals)) {
      const before = built.get(interval);
      built.set(interval, before === undefined ? candles : mergeCandles(before, candles));
    }
  }
  return built;
}
