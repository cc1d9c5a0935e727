/**
 * Maximum drawdown, the deepest fall from a peak: min(E / cummax(E) − 1), where the start equity is the first peak. A fraction in
 * [−1, 0]; 0 for a curve that never falls.
 */
export function maxDrawdown(start: number, equity: ArrayLike<number>): number {
  let peak = start;
  let deepest = 0;
  for (let i = 0; i < equity.length; i++) {
    const value = equity[i];
    if (value > peak) peak = value;
    else if (value < peak * (1 + deepest)) deepest = value / peak - 1;
  }
  return deepest;
}
