import type { SourceType } from '../contracts/words.ts';

/**
 * Payout of an up/down market's first outcome (Up) for a start and an end price. The venues differ on a tie: Polymarket pays Up
 * (end ≥ start), Predict.fun pays each outcome one half (a push).
 */
export function upDownPayout(source: SourceType, start: number, end: number): number {
  if (end === start) return source === 'predict' ? 0.5 : 1;
  return end > start ? 1 : 0;
}
