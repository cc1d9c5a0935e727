import { groupedBy } from '../../contracts/grouped-by.ts';
import type { TickColumns, TimeRange } from '../../contracts/market-data.ts';
import { INTERVAL_MS, type Interval, type TickKind } from '../../contracts/words.ts';
import { bucketStart } from '../../market/candles/bucket.ts';
import type { MergeableCandles } from '../../market/candles/candle-columns.ts';
import { buildCandleSet } from '../../market/candles/candle-set.ts';
import { mergeCandles } from '../../market/candles/merge-candles.ts';
import { kindCode } from '../database/codes.ts';
import { CopyDecoder } from '../database/copy-format.ts';
import type { Queryable, Transaction } from '../database/database.ts';
import { lakeChunks, lakeTicks, movedRanges } from '../lake/lake-ticks.ts';
import { type StaleSeries, type StaleSeriesGroup, type TickHour, tickHours } from './candle-plan.ts';
import { type BuiltSeries, type CandleTarget, removeEmptied, writeCandles } from './candle-writes.ts';

/**
 * Rebuilds the candles of one instrument and price type in buckets whose ticks changed. Call `settleSeries` afterwards.
 * @param onRegion called after each rebuilt stretch of time
 * @returns the number of new or changed candles, and the series
 */
export async function buildSeries(
  transaction: Transaction,
  group: StaleSeriesGroup,
  asOf: number,
  onRegion: () => void,
): Promise<{ readonly changed: number; readonly built: readonly BuiltSeries[] }> {
  const { instrumentKey, kind, version, covered, ticksPrunedBefore, series } = group;
  // A run with an earlier `asOf` must not mark buckets as open that a later run has closed.
  const target: CandleTarget = { instrumentKey, kind, covered, ticksPrunedBefore, asOf: Math.max(asOf, ...series.map((one) => one.asOf)) };
  const behind = series.filter(({ builtVersion }) => builtVersion < version);
  let changed = 0;
  if (behind.length > 0) {
    for (const region of candleRegions(behind, await tickHours(transaction, instrumentKey, kind))) {
      for (const candles of (await buildRegion(transaction, group, region)).values()) {
        changed += await writeCandles(transaction, target, candles);
        // only price points can be deleted, when finer ones replace them
        if (kind === 'price') changed += await removeEmptied(transaction, target, { range: region.range, candles });
      }
      onRegion();
    }
  }
  return { changed, built: series.map(({ interval, ...before }) => ({ target, interval, version, before })) };
}

/** Builds the candles of a region part by part, so that memory stays flat; merged parts give the same candles as one part would. */
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

const HOUR = 3_600_000;
/** Approximate number of ticks read at once; regions are cut only at hours. */
const TICKS_AT_ONCE = 250_000;

interface CandleRegion {
  readonly range: TimeRange;
  /** Intervals with a changed bucket in this range. */
  readonly intervals: readonly Interval[];
  /** Consecutive parts of the range, cut at hours, each with its number of ticks. */
  readonly parts: readonly { readonly range: TimeRange; readonly ticks: number }[];
}

/** Lists what must be rebuilt: the days or weeks in which an hour changed, joined up to `TICKS_AT_ONCE` where only empty ones lie between. */
export function candleRegions(series: readonly StaleSeries[], hours: readonly TickHour[]): readonly CandleRegion[] {
  const unit: Interval = series.some(({ interval }) => interval === '1w') ? '1w' : '1d';
  const regions: { range: { from: number; to: number }; intervals: readonly Interval[]; hours: TickHour[]; ticks: number }[] = [];
  let last: (typeof regions)[number] | undefined;
  for (const [from, inUnit] of groupedBy(hours, ({ hour }) => bucketStart(hour * HOUR, unit))) {
    const newest = Math.max(...inUnit.map(({ version }) => version));
    const intervals = series.filter(({ builtVersion }) => newest > builtVersion).map(({ interval }) => interval);
    if (intervals.length === 0) {
      last = undefined;
      continue;
    }
    const ticks = inUnit.reduce((sum, hour) => sum + hour.ticks, 0);
    const to = from + INTERVAL_MS[unit];
    if (last !== undefined && last.ticks + ticks <= TICKS_AT_ONCE && sameIntervals(last.intervals, intervals)) {
      last.range.to = to;
      last.hours.push(...inUnit);
      last.ticks += ticks;
    } else {
      last = { range: { from, to }, intervals, hours: [...inUnit], ticks };
      regions.push(last);
    }
  }
  return regions.map(({ range, intervals, hours }) => ({ range, intervals, parts: partsOf(range, hours) }));
}

