import type { Reading } from '../indicators/reading.ts';
import type { Signal } from '../strategy.ts';
import { isAbove } from './is-above.ts';

/**
 * The signal of a cross of two series: `long` at bar i when fast[i−1] < slow[i−1] and fast[i] > slow[i] by more than a rounding error,
 * `short` for the reverse, else `hold`. Values are NaN during warm-up, so the first possible cross is one bar after both series have a value.
 */
export function crossing(fast: Reading, slow: Reading): Signal {
  const now = fast.at() - slow.at();
  const before = fast.at(1) - slow.at(1);
  // most bars: no change of sides, or no value yet
  if (!(now * before < 0)) return 'hold';
  if (now > 0) return isAbove(fast.at(), slow.at()) && isAbove(slow.at(1), fast.at(1)) ? 'long' : 'hold';
  return isAbove(slow.at(), fast.at()) && isAbove(fast.at(1), slow.at(1)) ? 'short' : 'hold';
}
