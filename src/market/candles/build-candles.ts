import { INTERVAL_MS, type Interval } from '../../contracts/words.ts';
import { bucketStart } from './bucket.ts';
import type { MergeableCandles, SequencedTicks } from './candle-columns.ts';
import type { ExactSums } from './exact-sums.ts';
import { addVolumes, finishVolumes, type VolumeSums, volumeSums } from './volume-sums.ts';

/**
 * Builds the candles of one instrument and price type: left-closed buckets on the UTC epoch, open = first tick by (time, sequence), close =
 * last, volumes exact in decimals and rounded once. The order of the ticks does not affect the result, but sorted ticks are faster.
 *
 * @param ticks trades or price points, never both
 * @param firstSequence sequence number of the first tick, where `ticks` has no `sequence` column: the number of ticks in earlier batches
 */
export function buildCandles(ticks: SequencedTicks, interval: Interval, firstSequence = 0): MergeableCandles {
  const length = INTERVAL_MS[interval];
  const { time } = ticks;
  const candles = newCandles();
  const sums = volumeSums(ticks, candles.openTime.length);
  const slots = new Map<number, number>();
  let count = 0;
  let newest = Number.NEGATIVE_INFINITY;
  for (let from = 0; from < ticks.length; ) {
    const start = bucketStart(time[from], interval);
    const end = start + length;
    let to = from + 1;
    while (to < ticks.length && time[to] >= start && time[to] < end) to++;
    let slot = start > newest ? undefined : slots.get(start);
    if (slot === undefined) {
      slot = count++;
      if (slot === candles.openTime.length) growCandles(candles, sums);
      slots.set(start, slot);
      candles.openTime[slot] = start;
      newest = Math.max(newest, start);
    }
    addPrices(candles, slot, ticks, from, to, firstSequence);
    addVolumes(sums, slot, ticks, from, to);
    from = to;
  }
  const order = orderOf(candles.openTime, count);
  return { interval, length: count, ...pick(candles, order), ...finishVolumes(sums, order) };
}

/** Adds the prices of the ticks [from, to) to bucket k, and initialises the bucket if it has no trades yet. */
function addPrices(candles: OpenCandles, k: number, ticks: SequencedTicks, from: number, to: number, firstSequence: number): void {
  const { time, price, sequence } = ticks;
  const isNew = candles.trades[k] === 0;
  let high = isNew ? Number.NEGATIVE_INFINITY : candles.high[k];
  let low = isNew ? Number.POSITIVE_INFINITY : candles.low[k];
  let firstTime = isNew ? Number.POSITIVE_INFINITY : candles.firstTime[k];
  let firstSequenceSeen = candles.firstSequence[k];
  let lastTime = isNew ? Number.NEGATIVE_INFINITY : candles.lastTime[k];
  let lastSequence = candles.lastSequence[k];
  let first = -1;
  let last = -1;
  for (let i = from; i < to; i++) {
    const p = price[i];
    const t = time[i];
    const s = sequence === undefined ? i + firstSequence : sequence[i];
    if (p > high) high = p;
    if (p < low) low = p;
    if (t < firstTime || (t === firstTime && s < firstSequenceSeen)) {
      first = i;
      firstTime = t;
      firstSequenceSeen = s;
    }
    if (t > lastTime || (t === lastTime && s >= lastSequence)) {
      last = i;
      lastTime = t;
      lastSequence = s;
    }
  }
  candles.high[k] = high;
  candles.low[k] = low;
  if (first >= 0) {
    candles.open[k] = price[first];
    candles.firstTime[k] = firstTime;
    candles.firstSequence[k] = firstSequenceSeen;
  }
  if (last >= 0) {
    candles.close[k] = price[last];
    candles.lastTime[k] = lastTime;
    candles.lastSequence[k] = lastSequence;
  }
  candles.trades[k] = candles.trades[k] + to - from;
}

/** Prices of candles under construction, in the order in which the buckets first occurred; the arrays have spare capacity. */
type OpenCandles = Record<
  'openTime' | 'open' | 'high' | 'low' | 'close' | 'trades' | 'firstTime' | 'firstSequence' | 'lastTime' | 'lastSequence',
  Float64Array
>;

const COLUMNS = ['openTime', 'open', 'high', 'low', 'close', 'trades', 'firstTime', 'firstSequence', 'lastTime', 'lastSequence'] as const;
const FIRST_CAPACITY = 256;

const columnsOf = (make: (name: (typeof COLUMNS)[number]) => Float64Array): OpenCandles =>
  Object.fromEntries(COLUMNS.map((name) => [name, make(name)])) as unknown as OpenCandles;

/** Creates empty columns for candles under construction. */
const newCandles = (): OpenCandles => columnsOf(() => new Float64Array(FIRST_CAPACITY));

const doubled = (column: Float64Array): Float64Array => {
  const larger = new Float64Array(column.length * 2);
  larger.set(column);
  return larger;
};

/** Doubles the capacity of the candles and their sums, in place. */
function growCandles(candles: OpenCandles, sums: VolumeSums): void {
  for (const name of COLUMNS) candles[name] = doubled(candles[name]);
  const grow = (of: ExactSums): ExactSums => ({ ...of, high: doubled(of.high), low: doubled(of.low) });
  sums.volume = grow(sums.volume);
  sums.quoteVolume = grow(sums.quoteVolume);
  sums.buyVolume = grow(sums.buyVolume);
  const known = new Uint8Array(sums.known.length * 2);
  known.set(sums.known);
  sums.known = known;
}

/** Indices of the first `count` buckets, sorted by time. */
function orderOf(openTime: Float64Array, count: number): Uint32Array {
  const order = Uint32Array.from({ length: count }, (_, k) => k);
  for (let k = 1; k < count; k++) {
    if (openTime[k] < openTime[k - 1]) return order.sort((a, b) => openTime[a] - openTime[b]);
  }
  return order;
}

/** The buckets with the indices `order`, in that order. */
const pick = (candles: OpenCandles, order: Uint32Array): OpenCandles =>
  columnsOf((name) => {
    const column = candles[name];
    const picked = new Float64Array(order.length);
    for (let k = 0; k < order.length; k++) picked[k] = column[order[k]];
    return picked;
  });