function partsOf(range: TimeRange, hours: readonly TickHour[]): CandleRegion['parts'] {
  const parts: { range: { from: number; to: number }; ticks: number }[] = [];
  for (const { hour, ticks } of hours) {
    const last = parts.at(-1);
    if (last !== undefined && last.ticks + ticks <= TICKS_AT_ONCE) {
      last.range.to = (hour + 1) * HOUR;
      last.ticks += ticks;
    } else {
      parts.push({ range: { from: last?.range.to ?? range.from, to: (hour + 1) * HOUR }, ticks });
    }
  }
  return parts;
}

const sameIntervals = (a: readonly Interval[], b: readonly Interval[]): boolean =>
  a.length === b.length && a.every((interval, i) => interval === b[i]);

/** Ticks of one instrument and kind as columns, with their sequence numbers; has the shape of `SequencedTicks`. */
interface StoredTickColumns extends TickColumns {
  readonly sequence: Float64Array;
}

/** Ticks of `[range.from, range.to)` as columns, by time, then in the venue's order; lake included. @param expected approximate number */
async function readTickColumns(
  queryable: Queryable,
  { instrumentKey, kind, range, expected = 1024 }: { instrumentKey: number; kind: TickKind; range: TimeRange; expected?: number },
): Promise<StoredTickColumns> {
  let capacity = Math.max(1, expected);
  let time = new Float64Array(capacity);
  let sequence = new Float64Array(capacity);
  let price = new Float64Array(capacity);
  let size = new Float64Array(capacity);
  let buy = new Uint8Array(capacity);
  let length = 0;
  const add = (at: number, seq: number, priced: number, sized: number | null, side: number | null): void => {
    if (length === capacity) {
      capacity *= 2;
      time = grown(time, new Float64Array(capacity));
      sequence = grown(sequence, new Float64Array(capacity));
      price = grown(price, new Float64Array(capacity));
      size = grown(size, new Float64Array(capacity));
      buy = grown(buy, new Uint8Array(capacity));
    }
    time[length] = at;
    sequence[length] = seq;
    price[length] = priced;
    size[length] = sized ?? Number.NaN;
    buy[length] = side ?? 255;
    length++;
  };
  const addStored = async (part: TimeRange): Promise<void> => {
    if (part.from >= part.to) return;
    const decoder = new CopyDecoder();
    const select = `select time, seq, price, size, side from ticks where ${condition({ instrumentKey, kind, ...part })} order by time, seq`;
    for await (const chunk of queryable.copyOut(`copy (${select}) to stdout (format binary)`)) {
      decoder.push(chunk);
      while (decoder.nextRow()) add(decoder.int8(), decoder.int8(), decoder.float8(), decoder.nullableFloat8(), decoder.int2());
    }
  };
  let { from } = range;
  for (const moved of await movedRanges(queryable, range, [instrumentKey])) {
    await addStored({ from, to: moved.from });
    const sql = `select time::double, seq::double, price, size, side from ${await lakeTicks(queryable, [moved])} where kind = ${kindCode(kind)} order by time, seq`;
    for await (const columns of lakeChunks(sql)) {
      const [times, sequences, prices, sizes, sides] = columns as unknown as [
        number[],
        number[],
        number[],
        (number | null)[],
        (number | null)[],
      ];
      for (const i of times.keys()) add(times[i], sequences[i], prices[i], sizes[i], sides[i]);
    }
    from = moved.to;
  }
  await addStored({ from, to: range.to });
  return {
    length,
    time: time.subarray(0, length),
    sequence: sequence.subarray(0, length),
    price: price.subarray(0, length),
    size: size.subarray(0, length),
    buy: buy.subarray(0, length),
  };
}

function grown<Column extends Float64Array | Uint8Array>(column: Column, larger: Column): Column {
  larger.set(column);
  return larger;
}

/** Checks a value before it is put into the text of a COPY, which takes no parameters: only whole numbers are safe. */
function condition({ instrumentKey, kind, from, to }: { instrumentKey: number; kind: TickKind } & TimeRange): string {
  const parts = [
    `instrument = ${whole(instrumentKey)}`,
    `kind = ${kindCode(kind)}`,
    `time >= ${whole(Math.ceil(from))}`,
    `time < ${whole(Math.ceil(to))}`,
  ];
  return parts.join(' and ');
}

function whole(value: number): number {
  if (!Number.isSafeInteger(value)) throw new RangeError(`${value} is not a whole number`);
  return value;
}
