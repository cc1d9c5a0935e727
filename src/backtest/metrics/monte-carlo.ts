import { maxDrawdown } from './curve-metrics.ts';
import { seededRandom, studentQuantile } from './distributions.ts';
import { type Undefined, undefinedBecause } from './measured.ts';
import { weakPositions } from './sample.ts';

export interface DrawnRange {
  readonly p5: number;
  readonly p50: number;
  readonly p95: number;
}

export interface MonteCarlo {
  readonly draws: number;
  readonly positions: number;
  /** The reason why the simulation's figures rest on too little data; absent if they do not. */
  readonly weak?: string;
  /** The same positions in random order: they end at the same equity, so only the path differs. */
  readonly reordered: {
    readonly maxDrawdown: DrawnRange;
    /** Share of the random orders whose maximum drawdown is at least as deep as the actual one. */
    readonly asDeep: number;
  };
  /** Results of as many positions, drawn with replacement. Student's t widens the range of returns, so that 90 of 100 hold the expected return. */
  readonly resampled: {
    readonly totalReturn: DrawnRange;
    readonly maxDrawdown: DrawnRange;
    /** Share of draws whose final equity is below the start equity. */
    readonly losing: number;
  };
}

/**
 * Monte Carlo simulation of closed positions: estimates how much of a drawdown or return is due to the order and the sample of positions.
 * Each position counts by its profit as a share of the equity before it. It cannot show that a strategy works: all draws are from the
 * positions that it took, falls within a position are not seen, and positions in runs (a trend) are assumed to be independent.
 *
 * @param pnls net profits, oldest first
 * @param cash equity before the first position
 * @param how.events number of independent draws among the positions. @default the number of positions
 * @returns an undefined metric for fewer than two positions, and if a position lost the whole equity
 */
export function monteCarlo(
  pnls: readonly number[],
  cash: number,
  { draws, seed, events = pnls.length }: { readonly draws: number; readonly seed: number; readonly events?: number },
): MonteCarlo | Undefined {
  if (pnls.length < 2)
    return undefinedBecause(
      `${pnls.length === 0 ? 'no position was closed' : 'only one position was closed'}; an order needs at least two`,
    );
  const weak = weakPositions(pnls.length, events);
  const factors: number[] = [];
  let equity = cash;
  for (const pnl of pnls) {
    factors.push(1 + pnl / equity);
    equity += pnl;
    if (!(equity > 0))
      return undefinedBecause('a position left nothing of the equity, so that what came after it is no share of what was there');
  }
  const random = seededRandom(seed);
  const pick = (below: number): number => Math.min(below - 1, Math.floor(random() * below));
  const actual = fallOf(factors);
  const orders = new Float64Array(draws);
  const ends = new Float64Array(draws);
  const falls = new Float64Array(draws);
  const order = [...factors];
  const centre = factors.reduce((sum, factor) => sum + Math.log(factor), 0);
  // no widening corrects for too few positions: the draws stay unchanged and are marked weak
  const widening = weak === undefined ? wideningFor(events) : 1;
  for (let draw = 0; draw < draws; draw++) {
    // Fisher–Yates shuffle
    for (let i = order.length - 1; i > 0; i--) {
      const other = pick(i + 1);
      [order[i], order[other]] = [order[other], order[i]];
    }
    orders[draw] = fallOf(order);
    const drawn = factors.map(() => factors[pick(factors.length)]);
    const growth = drawn.reduce((sum, factor) => sum + Math.log(factor), 0);
    ends[draw] = Math.expm1(centre + (growth - centre) * widening);
    falls[draw] = fallOf(drawn);
  }
  const share = (values: Float64Array, fits: (value: number) => boolean): number => values.filter(fits).length / draws;
  return {
    draws,
    positions: pnls.length,
    ...(weak !== undefined && { weak }),
    // the tolerance allows for rounding: an order may be as deep as the actual one
    reordered: { maxDrawdown: intervalOf(orders), asDeep: share(orders, (fall) => fall <= actual + 1e-12) },
    resampled: { totalReturn: intervalOf(ends), maxDrawdown: intervalOf(falls), losing: share(ends, (end) => end < 0) },
  };
}

/** Factor by which the range that holds the expected return is wider than the range of the draws. */
const wideningFor = (events: number): number => (studentQuantile(events - 1, 0.95) / 1.6448536269514722) * Math.sqrt(events / (events - 1));

function fallOf(factors: readonly number[]): number {
  let equity = 1;
  return maxDrawdown(
    1,
    factors.map((factor) => (equity *= factor)),
  );
}

function intervalOf(values: Float64Array): DrawnRange {
  const sorted = values.slice().sort();
  const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
  return { p5: at(0.05), p50: at(0.5), p95: at(0.95) };
}
