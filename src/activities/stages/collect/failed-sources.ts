import { type ErrorType, PredictLabError } from '../../../contracts/errors.ts';
import type { SourceType } from '../../../contracts/words.ts';

/** The result of one source of a symbol in one attempt. */
export interface SourceEnd {
  /** The failure of the source, if it failed. */
  readonly error: PredictLabError | undefined;
  /** Whether the source delivered something complete: an empty list of instruments, or all rows of at least one instrument. */
  readonly worked: boolean;
}

/** The errors of sources that failed for good while other sources of the symbol worked. */
export type FailedSources = ReadonlyMap<SourceType, PredictLabError>;

/**
 * Decides what the failures of a symbol's sources mean. A failure that a retry may fix ends the attempt; the staged rows of the other
 * sources wait for the next one. After a failure for good the symbol succeeds with the sources that worked.
 *
 * @param mayRetry whether this task would be retried after such an error
 * @throws PredictLabError the failure that ends the attempt: a failure that is retried, or, when no source worked, the failures of all
 *   sources in one error with the type of the first
 */
export function failedForGood(ends: ReadonlyMap<SourceType, SourceEnd>, mayRetry: (error: PredictLabError) => boolean): FailedSources {
  const errors = [...ends.values()].flatMap(({ error }) => error ?? []);
  const retryable = errors.filter(mayRetry);
  if (retryable[0] !== undefined) throw longestWait(retryable[0], retryable);
  if (errors[0] !== undefined && ![...ends.values()].some(({ worked }) => worked)) {
    throw allFailed(ends) ?? errors[0];
  }
  // a refusal because of the selectors is a problem of the selectors, not a failure of the venue
  return new Map(
    [...ends].flatMap(([type, { error }]) => (error === undefined || error.type === 'BadInput' ? [] : [[type, error] as const])),
  );
}

/** One error with the failures of all sources, without refused selectors, which say less than a failure of the venue. */
function allFailed(ends: ReadonlyMap<SourceType, SourceEnd>): PredictLabError | undefined {
  const failed = [...ends].flatMap(([source, { error }]) => (error === undefined || error.type === 'BadInput' ? [] : [{ source, error }]));
  const [first] = failed;
  if (first === undefined || failed.length === 1) return first?.error;
  // the same start as in `failedSourceReasons`, so that both read alike
  const each = failed.map(({ source, error }) => `${source} failed (${error.type}): ${error.message}`);
  return new PredictLabError(first.error.type, each.join('; '), { cause: first.error });
}

/** The first error, with the longest wait that any of the errors requires. */
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
 * The reasons why a symbol's result is degraded, one per failed source. The text is the same for every symbol that the outage
 * affects, so that a run names the venue once; the venue's exact answer is in `failedSources` of the task's output.
 */
export const failedSourceReasons = (failed: FailedSources): readonly string[] =>
  [...failed].map(([source, { type }]) => {
    const what = WHAT_IT_DOES[type] ?? 'it cannot serve the requests';
    return `${source} failed (${type}): ${what}; the rows of other sources are stored, and the next run requests what is missing of ${source}`;
  });
