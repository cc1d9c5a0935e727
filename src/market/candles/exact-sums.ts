import { add, type Decimal, POWERS_OF_TEN, toNumber, unitsAt, ZERO } from '../decimal.ts';

/** The base of the two limbs below; sums and carries of numbers below it are exact in doubles. */
export const LIMB = 2 ** 52;

/**
 * Exact decimal sums, one per bucket, fast where numbers are ordinary: bucket k holds
 * `(high[k]·2^52 + low[k]) / 10^decimals + rest.get(k)`. `rest` takes the few numbers that do not fit the common scale
 * (more decimals than the others, more than 15 digits, negative). However the numbers come and are batched, the total
 * is the same, so its rounding is too.
 */
export interface ExactSums {
  readonly decimals: number;
  readonly high: Float64Array;
  readonly low: Float64Array;
  readonly rest: Map<number, Decimal>;
}

/** Room for as many sums of numbers with at most this many decimals. */
export const exactSums = (length: number, decimals: number): ExactSums => ({
  decimals,
  high: new Float64Array(length),
  low: new Float64Array(length),
  rest: new Map(),
});

/** The sum of bucket k, exactly. */
export function exactTotal(sums: ExactSums, k: number): Decimal {
  const units = BigInt(sums.high[k]) * BigInt(LIMB) + BigInt(sums.low[k]);
  return add({ units, decimals: sums.decimals }, sums.rest.get(k) ?? ZERO);
}

/** The double nearest to the sum of bucket k. */
export function roundedTotal(sums: ExactSums, k: number): number {
  const scale = POWERS_OF_TEN[sums.decimals];
  // one division of two exact doubles rounds once
  if (sums.high[k] === 0 && scale !== undefined && (sums.rest.size === 0 || !sums.rest.has(k))) return sums.low[k] / scale;
  return toNumber(exactTotal(sums, k));
}

/** Adds to bucket k what is outside the common scale. */
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

/** Makes room in the limbs of bucket k by moving them to the rest. */
export function spill(sums: ExactSums, k: number): void {
  const units = BigInt(sums.high[k]) * BigInt(LIMB) + BigInt(sums.low[k]);
  addToRest(sums, k, { units, decimals: sums.decimals });
  sums.high[k] = 0;
  sums.low[k] = 0;
}

/** Adds to the limbs where the number fits their scale, to the rest where it does not. */
function addExactly(sums: ExactSums, k: number, value: Decimal): void {
  if (value.decimals > sums.decimals || value.units < 0n) return addToRest(sums, k, value);
  const units = unitsAt(value, sums.decimals) + BigInt(sums.high[k]) * BigInt(LIMB) + BigInt(sums.low[k]);
  const high = Number(units >> 52n);
  if (high >= LIMB) return addToRest(sums, k, value);
  sums.high[k] = high;
  sums.low[k] = Number(units & (BigInt(LIMB) - 1n));
}

/** The buckets in the order given. */
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
