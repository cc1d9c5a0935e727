import type { ShadowDuration } from '../../storage/shadow/shadow-verdicts.ts';

/** What is faster than this may be slower at the next try, whoever does it. */
const LEAST_SECONDS = 5;

/**
 * One sentence per stage that takes longer than 5 s and longer than so many times what another build took for the same work.
 *
 * @param slower how many times as long a stage may take
 */
export function tooSlow(durations: readonly ShadowDuration[], slower: number): readonly string[] {
  return durations.flatMap(({ stage, seconds, before }) =>
    before !== null && seconds > LEAST_SECONDS && seconds > slower * before
      ? [`${stage} took ${seconds.toFixed(1)} s, ${(seconds / before).toFixed(1)} times the ${before.toFixed(1)} s of before`]
      : [],
  );
}
