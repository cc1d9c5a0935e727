import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type MonteCarlo, monteCarlo } from '../../src/backtest/metrics/monte-carlo.ts';

const pnls = fc.array(fc.integer({ min: -90, max: 200 }), { minLength: 2, maxLength: 30 });
const always = { draws: 200, seed: 7 };

function drawnOf(...asked: Parameters<typeof monteCarlo>): MonteCarlo {
  const drawn = monteCarlo(...asked);
  if ('because' in drawn) throw new Error(drawn.because);
  return drawn;
}

describe('a Monte Carlo simulation of the order of positions', () => {
  it('is the same for the same seed, and differs for another seed', () => {
    const some = [10, -5, 30, -20, 7, -40, 12];
    expect(monteCarlo(some, 1000, always)).toEqual(monteCarlo(some, 1000, always));
    expect(monteCarlo(some, 1000, always)).not.toEqual(monteCarlo(some, 1000, { ...always, seed: 8 }));
  });

  it('keeps intervals in order and shares in [0, 1], whatever the profits are', () => {
    fc.assert(
      fc.property(pnls, (profits) => {
        const drawn = drawnOf(profits, 10_000, { draws: 50, seed: 1 });
        for (const { p5, p50, p95 } of [drawn.reordered.maxDrawdown, drawn.resampled.totalReturn, drawn.resampled.maxDrawdown]) {
          expect(p5).toBeLessThanOrEqual(p50);
          expect(p50).toBeLessThanOrEqual(p95);
        }
        for (const share of [drawn.reordered.asDeep, drawn.resampled.losing]) {
          expect(share).toBeGreaterThanOrEqual(0);
          expect(share).toBeLessThanOrEqual(1);
        }
      }),
    );
  });

  it('finds both orders of two positions', () => {
    // −10% and +50%: the loss first falls by 10% from the start, the gain first by 10% from its height
    const drawn = drawnOf([-100, 450], 1000, { draws: 4000, seed: 3 });
    expect(drawn.reordered.maxDrawdown.p5).toBeCloseTo(-0.1, 9);
    expect(drawn.reordered.maxDrawdown.p95).toBeCloseTo(-0.1, 9);
    expect(drawn.reordered.asDeep).toBe(1);
    // both losses: a quarter of the draws
    expect(drawn.resampled.losing).toBeCloseTo(0.25, 1);
    expect(drawn.resampled.totalReturn.p5).toBeCloseTo(0.81 - 1, 9);
    expect(drawn.resampled.totalReturn.p95).toBeCloseTo(2.25 - 1, 9);
  });

  it('gives a reason instead of numbers for a single position, and after a total loss', () => {
    expect(monteCarlo([], 100, always)).toEqual({ because: 'no position was closed; an order needs at least two' });
    expect(monteCarlo([5], 100, always)).toEqual({ because: 'only one position was closed; an order needs at least two' });
    expect(monteCarlo([-100, 5], 100, always)).toEqual({ because: expect.stringContaining('a position left nothing of the equity') });
  });
});
