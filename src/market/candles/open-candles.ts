import type { ExactSums } from './exact-sums.ts';
import type { VolumeSums } from './volume-sums.ts';

/** Prices of candles under construction, in the order in which the buckets first occurred; the arrays have spare capacity. */
export interface OpenCandles {
  openTime: Float64Array;
  open: Float64Array;
  high: Float64Array;
  low: Float64Array;
  close: Float64Array;
  trades: Float64Array;
  firstTime: Float64Array;
  firstSequence: Float64Array;
  lastTime: Float64Array;
  lastSequence: Float64Array;
}

const COLUMNS = ['openTime', 'open', 'high', 'low', 'close', 'trades', 'firstTime', 'firstSequence', 'lastTime', 'lastSequence'] as const;
const FIRST_CAPACITY = 256;

const columnsOf = (make: (name: (typeof COLUMNS)[number]) => Float64Array): OpenCandles =>
  Object.fromEntries(COLUMNS.map((name) => [name, make(name)])) as unknown as OpenCandles;

/** Creates empty columns for candles under construction. */
export const newCandles = (): OpenCandles => columnsOf(() => new Float64Array(FIRST_CAPACITY));

const doubled = (column: Float64Array): Float64Array => {
  const larger = new Float64Array(column.length * 2);
  larger.set(column);
  return larger;
};

/** Doubles the capacity of the candles and their sums, in place. */
export function growCandles(candles: OpenCandles, sums: VolumeSums): void {
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
export function orderOf(openTime: Float64Array, count: number): Uint32Array {
  const order = Uint32Array.from({ length: count }, (_, k) => k);
  for (let k = 1; k < count; k++) {
    if (openTime[k] < openTime[k - 1]) return order.sort((a, b) => openTime[a] - openTime[b]);
  }
  return order;
}

/** The buckets with the indices `order`, in that order. */
export const pick = (candles: OpenCandles, order: Uint32Array): OpenCandles =>
  columnsOf((name) => {
    const column = candles[name];
    const picked = new Float64Array(order.length);
    for (let k = 0; k < order.length; k++) picked[k] = column[order[k]];
    return picked;
  });
