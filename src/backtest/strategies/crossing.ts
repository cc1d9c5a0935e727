import type { Reading } from '../indicators/reading.ts';
import type { Signal } from '../strategy.ts';

/**
 * A cross happens at bar i when fast[i−1] < slow[i−1] and fast[i] > slow[i]; the reverse crosses down. Warm-up reads as
 * NaN, so the first possible cross is one bar after both have a value, and nothing is held before it.
 */
export function crossing(fast: Reading, slow: Reading): Signal {
  const now = fast.at() - slow.at();
  const before = fast.at(1) - slow.at(1);
  if (before < 0 && now > 0) return 'long';
  if (before > 0 && now < 0) return 'short';
  return 'hold';
}
