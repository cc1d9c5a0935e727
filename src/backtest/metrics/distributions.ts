/** Standard normal distribution function, relative error below 1e-13 in both tails (series: Marsaglia 2004; fraction: Laplace). */
export function normalCdf(x: number): number {
  if (Number.isNaN(x)) return Number.NaN;
  const distance = Math.abs(x);
  if (distance > 40) return x > 0 ? 1 : 0;
  const density = Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI);
  if (distance < 3) {
    let term = x;
    let sum = x;
    for (let i = 3; Math.abs(term) > Math.abs(sum) * 1e-17; i += 2) {
      term *= (x * x) / i;
      sum += term;
    }
    return 0.5 + sum * density;
  }
  let fraction = distance;
  for (let i = 200; i > 0; i--) fraction = distance + i / fraction;
  const tail = density / fraction;
  return x > 0 ? 1 - tail : tail;
}

/** Inverse of {@link normalCdf} for p in (0, 1): Acklam's rational approximation, made exact by two Halley steps. */
export function normalQuantile(p: number): number {
  if (!(p > 0 && p < 1)) return p === 0 ? Number.NEGATIVE_INFINITY : p === 1 ? Number.POSITIVE_INFINITY : Number.NaN;
  // computed by symmetry from the lower tail, where `p` has more exact digits
  if (p > 0.5) return -normalQuantile(1 - p);
  let x = firstGuess(p);
  for (let step = 0; step < 2; step++) {
    const error = (normalCdf(x) - p) * Math.sqrt(2 * Math.PI) * Math.exp((x * x) / 2);
    x -= error / (1 + (x * error) / 2);
  }
  return x;
}

const CENTRE = [-39.69683028665376, 220.9460984245205, -275.9285104469687, 138.357751867269, -30.66479806614716, 2.506628277459239];
const CENTRE_UNDER = [-54.47609879822406, 161.5858368580409, -155.6989798598866, 66.80131188771972, -13.28068155288572, 1];
const TAIL = [-0.007784894002430293, -0.3223964580411365, -2.400758277161838, -2.549732539343734, 4.374664141464968, 2.938163982698783];
const TAIL_UNDER = [0.007784695709041462, 0.3224671290700398, 2.445134137142996, 3.754408661907416, 1];

const polynomial = (coefficients: readonly number[], x: number): number =>
  coefficients.reduce((sum, coefficient) => sum * x + coefficient, 0);

function firstGuess(p: number): number {
  if (p < 0.02425) {
    const q = Math.sqrt(-2 * Math.log(p));
    return polynomial(TAIL, q) / polynomial(TAIL_UNDER, q);
  }
  const q = p - 0.5;
  return (q * polynomial(CENTRE, q * q)) / polynomial(CENTRE_UNDER, q * q);
}

/** Quantiles of the normal distribution for two-sided intervals of 95% and 90%. */
const NORMAL = { 0.975: 1.959963984540054, 0.95: 1.6448536269514722 } as const;
/** Exact quantiles of Student's t for one and two degrees of freedom, where the expansion is inaccurate. */
const EXACT = { 0.975: [12.706204736432095, 4.302652729911275], 0.95: [6.313751514675043, 2.919985580355516] } as const;

/** Quantile of Student's t (Cornish–Fisher, Abramowitz and Stegun 26.7.5); accurate to 1% for three or more degrees of freedom. */
export function studentQuantile(freedom: number, probability: keyof typeof NORMAL = 0.975): number {
  if (freedom < 3) return EXACT[probability][Math.max(0, Math.floor(freedom) - 1)];
  const z = NORMAL[probability];
  const first = (z ** 3 + z) / 4;
  const second = (5 * z ** 5 + 16 * z ** 3 + 3 * z) / 96;
  const third = (3 * z ** 7 + 19 * z ** 5 + 17 * z ** 3 - 15 * z) / 384;
  return z + first / freedom + second / freedom ** 2 + third / freedom ** 3;
}

/** Creates a generator of random numbers in [0, 1) that are the same for the same seed on every machine (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
