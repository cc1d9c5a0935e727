import type { Reading } from '../indicators/reading.ts';
import type { Signal } from '../strategy.ts';
import { isAbove } from './is-above.ts';

/**
 * A cross happens at bar i when fast[i−1] < slow[i−1] and fast[i] > slow[i], by more than rounding; the reverse crosses down. Warm-up reads as
 * NaN, so the first possible cross is one bar after both have a value, and nothing is held before it.
 */
export function crossing(fast: Reading, slow: Reading): Signal {
  const [quick, steady, quickBefore, steadyBefore] = [fast.at(), slow.at(), fast.at(1), slow.at(1)];
  if (isAbove(quick, steady) && isAbove(steadyBefore, quickBefore)) return 'long';
  if (isAbove(steady, quick) && isAbove(quickBefore, steadyBefore)) return 'short';
  return 'hold';
}
