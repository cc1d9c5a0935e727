import type { Reading } from '../indicators/reading.ts';
import type { Signal } from '../strategy.ts';
import { isAbove } from './is-above.ts';

/**
 * A cross happens at bar i when fast[i−1] < slow[i−1] and fast[i] > slow[i], by more than rounding; the reverse crosses down. Warm-up reads as
 * NaN, so the first possible cross is one bar after both have a value, and nothing is held before it.
 */
export function crossing(fast: Reading, slow: Reading): Signal {
  const now = fast.at() - slow.at();
  const before = fast.at(1) - slow.at(1);
  // most bars: on the same side as before, or one of them not yet there
  if (!(now * before < 0)) return 'hold';
  if (now > 0) return isAbove(fast.at(), slow.at()) && isAbove(slow.at(1), fast.at(1)) ? 'long' : 'hold';
  return isAbove(slow.at(), fast.at()) && isAbove(fast.at(1), slow.at(1)) ? 'short' : 'hold';
}
