import { type Measured, undefinedBecause } from './measured.ts';
import { weakHalves } from './sample.ts';

/** Number of blocks that the series is cut into; 10 blocks give 252 ways to split them into halves. */
const BLOCKS = 10;

export interface Overfitting {
  /** Probability of overfitting, in [0, 1]; null if it is undefined. */
  readonly overfitting: number | null;
  readonly overfittingUndefined?: string;
  readonly overfittingWeak?: string;
}

/** The {@link probabilityOfOverfitting} with the reason if it is undefined or weak. */
export function judgeOverfitting(trials: readonly Float64Array[]): Overfitting {
  const overfitting = probabilityOfOverfitting(trials);
  if (typeof overfitting !== 'number') return { overfitting: null, overfittingUndefined: overfitting.because };
  const overfittingWeak = weakHalves(trials[0].length);
  return overfittingWeak === undefined ? { overfitting } : { overfitting, overfittingWeak };
}

/**
 * Probability of backtest overfitting by combinatorially symmetric cross-validation (Bailey, Borwein, López de Prado & Zhu 2017): each half
 * of the series' blocks in turn is the sample in which the best trial is picked by Sharpe ratio; PBO is the share of splits in which the
 * pick ranks below the median in the other half. The paper (share of rank logits below 0) does not define ties: here a pick at the median
 * counts half, and trials that are equally best are picked in equal parts.
 * @param trials period returns of each trial, all over the same periods
 */
export function probabilityOfOverfitting(trials: readonly Float64Array[]): Measured {
  if (trials.length < 2) return undefinedBecause('needs at least two trials');
  const periods = trials[0].length;
  if (periods < 2 * BLOCKS) return undefinedBecause(`needs at least ${2 * BLOCKS} daily returns, there are ${periods}`);
  if (trials.some((returns) => returns.some(Number.isNaN)))
    return undefinedBecause('a trial was worth nothing, and something again: no return says that');
  if (trials.every((returns) => returns.every((value, i) => value === trials[0][i])))
    return undefinedBecause('all trials returned the same, so there is nothing to choose between');
  const sums = trials.map((returns) => blockSums(returns));
  const splits = halvesOf(BLOCKS);
  const [scores, outside] = [new Float64Array(trials.length), new Float64Array(trials.length)];
  let failures = 0;
  for (const half of splits) {
    let best = Number.NEGATIVE_INFINITY;
    for (let trial = 0; trial < trials.length; trial++) {
      scores[trial] = ratioOver(sums[trial], half, true);
      outside[trial] = ratioOver(sums[trial], half, false);
      best = Math.max(best, scores[trial]);
    }
    let picked = 0;
    let failed = 0;
    // trials that never trade have equal scores in every split: their rank is computed once
    let failure = 0;
    let failureScore = Number.NaN;
    for (let pick = 0; pick < trials.length; pick++) {
      if (scores[pick] !== best) continue;
      if (outside[pick] !== failureScore) failure = belowMedian(outside[pick], outside);
      failureScore = outside[pick];
      picked++;
      failed += failure;
    }
    failures += failed / picked;
  }
  return failures / splits.length;
}

/** 1 if a score is below the median of all scores, ½ if it is the median, else 0. */
function belowMedian(score: number, all: Float64Array): number {
  let above = 0;
  let below = 0;
  for (let i = 0; i < all.length; i++) {
    if (all[i] > score) above++;
    else if (all[i] < score) below++;
  }
  return above > below ? 1 : above === below ? 0.5 : 0;
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

/** Sharpe ratio per period over the blocks in the half (`wanted` = true) or outside it; 0 for returns that do not vary. */
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

/** All ways to choose half of the blocks. */
function halvesOf(blocks: number): boolean[][] {
  const halves: boolean[][] = [];
  for (let bits = 0; bits < 2 ** blocks; bits++) {
    const half = Array.from({ length: blocks }, (_, block) => ((bits >> block) & 1) === 1);
    if (half.filter(Boolean).length === blocks / 2) halves.push(half);
  }
  return halves;
}
