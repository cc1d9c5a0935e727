/** Relative tolerance for the rounding error of decimals in binary floating point. */
const ROUNDING = 1e-12;

/**
 * Whether a value is above a level by more than a rounding error. Prices are on a tick grid, so averages of prices are often equal, and a
 * price is often exactly at a threshold: the last binary digit must not decide.
 */
export const isAbove = (value: number, level: number): boolean => value - level > ROUNDING * Math.max(Math.abs(value), Math.abs(level));
