/**
 * Mutants that nobody can tell from the original by what it does, each with the reason. They are left out of the score.
 * `code` and `becomes` are as `npm run mutate` prints them.
 */
export const EQUIVALENT = [
  {
    file: 'market/candles/exact-sums.ts',
    code: 'high >= LIMB',
    becomes: 'high > LIMB',
    because: 'a high part of exactly LIMB goes to the rest one addition later: the total is the same',
  },
  {
    file: 'market/candles/volume-sums.ts',
    code: 'column.length / SAMPLE',
    becomes: 'column.length * SAMPLE',
    because: 'the decimals that a smaller sample suggests are slower, no less exact',
  },
  {
    file: 'market/candles/volume-sums.ts',
    code: 'product < LIMB',
    becomes: 'product <= LIMB',
    because: 'a product of exactly LIMB is carried by the line after',
  },
  {
    file: 'market/rules/off-grid.ts',
    code: 'Math.abs(steps - Math.round(steps)) > ROUNDING',
    becomes: 'Math.abs(steps - Math.round(steps)) >= ROUNDING',
    because: 'no price is off its grid by exactly the allowance for rounding',
  },
  {
    file: 'input/input-problems.ts',
    code: "typeof retryDelay !== 'string' || typeof maxDelay !== 'string'",
    becomes: "typeof retryDelay !== 'string' && typeof maxDelay !== 'string'",
    because: 'what is no text is no duration either, and no duration is shorter than another',
  },
];
