import { type ErrorType, PredictLabError } from '../../../contracts/errors.ts';
import type { SourceType } from '../../../contracts/words.ts';

/** How one source of a symbol did in one attempt. */
export interface SourceEnd {
  /** What it failed with, if it did. */
  readonly error: PredictLabError | undefined;
  /** Whether it gave something whole all the same: its list of instruments was empty, or one of them was collected. */
  readonly worked: boolean;
}

/** Sources that failed for good while others of the symbol worked: what each said. */
export type FailedSources = ReadonlyMap<SourceType, PredictLabError>;

/**
 * Decides what the failures of a symbol's sources mean. One that a retry may fix ends the attempt, so that what is staged
 * of the others waits for it; what has failed for good leaves the symbol to those that worked.
 *
 * @param mayRetry whether this task would be tried again after such an error
 * @throws PredictLabError the failure that ends the attempt: one that is tried again, or, when no source worked, what each of them
 *   failed with, of the type of the first
 */
export function failedForGood(ends: ReadonlyMap<SourceType, SourceEnd>, mayRetry: (error: PredictLabError) => boolean): FailedSources {
  const errors = [...ends.values()].flatMap(({ error }) => error ?? []);
  const passing = errors.filter(mayRetry);
  if (passing[0] !== undefined) throw longestWait(passing[0], passing);
  if (errors[0] !== undefined && ![...ends.values()].some(({ worked }) => worked)) {
    throw allFailed(ends) ?? errors[0];
  }
  // what a venue refuses because of the selectors is a problem of those, not its failure
  return new Map(
    [...ends].flatMap(([type, { error }]) => (error === undefined || error.type === 'BadInput' ? [] : [[type, error] as const])),
  );
}

/** Each source's failure counts; one that could have been fixed says more than a selector that matches nothing. */
function allFailed(ends: ReadonlyMap<SourceType, SourceEnd>): PredictLabError | undefined {
  const failed = [...ends].flatMap(([source, { error }]) => (error === undefined || error.type === 'BadInput' ? [] : [{ source, error }]));
  const [first] = failed;
  if (first === undefined || failed.length === 1) return first?.error;
  // as `failedSourceReasons` begins, so that the two read alike
  const each = failed.map(({ source, error }) => `${source} failed (${error.type}): ${error.message}`);
  return new PredictLabError(first.error.type, each.join('; '), { cause: first.error });
}

/** The first error, with the longest wait that any of them asks for. */
function longestWait(first: PredictLabError, errors: readonly PredictLabError[]): PredictLabError {
  const waits = errors.flatMap(({ retryAfterMs }) => retryAfterMs ?? []);
  const wait = Math.max(...waits);
  if (waits.length === 0 || first.retryAfterMs === wait) return first;
  return new PredictLabError(first.type, first.message, { cause: first, retryAfterMs: wait });
}

const WHAT_IT_DOES: Readonly<Partial<Record<ErrorType, string>>> = {
  SourceUnavailable: 'it does not answer properly',
  RateLimited: 'its limit of requests is reached for longer than the retries last',
  SourceUnauthorized: 'it refuses the key or this address',
  SourceBlocked: 'its edge blocks this address or region',
  SourceSchemaChanged: 'its answers have changed',
  TaskTimeout: 'it takes longer than an attempt may',
};

/**
 * Why a symbol's success is only a degraded one, per failed source. The words are the same for every symbol that the outage
 * touches, so that a run names the venue once; what it answered exactly is in `failedSources` of the task's output.
 */
export const failedSourceReasons = (failed: FailedSources): readonly string[] =>
  [...failed].map(([source, { type }]) => {
    const what = WHAT_IT_DOES[type] ?? 'what was asked of it cannot be had';
    return `${source} failed (${type}): ${what}; what else was collected is stored, what is missing of ${source} is asked for by the next run`;
  });
