import { seededRandom } from '../seeded-random.ts';
import { maxDrawdown } from './max-drawdown.ts';
import { type Undefined, undefinedBecause } from './measured.ts';
import { weakPositions } from './sample.ts';
import { studentQuantile } from './student.ts';

/** The middle of what was drawn, and the bounds of its middle 90%. */
export interface DrawnRange {
  readonly p5: number;
  readonly p50: number;
  readonly p95: number;
}

/** What other orders, and other draws, of the same closed positions would have brought. */
export interface MonteCarlo {
  readonly draws: number;
  readonly positions: number;
  /** Why none of this should be relied on; absent where it rests on enough. */
  readonly weak?: string;
  /** The same positions in another order: they end at the same equity, so only the way there differs. */
  readonly reordered: {
    readonly maxDrawdown: DrawnRange;
    /** Share of orders whose deepest fall is at least as deep as the real one. */
    readonly asDeep: number;
  };
  /**
   * As many positions drawn from the same ones, with replacement. Draws spread less than such rules do, the more so the fewer positions
   * there are: returns are spread by Student's t over the normal quantile, so that the range holds the rule's own return in 90 of 100 cases.
   */
  readonly resampled: {
    readonly totalReturn: DrawnRange;
    readonly maxDrawdown: DrawnRange;
    /** Share of draws that end below the start. */
    readonly losing: number;
  };
}

/**
 * Monte Carlo of the order of closed positions. Each counts by its profit as a share of the equity before it.
 *
 * It says how much of a drawdown, or of a return, was the luck of the order and of the draw. It cannot say whether the rule works: all
 * draws are of the positions that it happened to take; falls inside a position are not seen, and positions that come in runs (a trend)
 * are taken to be independent.
 *
 * @param pnls net profits, oldest first
 * @param cash equity before the first one
 * @param how.events independent ones among the positions. @default each is one
 * @returns why there is none: below two positions, and when one of them left nothing
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
  const real = fallOf(factors);
  const orders = new Float64Array(draws);
  const ends = new Float64Array(draws);
  const falls = new Float64Array(draws);
  const order = [...factors];
  const centre = factors.reduce((sum, factor) => sum + Math.log(factor), 0);
  // nothing makes up for too few positions: then the draws are left as they are, and called weak
  const widening = weak === undefined ? wideningFor(events) : 1;
  for (let draw = 0; draw < draws; draw++) {
    // Fisher and Yates
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
    // an order that is the real one differs by rounding
    reordered: { maxDrawdown: intervalOf(orders), asDeep: share(orders, (fall) => fall <= real + 1e-12) },
    resampled: { totalReturn: intervalOf(ends), maxDrawdown: intervalOf(falls), losing: share(ends, (end) => end < 0) },
  };
}

/** How much wider than its draws the range of a mean is. */
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
