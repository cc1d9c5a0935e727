import { add, type Decimal, POWERS_OF_TEN, toNumber, unitsAt, ZERO } from '../decimal.ts';

/** Base of the two digits ("limbs") that hold a sum: doubles add numbers below 2^52 exactly, with their carries. */
export const LIMB = 2 ** 52;

/**
 * Exact decimal sums, one per bucket, whatever the order of the numbers: `(high[k]·2^52 + low[k]) / 10^decimals + rest.get(k)`. `rest`
 * holds the few numbers that do not fit this scale: those with more decimals, with over 15 digits, or below 0.
 */
export interface ExactSums {
  readonly decimals: number;
  readonly high: Float64Array;
  readonly low: Float64Array;
  readonly rest: Map<number, Decimal>;
}

/** Creates `length` sums of 0 for numbers with at most this many decimals. */
export const exactSums = (length: number, decimals: number): ExactSums => ({
  decimals,
  high: new Float64Array(length),
  low: new Float64Array(length),
  rest: new Map(),
});

/** The number that the limbs of bucket k hold, in units of its decimals. */
const limbUnits = ({ high, low }: ExactSums, k: number): bigint => BigInt(high[k]) * BigInt(LIMB) + BigInt(low[k]);

/** The exact sum of bucket k. */
export const exactTotal = (sums: ExactSums, k: number): Decimal =>
  add({ units: limbUnits(sums, k), decimals: sums.decimals }, sums.rest.get(k) ?? ZERO);

/** The double nearest to the sum of bucket k. */
export function roundedTotal(sums: ExactSums, k: number): number {
  const scale = POWERS_OF_TEN[sums.decimals];
  // dividing two exact doubles rounds only once
  if (sums.high[k] === 0 && scale !== undefined && (sums.rest.size === 0 || !sums.rest.has(k))) return sums.low[k] / scale;
  return toNumber(exactTotal(sums, k));
}

/** Adds a number with too many decimals or digits for the limbs to the `rest` of bucket k. */
export function addToRest(sums: ExactSums, k: number, value: Decimal): void {
  sums.rest.set(k, add(sums.rest.get(k) ?? ZERO, value));
}

/** Adds bucket `from` of `source` to bucket `to` of `target`. */
export function addTotal(target: ExactSums, to: number, source: ExactSums, from: number): void {
  if (target.decimals === source.decimals) {
    let low = target.low[to] + source.low[from];
    let high = target.high[to] + source.high[from];
    if (low >= LIMB) {
      low -= LIMB;
      high += 1;
    }
    target.low[to] = low;
    target.high[to] = high;
    if (high >= LIMB) spill(target, to);
    const rest = source.rest.get(from);
    if (rest !== undefined) addToRest(target, to, rest);
    return;
  }
  addExactly(target, to, exactTotal(source, from));
}

/** Moves the limbs of bucket k to its `rest` and sets them to 0, before they overflow. */
export function spill(sums: ExactSums, k: number): void {
  addToRest(sums, k, { units: limbUnits(sums, k), decimals: sums.decimals });
  sums.high[k] = 0;
  sums.low[k] = 0;
}

/** Adds a number to the limbs of bucket k where they can hold it exactly, otherwise to its `rest`. */
function addExactly(sums: ExactSums, k: number, value: Decimal): void {
  if (value.decimals > sums.decimals || value.units < 0n) return addToRest(sums, k, value);
  const units = unitsAt(value, sums.decimals) + limbUnits(sums, k);
  const high = Number(units >> 52n);
  if (high >= LIMB) return addToRest(sums, k, value);
  sums.high[k] = high;
  sums.low[k] = Number(units & (BigInt(LIMB) - 1n));
}

/** The sums of the buckets with the indices `order`, in that order. */
export function pickSums(sums: ExactSums, order: ArrayLike<number>): ExactSums {
  const picked = exactSums(order.length, sums.decimals);
  for (let k = 0; k < order.length; k++) {
    const from = order[k];
    picked.high[k] = sums.high[from];
    picked.low[k] = sums.low[from];
    const rest = sums.rest.get(from);
    if (rest !== undefined) picked.rest.set(k, rest);
  }
  return picked;
}
