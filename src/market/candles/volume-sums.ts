import { type Decimal, MAX_UNITS, multiply, POWERS_OF_TEN, toDecimal } from '../decimal.ts';
import type { SequencedTicks } from './candle-columns.ts';
import { addToRest, type ExactSums, exactSums, LIMB, pickSums, roundedTotal, spill } from './exact-sums.ts';

/** Number of rows that are sampled to find how many decimals prices and sizes usually have. */
const SAMPLE = 512;
const HALF_LIMB = 2 ** 26;
const MAX_EXACT = 2 ** 53;

/** Number of decimals with which most sampled numbers fit into 15 digits; the other numbers are summed exactly too, only slower. */
function usualDecimals(column: Float64Array): number {
  const step = Math.max(1, Math.floor(column.length / SAMPLE));
  let best = 0;
  let mostFit = 0;
  for (let decimals = 0; decimals <= 15; decimals++) {
    const scale = POWERS_OF_TEN[decimals];
    let fit = 0;
    for (let i = 0; i < column.length; i += step) {
      const value = column[i];
      const units = Math.round(value * scale);
      if (units < MAX_UNITS && units / scale === value) fit++;
    }
    if (fit > mostFit) {
      mostFit = fit;
      best = decimals;
    }
  }
  return best;
}

export interface VolumeSums {
  volume: ExactSums;
  quoteVolume: ExactSums;
  buyVolume: ExactSums;
  /** Flags per bucket: 1 where a tick has a size, 2 where a tick has a size and a side. */
  known: Uint8Array;
  readonly sizeDecimals: number;
  readonly priceDecimals: number;
}

/** Creates the sums of size and of size · price for `capacity` candles, exact in decimals. */
export function volumeSums(ticks: SequencedTicks, capacity: number): VolumeSums {
  const sizeDecimals = usualDecimals(ticks.size.subarray(0, ticks.length));
  const priceDecimals = usualDecimals(ticks.price.subarray(0, ticks.length));
  return {
    volume: exactSums(capacity, sizeDecimals),
    quoteVolume: exactSums(capacity, sizeDecimals + priceDecimals),
    buyVolume: exactSums(capacity, sizeDecimals),
    known: new Uint8Array(capacity),
    sizeDecimals,
    priceDecimals,
  };
}

/** Adds the volumes of the ticks [from, to) to bucket k as integers, which doubles add exactly; sums over 2^52 carry into a second limb. */
export function addVolumes(sums: VolumeSums, k: number, ticks: SequencedTicks, from: number, to: number): void {
  const { size: sizes, price: prices, buy: buys } = ticks;
  const sizeScale = POWERS_OF_TEN[sums.sizeDecimals];
  const priceScale = POWERS_OF_TEN[sums.priceDecimals];
  let known = sums.known[k];
  let volume = sums.volume.low[k];
  let buyVolume = sums.buyVolume.low[k];
  let quote = sums.quoteVolume.low[k];
  for (let i = from; i < to; i++) {
    const size = sizes[i];
    if (Number.isNaN(size)) continue;
    const price = prices[i];
    const buy = buys[i];
    known |= buy === 255 ? 1 : 3;
    const sizeUnits = Math.round(size * sizeScale);
    const priceUnits = Math.round(price * priceScale);
    const product = sizeUnits * priceUnits;
    const ordinary = sizeUnits / sizeScale === size && priceUnits / priceScale === price && sizeUnits >= 0 && priceUnits >= 0;
    if (!ordinary || sizeUnits >= MAX_UNITS || priceUnits >= MAX_UNITS) {
      addRare(sums, k, toDecimal(size), toDecimal(price), buy === 1);
      continue;
    }
    volume += sizeUnits;
    if (volume >= LIMB) {
      volume -= LIMB;
      carry(sums.volume, k);
    }
    if (buy === 1) {
      buyVolume += sizeUnits;
      if (buyVolume >= LIMB) {
        buyVolume -= LIMB;
        carry(sums.buyVolume, k);
      }
    }
    if (product < LIMB) quote += product;
    else if (product < MAX_EXACT) {
      quote += product - LIMB;
      carry(sums.quoteVolume, k);
    } else quote = addLongProduct(sums.quoteVolume, k, quote, sizeUnits, priceUnits);
    if (quote >= LIMB) {
      quote -= LIMB;
      carry(sums.quoteVolume, k);
    }
  }
  sums.known[k] = known;
  sums.volume.low[k] = volume;
  sums.buyVolume.low[k] = buyVolume;
  sums.quoteVolume.low[k] = quote;
}

const carry = (sums: ExactSums, k: number): void => {
  sums.high[k] = sums.high[k] + 1;
};

/** Adds a product a · b above 2^53 as four exact partial products. Returns the new low limb, which is below 2·2^52. */
function addLongProduct(sums: ExactSums, k: number, low: number, a: number, b: number): number {
  const a1 = Math.floor(a / HALF_LIMB);
  const a0 = a - a1 * HALF_LIMB;
  const b1 = Math.floor(b / HALF_LIMB);
  const b0 = b - b1 * HALF_LIMB;
  const middle = a1 * b0 + a0 * b1;
  const middleHigh = Math.floor(middle / HALF_LIMB);
  let sum = low + (middle - middleHigh * HALF_LIMB) * HALF_LIMB;
  let high = sums.high[k] + a1 * b1 + middleHigh;
  if (sum >= LIMB) {
    sum -= LIMB;
    high += 1;
  }
  sums.high[k] = high;
  if (high >= LIMB) {
    sums.low[k] = 0;
    spill(sums, k);
  }
  return sum + a0 * b0;
}

/** Adds a trade whose size or price has more decimals or digits than usual, with exact big integers. */
function addRare(sums: VolumeSums, k: number, size: Decimal, price: Decimal, isBuy: boolean): void {
  addToRest(sums.volume, k, size);
  addToRest(sums.quoteVolume, k, multiply(size, price));
  if (isBuy) addToRest(sums.buyVolume, k, size);
}

/** The exact and the rounded sums of the buckets with the indices `order`, in that order; the rounded sum is NaN without a volume. */
export function finishVolumes(sums: VolumeSums, order: ArrayLike<number>) {
  const exact = {
    volume: pickSums(sums.volume, order),
    quoteVolume: pickSums(sums.quoteVolume, order),
    buyVolume: pickSums(sums.buyVolume, order),
  };
  const rounded = (of: ExactSums, bit: number): Float64Array =>
    Float64Array.from({ length: order.length }, (_, k) => (sums.known[order[k]] & bit ? roundedTotal(of, k) : Number.NaN));
  return {
    exact,
    volume: rounded(exact.volume, 1),
    quoteVolume: rounded(exact.quoteVolume, 1),
    buyVolume: rounded(exact.buyVolume, 2),
  };
}
