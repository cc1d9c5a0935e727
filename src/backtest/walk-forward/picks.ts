import { ratioOf, type Stretch, type StretchMetrics } from './stretch.ts';

/**
 * What a window's trials are ranked by: the Sharpe ratio of the training part. A single day that is not 0 has one of √(A/n) whatever it
 * brought, which says nothing: a gain of that kind counts as 0, so that it beats losers and nobody else. A trial without a ratio
 * comes after all that have one.
 */
export const rankOf = ({ moments }: Pick<Stretch, 'moments'>): number => {
  const ratio = ratioOf(moments);
  if (Number.isNaN(ratio)) return Number.NEGATIVE_INFINITY;
  return moments.nonZero === 1 ? Math.min(0, ratio) : ratio;
};

/** Says how many windows picked by Sharpe ratios that rest on too little, and what to do; undefined where none did. */
export function weakPicks(windows: readonly { readonly inSample: Pick<StretchMetrics, 'sharpe' | 'weak'> }[]): string | undefined {
  const reasons = windows.flatMap(({ inSample }) =>
    inSample.sharpe === null ? ['no trial has one, so the first was taken'] : (inSample.weak.sharpe ?? []),
  );
  if (reasons.length === 0) return undefined;
  const why = [...new Set(reasons)].slice(0, 2).join('; ');
  return `${reasons.length} of ${windows.length} windows picked by Sharpe ratios that rest on too little (${why}); train on 30 days or more`;
}
