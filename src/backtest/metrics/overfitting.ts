import { type Measured, undefinedBecause } from './measured.ts';

/** Blocks the series is cut into; 10 give 252 ways to split them in halves. */
const BLOCKS = 10;

/**
 * Probability of backtest overfitting by combinatorially symmetric cross-validation (Bailey, Borwein, López de Prado & Zhu
 * 2017): the series is cut into blocks, every half of them is once the sample in which the best trial is picked (by Sharpe
 * ratio) and once the other half; PBO is the share of splits in which the pick ranks at or below the median outside.
 *
 * @param trials period returns of each trial, all over the same periods
 */
export function probabilityOfOverfitting(trials: readonly Float64Array[]): Measured {
  if (trials.length < 2) return undefinedBecause('needs at least two trials');
  const periods = trials[0].length;
  if (periods < 2 * BLOCKS) return undefinedBecause(`needs at least ${2 * BLOCKS} daily returns, there are ${periods}`);
  const sums = trials.map((returns) => blockSums(returns));
  const splits = halvesOf(BLOCKS);
  let failures = 0;
  for (const inside of splits) {
    const scores = sums.map((trial) => ({ inside: ratioOver(trial, inside, true), outside: ratioOver(trial, inside, false) }));
    const pick = scores.reduce((best, score) => (score.inside > best.inside ? score : best));
    // ties share their rank, so that trials that never trade do not decide
    let worse = 0;
    let equal = 0;
    for (const score of scores) {
      if (score.outside < pick.outside) worse++;
      else if (score.outside === pick.outside) equal++;
    }
    const rank = (worse + (equal + 1) / 2) / (scores.length + 1);
    if (rank <= 0.5) failures++;
  }
  return failures / splits.length;
}

interface BlockSums {
  readonly count: Float64Array;
  readonly sum: Float64Array;
  readonly squares: Float64Array;
}

function blockSums(returns: Float64Array): BlockSums {
  const sums = { count: new Float64Array(BLOCKS), sum: new Float64Array(BLOCKS), squares: new Float64Array(BLOCKS) };
  for (let i = 0; i < returns.length; i++) {
    const block = Math.floor((i * BLOCKS) / returns.length);
    sums.count[block]++;
    sums.sum[block] += returns[i];
    sums.squares[block] += returns[i] * returns[i];
  }
  return sums;
}

/** Sharpe ratio per period over the blocks in the half (`wanted`) or outside of it; 0 for returns that do not vary. */
function ratioOver(blocks: BlockSums, half: readonly boolean[], wanted: boolean): number {
  let count = 0;
  let sum = 0;
  let squares = 0;
  for (let block = 0; block < BLOCKS; block++) {
    if (half[block] !== wanted) continue;
    count += blocks.count[block];
    sum += blocks.sum[block];
    squares += blocks.squares[block];
  }
  const mean = sum / count;
  const variance = squares / count - mean * mean;
  return variance > 1e-18 ? mean / Math.sqrt(variance) : 0;
}

/** Every choice of half of the blocks. */
function halvesOf(blocks: number): boolean[][] {
  const halves: boolean[][] = [];
  for (let bits = 0; bits < 2 ** blocks; bits++) {
    const half = Array.from({ length: blocks }, (_, block) => ((bits >> block) & 1) === 1);
    if (half.filter(Boolean).length === blocks / 2) halves.push(half);
  }
  return halves;
}
