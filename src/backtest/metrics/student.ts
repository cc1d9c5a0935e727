/** Quantiles of the normal distribution for two-sided intervals of 95% and 90%. */
const NORMAL = { 0.975: 1.959963984540054, 0.95: 1.6448536269514722 } as const;
/** Exact quantiles of Student's t for one and two degrees of freedom, where the expansion is inaccurate. */
const EXACT = { 0.975: [12.706204736432095, 4.302652729911275], 0.95: [6.313751514675043, 2.919985580355516] } as const;

/**
 * Quantile of Student's t by the Cornish–Fisher expansion around the normal quantile; accurate to 1% for three or more degrees of freedom
 * (Abramowitz and Stegun 26.7.5).
 */
export function studentQuantile(freedom: number, probability: keyof typeof NORMAL = 0.975): number {
  if (freedom < 3) return EXACT[probability][Math.max(0, Math.floor(freedom) - 1)];
  const z = NORMAL[probability];
  const first = (z ** 3 + z) / 4;
  const second = (5 * z ** 5 + 16 * z ** 3 + 3 * z) / 96;
  const third = (3 * z ** 7 + 19 * z ** 5 + 17 * z ** 3 - 15 * z) / 384;
  return z + first / freedom + second / freedom ** 2 + third / freedom ** 3;
}
