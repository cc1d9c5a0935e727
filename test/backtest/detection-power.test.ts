import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { runBacktest } from '../../src/backtest/run-backtest.ts';
import { defineStrategy } from '../../src/backtest/strategy.ts';
import { TIER } from '../support/worlds.ts';
import { walk } from './series.ts';

/** Decides by the last move, but on one bar in `every` by the next one, which its program holds beside the backtest. */
const peeker = (close: Float64Array, every: number) =>
  defineStrategy({
    name: 'peeker',
    summary: 'for tests',
    params: z.strictObject({}),
    create: (_params, bars) => () => {
      const peeks = bars.index % every === every - 1;
      const [from, to] = peeks ? [bars.close(), close[bars.index + 1] ?? 0] : [bars.close(1), bars.close()];
      return to > from ? 'long' : 'flat';
    },
  });

const caughtOf = (seeds: number, every: number): { caught: number; detected: number } => {
  let caught = 0;
  let detected = 1;
  for (let seed = 1; seed <= seeds; seed++) {
    const candles = walk(168, seed, { probability: true });
    const { lookAhead } = runBacktest({ candles, strategy: peeker(candles.close, every), options: { seed } });
    if ((lookAhead?.changed ?? 0) > 0) caught++;
    detected = Math.min(detected, lookAhead?.power.detected ?? 0);
  }
  // docs/measured.md can be checked by one command
  if (TIER !== 'quick') process.stdout.write(`a peek on 1 bar in ${every}: ${caught} of ${seeds} seeds found\n`);
  return { caught, detected };
};

describe('the power of the look-ahead proof', () => {
  it.each([1, 2, 5, 10, 20])('is as high as stated: a peek on 1 bar in %i is found with at least 59 of 60 seeds', (every) => {
    const { caught, detected } = caughtOf(60, every);
    expect(caught).toBeGreaterThanOrEqual(59);
    expect(detected).toBeGreaterThan(0.99);
  });

  it('is enough to find most peeks on 1 bar in 50', () => {
    expect(caughtOf(60, 50).caught).toBeGreaterThanOrEqual(50);
  });
});
