import type { TickColumns } from '../contracts/market-data.ts';
import type { MarketKind } from '../contracts/words.ts';
import { RollingMedian } from './rolling-median.ts';

export interface OutlierOptions {
  /** Probabilities are compared by their logit, asset prices by their logarithm. @default "probability" */
  readonly market?: MarketKind;
  /** Steps and sizes before a tick that say what is usual. @default 50 */
  readonly window?: number;
  /** A jump is a step of more than this many usual ones. @default 8 */
  readonly jump?: number;
  /** Within how many ticks the price must be back. @default 5 */
  readonly within?: number;
}

/** Steps known before anything is called unusual. */
const WARM_UP = 10;
/** Median absolute deviation → standard deviation, for normal steps. */
const MAD_TO_DEVIATION = 1.4826;
/** Logits of 0 and 1 are infinite: prices are looked at from this far inside. */
const EDGE = 1e-4;
/** Steps smaller than this (a quarter of a cent at 0.50) are usual in any market. */
const LEAST_DEVIATION = 0.01;
/** A price is back when at most this share of the jump is left. */
const BACK = 0.25;

/**
 * Finds ticks that look like slips: the price jumps (in logit, against the rolling median absolute step), is back within a
 * few ticks, and the trades in between are no larger than usual. All three, since news moves prices for good and real money
 * moves them with size. Outliers are flagged and kept: candles still hold them.
 *
 * @param ticks of one instrument and kind, in canonical order
 * @returns 1 for each tick that is one
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
    // what stands before a run of outliers is what the price comes back to
    const before = levels[i - 1];
    const step = Math.abs(levels[i] - before);
    const usual = Math.max(steps.median * MAD_TO_DEVIATION, LEAST_DEVIATION);
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

/** The first tick after `from` that is back at `before`, or 0 when none of the next few is. */
function returnsAt(levels: Float64Array, from: number, before: number, step: number, within: number): number {
  for (let j = from + 1; j <= Math.min(from + within, levels.length - 1); j++) {
    if (Math.abs(levels[j] - before) <= BACK * step) return j;
  }
  return 0;
}

/** Whether no trade in [from, to) is larger than usual; price points have no size to be large. */
function isSmall({ size }: TickColumns, from: number, to: number, usual: number): boolean {
  for (let i = from; i < to; i++) if (size[i] > usual) return false;
  return true;
}
