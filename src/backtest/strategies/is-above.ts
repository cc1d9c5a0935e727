/** What binary fractions may add to a decimal, as a share of it. */
const ROUNDING = 1e-12;

/**
 * Whether a value is above a level by more than rounding. Prices lie on a grid, so that averages of them are often equal, and a price
 * often stands right at a threshold: the last digit of a binary fraction must not decide.
 */
export const isAbove = (value: number, level: number): boolean => value - level > ROUNDING * Math.max(Math.abs(value), Math.abs(level));
