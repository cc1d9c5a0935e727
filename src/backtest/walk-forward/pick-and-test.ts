import type { StrategyFailure } from '../engine/decisions.ts';
import { type DayRange, daysOf, ratioOf, type Stretch, type StretchMetrics } from './stretch.ts';
import type { Span } from './windows.ts';

/** The trial that a window picked, and its results in both parts of the window. */
export interface TestedWindow {
  readonly span: Span;
  readonly trial: number;
  readonly inside: Stretch;
  readonly outside: Stretch;
  /** Daily Sharpe ratio of each trial in the training part, by index of the trial. */
  readonly tried: ReadonlyMap<number, number>;
}

/** Trades a trial on the bars `[from, to)`; returns the failure if the strategy fails. */
export type TradePart = (trial: number, bars: readonly [number, number], days: DayRange) => Stretch | StrategyFailure;

/**
 * Picks in each window the trial that ranks first in the training part ({@link rankOf}; among equal trials, the first) and trades it on the
 * test part. A trial that fails in any part is removed from all windows, which then pick again. Yields after each part.
 * @returns `windows` in the order of the spans, empty if every trial failed; `failures` by index of the trial
 */
export function* pickAndTest(
  spans: readonly Span[],
  trials: number,
  trade: TradePart,
): Generator<void, { readonly windows: readonly TestedWindow[]; readonly failures: ReadonlyMap<number, StrategyFailure> }> {
  const failures = new Map<number, StrategyFailure>();
  const traded = (...part: Parameters<TradePart>): Stretch | undefined => {
    const stretch = trade(...part);
    if ('returns' in stretch) return stretch;
    failures.set(part[0], stretch);
    return undefined;
  };
  const windows = new Map<Span, TestedWindow>();
  const isTested = (span: Span): boolean => {
    const window = windows.get(span);
    return window !== undefined && !failures.has(window.trial);
  };
  for (;;) {
    const span = spans.find((one) => !isTested(one));
    if (span === undefined || failures.size === trials) break;
    const { train, test, trainFrom, trainTo, testFrom, testTo } = span;
    let best: Pick<TestedWindow, 'trial' | 'inside'> | undefined;
    const tried = new Map<number, number>();
    for (let trial = 0; trial < trials; trial++) {
      if (failures.has(trial)) continue;
      const inside = traded(trial, train, daysOf(trainFrom, trainTo));
      yield;
      if (inside !== undefined) tried.set(trial, ratioOf(inside.moments));
      if (inside !== undefined && (best === undefined || rankOf(inside) > rankOf(best.inside))) best = { trial, inside };
    }
    if (best === undefined) continue;
    const outside = traded(best.trial, test, daysOf(testFrom, testTo));
    yield;
    if (outside !== undefined) windows.set(span, { span, ...best, outside, tried });
  }
  return { windows: spans.flatMap((span) => (isTested(span) ? (windows.get(span) as TestedWindow) : [])), failures };
}

/**
 * Rank of a trial in a window: the Sharpe ratio of the training part. With a single daily return that is not 0, the ratio is √(A/n) for any
 * gain, so such a gain ranks as 0, above losses only. A trial without a ratio ranks last.
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
