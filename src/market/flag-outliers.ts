import type { TickColumns } from '../contracts/market-data.ts';
import type { MarketKind } from '../contracts/words.ts';

export interface OutlierOptions {
  /** Probabilities are compared by their logit, asset prices by their logarithm. @default "probability" */
  readonly market?: MarketKind;
  /** Number of earlier steps and sizes that define what is usual. @default 50 */
  readonly window?: number;
  /** Number of usual steps that a step must exceed to count as a jump. @default 8 */
  readonly jump?: number;
  /** Number of ticks within which the price must return. @default 5 */
  readonly within?: number;
}

/** Number of steps that must be known before a step can be unusual. */
const WARM_UP = 10;
/** Factor from the median absolute deviation to the standard deviation of normally distributed steps. */
const MAD_TO_DEVIATION = 1.4826;
/** Distance from 0 and 1 to which prices are clamped, since the logits of 0 and 1 are infinite. */
const EDGE = 1e-4;
/** Smallest usual step in logits (a quarter of a cent at 0.50); smaller steps are usual in any market. */
const MIN_DEVIATION = 0.01;
/** Share of a jump that the price may still be away from its old level and count as returned. */
const BACK = 0.25;

/**
 * Finds ticks that look like slips: the price jumps (in logit, against the rolling median absolute step), returns within a few ticks, and
 * no trade in between is larger than usual. News moves prices permanently and large orders move them with size, so neither is flagged.
 * Candles still contain outliers.
 *
 * @param ticks of one instrument and kind, sorted by time
 * @returns 1 for each tick that is an outlier
 */
export function flagOutliers(
  ticks: TickColumns,
  { market = 'probability', window = 50, jump = 8, within = 5 }: OutlierOptions = {},
): Uint8Array {
  const flags = new Uint8Array(ticks.length);
  const level = market === 'probability' ? logit : Math.log;
  const levels = Float64Array.from({ length: ticks.length }, (_, i) => level(ticks.price[i]));
  const steps = new RollingMedian(window);
  const sizes = new RollingMedian(window);
  for (let i = 1; i < ticks.length; i++) {
    // the level to which the price must return after outliers
    const before = levels[i - 1];
    const step = Math.abs(levels[i] - before);
    const usual = Math.max(steps.median * MAD_TO_DEVIATION, MIN_DEVIATION);
    if (steps.length >= WARM_UP && step > jump * usual) {
      const end = returnsAt(levels, i, before, step, within);
      if (end > 0 && isSmall(ticks, i, end, sizes.median)) {
        flags.fill(1, i, end);
        i = end;
        steps.push(Math.abs(levels[end] - before));
        continue;
      }
    }
    steps.push(step);
    if (!Number.isNaN(ticks.size[i])) sizes.push(ticks.size[i]);
  }
  return flags;
}

const logit = (price: number): number => {
  const inside = Math.min(Math.max(price, EDGE), 1 - EDGE);
  return Math.log(inside / (1 - inside));
};

/** Index of the first tick after `from` whose level is back at `before`, or 0 when none of the next `within` ticks is. */
function returnsAt(levels: Float64Array, from: number, before: number, step: number, within: number): number {
  for (let j = from + 1; j <= Math.min(from + within, levels.length - 1); j++) {
    if (Math.abs(levels[j] - before) <= BACK * step) return j;
  }
  return 0;
}

/** Whether no trade in [from, to) is larger than usual; price points have no size and always pass. */
function isSmall({ size }: TickColumns, from: number, to: number, usual: number): boolean {
  for (let i = from; i < to; i++) if (size[i] > usual) return false;
  return true;
}

/** Median of the last `size` numbers. They are kept sorted: adding one moves up to `size` numbers, which is fast for some dozens. */
export class RollingMedian {
  private readonly arrived: Float64Array;
  private readonly sorted: Float64Array;
  private count = 0;
  private next = 0;

  constructor(private readonly size: number) {
    this.arrived = new Float64Array(size);
    this.sorted = new Float64Array(size);
  }

  get length(): number {
    return this.count;
  }

  /** NaN while there are no numbers. */
  get median(): number {
    if (this.count === 0) return Number.NaN;
    const middle = this.count >> 1;
    return this.count % 2 === 1 ? this.sorted[middle] : (this.sorted[middle - 1] + this.sorted[middle]) / 2;
  }

  /** Adds a finite number and removes the oldest one when the window is full. */
  push(value: number): void {
    if (this.count === this.size) {
      const oldest = this.find(this.arrived[this.next]);
      this.sorted.copyWithin(oldest, oldest + 1, this.count);
      this.count--;
    }
    const at = this.find(value);
    this.sorted.copyWithin(at + 1, at, this.count);
    this.sorted[at] = value;
    this.count++;
    this.arrived[this.next] = value;
    this.next = (this.next + 1) % this.size;
  }

  private find(value: number): number {
    let low = 0;
    let high = this.count;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.sorted[middle] < value) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
