import { ratioOf, type Stretch, type StretchMetrics } from './stretch.ts';

/**
 * Rank of a trial in a window: the Sharpe ratio of the training part. With a single daily return that is not 0, the ratio is √(A/n)
 * for any gain, so such a gain ranks as 0: above losses only. A trial without a ratio ranks last.
 */
export const rankOf = ({ moments }: Pick<Stretch, 'moments'>): number => {
  const ratio = ratioOf(moments);
  if (Number.isNaN(ratio)) return Number.NEGATIVE_INFINITY;
  return moments.nonZero === 1 ? Math.min(0, ratio) : ratio;
};

/** A sentence on how many windows picked by weak Sharpe ratios, and what to do; undefined if none did. */
export function weakPicks(windows: readonly { readonly inSample: Pick<StretchMetrics, 'sharpe' | 'weak'> }[]): string | undefined {
  const reasons = windows.flatMap(({ inSample }) =>
    inSample.sharpe === null ? ['no trial has one, so the first was taken'] : (inSample.weak.sharpe ?? []),
  );
  if (reasons.length === 0) return undefined;
  const why = [...new Set(reasons)].slice(0, 2).join('; ');
  return `${reasons.length} of ${windows.length} windows picked by Sharpe ratios that rest on too little (${why}); train on 30 days or more`;
}
