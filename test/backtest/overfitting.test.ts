import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { judgeOverfitting, probabilityOfOverfitting } from '../../src/backtest/metrics/overfitting.ts';
import { worlds } from '../support/worlds.ts';

/** The definition, spelt out: every choice of 5 of 10 blocks, every trial that is best inside, its mid-rank outside. */
function spelledOut(trials: readonly number[][]): number {
  const blockOf = (i: number): number => Math.floor((i * 10) / trials[0].length);
  const sharpe = (values: number[]): number => {
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    const variance = values.reduce((sum, value) => sum + value * value, 0) / values.length - mean * mean;
    return variance > 1e-18 ? mean / Math.sqrt(variance) : 0;
  };
  const choose = (left: number, from: number): number[][] =>
    left === 0 ? [[]] : from > 9 ? [] : [...choose(left - 1, from + 1).map((rest) => [from, ...rest]), ...choose(left, from + 1)];
  const failures = choose(5, 0).map((half) => {
    const score = (inside: boolean) => trials.map((returns) => sharpe(returns.filter((_, i) => half.includes(blockOf(i)) === inside)));
    const [inside, outside] = [score(true), score(false)];
    const best = Math.max(...inside);
    const picks = outside.filter((_, trial) => inside[trial] === best);
    const failed = picks.map((value) => {
      const above = outside.filter((other) => other > value).length;
      const below = outside.filter((other) => other < value).length;
      return above > below ? 1 : above === below ? 0.5 : 0;
    });
    return failed.reduce<number>((sum, value) => sum + value, 0) / picks.length;
  });
  return failures.reduce((sum, value) => sum + value, 0) / failures.length;
}

/** Whole numbers, so that ties are frequent and sums exact. */
const trials = fc
  .integer({ min: 2, max: 6 })
  .chain((count) =>
    fc.array(fc.array(fc.constantFrom(-1, 0, 0, 0, 1, 2), { minLength: 20, maxLength: 20 }), { minLength: count, maxLength: count }),
  )
  .filter((all) => all.some((one) => one.some((value, i) => value !== all[0][i])));

const returnsOf = (length: number) => fc.array(fc.integer({ min: -3, max: 3 }), { minLength: length, maxLength: length });

describe('the probability of overfitting', () => {
  it('equals its definition, ties included', () => {
    fc.assert(
      fc.property(trials, (all) => {
        expect(probabilityOfOverfitting(all.map((one) => Float64Array.from(one)))).toBeCloseTo(spelledOut(all), 12);
      }),
      { numRuns: worlds(60) },
    );
  });

  it('does not depend on the order of the trials', () => {
    fc.assert(
      fc.property(trials, (all) => {
        const columns = all.map((one) => Float64Array.from(one));
        expect(probabilityOfOverfitting(columns.toReversed())).toBeCloseTo(probabilityOfOverfitting(columns) as number, 12);
      }),
      { numRuns: worlds(60) },
    );
  });

  it('is weak when either half has fewer than 30 days, and is never both weak and missing', () => {
    const series = fc.integer({ min: 1, max: 130 }).chain((length) => fc.tuple(...[0, 1].map(() => returnsOf(length))));
    fc.assert(
      fc.property(series, (all) => {
        const judged = judgeOverfitting(all.map((one) => Float64Array.from(one)));
        const days = all[0].length;
        expect(judged.overfitting === null).toBe(judged.overfittingUndefined !== undefined);
        expect(judged.overfittingWeak).toBe(
          judged.overfitting !== null && days < 60 ? `${days} daily returns, fewer than 30 in each half` : undefined,
        );
      }),
    );
  });

  it('is undefined, with a reason, when all trials are equal', () => {
    const same = Float64Array.from({ length: 40 }, (_, i) => Math.sin(i));
    expect(probabilityOfOverfitting([same, same.slice(), same.slice()])).toEqual({
      because: 'all trials returned the same, so there is nothing to choose between',
    });
  });

  it('is one half when the other trials are on both sides of the pick', () => {
    const still = new Float64Array(20);
    const up = Float64Array.from({ length: 20 }, (_, i) => (i % 2 === 0 ? 1 : -1));
    // of two that are equal on every half, one is picked by lot
    expect(probabilityOfOverfitting([still, up])).toBe(0.5);
  });
});
