import { INTERVAL_MS, type Interval, type TickKind } from '../../contracts/words.ts';
import { coveredShares } from '../../market/candles/covered-shares.ts';
import { type DuckDb, sqlText } from '../duckdb.ts';
import { SeriesBuilder } from '../read/file-candles.ts';
import { type Cell, candleRows } from '../write/table.ts';
import { bySeries, type CoverageRow, seriesName } from './dataset-coverage.ts';

interface Rebuild {
  /** Tick files of one venue; each partition has one file. */
  readonly files: readonly string[];
  readonly intervals: readonly Interval[];
  /** Candles whose interval ends later are not complete; UTC epoch milliseconds. */
  readonly asOf: number;
  readonly coverage: readonly CoverageRow[];
  /** Counters, one for each range of `coverage`, to which the number of ticks in the range is added. */
  readonly counts: number[];
}

/** SQL that reads Parquet files and adds the column `file_row_number`, which counts the rows of each file from 0. */
export const readFiles = (files: readonly string[]): string =>
  `read_parquet([${files.map(sqlText).join(', ')}], hive_partitioning = false, file_row_number = true)`;

/** The columns of some ticks: symbol, source, instrument, kind, time, price, size, side. */
type TickChunk = readonly [string[], string[], string[], TickKind[], number[], number[], (number | null)[], ('buy' | 'sell' | null)[]];

/** Builds the rows of `CANDLE_COLUMNS` from tick files, sorted by instrument, symbol, price type, interval and time; memory stays flat. */
export async function* rebuiltCandles(duckDb: DuckDb, { files, intervals, asOf, coverage, counts }: Rebuild): AsyncGenerator<Cell[][]> {
  if (files.length === 0) return;
  const ranges = bySeries(coverage);
  const sql = `select symbol, source, instrument, kind, epoch_ms(time)::double, price, size, side from ${readFiles(files)}
    order by instrument, symbol, kind, time, file_row_number`;
  let series = '';
  let labels: [symbol: string, source: string, instrument: string, kind: TickKind] | undefined;
  let builder = new SeriesBuilder(intervals);
  let [sequence, range] = [0, 0];
  function* finished(): Generator<Cell[][]> {
    if (labels === undefined) return;
    const collected = (ranges.get(series) ?? []).filter(({ evidence }) => evidence !== 'gap');
    for (const [interval, candles] of builder.finish()) {
      const length = INTERVAL_MS[interval];
      const complete = coveredShares(candles.openTime, length, collected).map((share, k) =>
        share === 1 && candles.openTime[k] + length <= asOf ? 1 : 0,
      );
      yield* candleRows([...labels, interval], { ...candles, complete });
    }
  }
  for await (const chunk of duckDb.chunks(sql)) {
    const [symbols, sources, instruments, kinds, times, prices, sizes, sides] = chunk as unknown as TickChunk;
    for (const [i, symbol] of symbols.entries()) {
      const name = seriesName({ symbol, instrument: instruments[i], kind: kinds[i] });
      if (name !== series) {
        yield* finished();
        builder = new SeriesBuilder(intervals, builder.ticks);
        [series, labels, sequence, range] = [name, [symbol, sources[i], instruments[i], kinds[i]], 0, 0];
      }
      builder.ticks.add({ time: times[i], price: prices[i], size: sizes[i], side: sides[i] }, sequence++);
      if (builder.ticks.isFull) builder.build();
      const known = ranges.get(series) ?? [];
      while (range < known.length && known[range].to <= times[i]) range++;
      const within = known.at(range);
      if (within !== undefined && within.from <= times[i]) counts[within.place]++;
    }
  }
  yield* finished();
}
