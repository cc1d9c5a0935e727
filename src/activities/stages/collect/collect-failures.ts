import { type ErrorType, PredictLabError } from '../../../contracts/errors.ts';
import type { Instrument } from '../../../contracts/market-data.ts';
import type { SourceType } from '../../../contracts/words.ts';
import { MarketSchemaChanged } from '../../../sources/walk/market-schema-changed.ts';

/** Consecutive failures after which the venue counts as down: more requests would only add to its load. */
const GIVE_UP_AFTER = 8;

/**
 * Failures while the instruments of one source are collected concurrently. After a transient failure the other instruments continue, so
 * that the next attempt has less to do. A failure that no retry can fix stops the source and is reported once. An instrument that the venue
 * refuses is left out with its reason, as long as others are collected.
 */
export class SourceFailures {
  readonly #stop = new AbortController();
  readonly #transient: { readonly instrument: Instrument; readonly error: PredictLabError }[] = [];
  readonly #refused = new Map<string, PredictLabError>();
  readonly #total: number;
  #fatal: PredictLabError | undefined;
  #consecutive = 0;
  #succeeded = 0;

  constructor(total: number) {
    this.#total = total;
  }

  /** Signal that aborts when the source is given up. */
  get signal(): AbortSignal {
    return this.#stop.signal;
  }

  /** Instruments that the venue refuses, with its messages; they are problems of the result, not failures of the stage. */
  get tolerated(): ReadonlyMap<string, string> {
    return new Map([...this.#refused].map(([id, { message }]) => [id, message.startsWith(id) ? message : `${id}: ${message}`]));
  }

  get anySucceeded(): boolean {
    return this.#succeeded > 0;
  }

  succeeded(): void {
    this.#consecutive = 0;
    this.#succeeded++;
  }

  add(instrument: Instrument, error: PredictLabError): void {
    if (error.type === 'BadInput' || error instanceof MarketSchemaChanged) {
      this.#refused.set(instrument.id, error);
      return;
    }
    if (!error.retryable) {
      this.#fatal ??= error;
      this.#stop.abort(error);
      return;
    }
    this.#transient.push({ instrument, error });
    if (++this.#consecutive >= GIVE_UP_AFTER) this.#stop.abort(error);
  }

  /** The failure of the source as one error; undefined when it did not fail. */
  get error(): PredictLabError | undefined {
    if (this.#fatal !== undefined) return this.#fatal;
    const [first] = this.#transient;
    if (first !== undefined) return this.#summary(first.instrument, first.error);
    const [refused] = this.#refused.values();
    return refused !== undefined && this.#refused.size === this.#total ? refused : undefined;
  }

  /** One error for all transient failures, with the longest requested wait and the first instrument as an example. */
  #summary(instrument: Instrument, first: PredictLabError): PredictLabError {
    const waits = this.#transient.flatMap(({ error }) => error.retryAfterMs ?? []);
    const limited = this.#transient.find(({ error }) => error.type === 'RateLimited')?.error ?? first;
    const scope = this.#total === 1 ? '' : `${this.#transient.length} of ${this.#total} instruments failed, among them ${instrument.id}: `;
    return new PredictLabError(limited.type, `${scope}${first.message}`, {
      cause: first,
      ...(waits.length > 0 && { retryAfterMs: Math.max(...waits) }),
    });
  }
}

export interface SourceEnd {
  readonly error: PredictLabError | undefined;
  /** Whether the source delivered something complete: an empty list of instruments, or all rows of at least one instrument. */
  readonly worked: boolean;
}

/** The errors of sources that failed for good while other sources of the symbol worked. */
export type FailedSources = ReadonlyMap<SourceType, PredictLabError>;

/**
 * Decides what the failures of a symbol's sources mean. A failure that a retry may fix ends the attempt (staged rows wait for the next
 * one); after a failure for good the symbol succeeds with the sources that worked.
 *
 * @param mayRetry whether the task would be retried after this error
 * @throws PredictLabError the failure that ends the attempt; when no source worked, the failures of all sources, with the type of the first
 */
export function failedForGood(ends: ReadonlyMap<SourceType, SourceEnd>, mayRetry: (error: PredictLabError) => boolean): FailedSources {
  const errors = [...ends.values()].flatMap(({ error }) => error ?? []);
  const retryable = errors.filter(mayRetry);
  if (retryable[0] !== undefined) throw longestWait(retryable[0], retryable);
  if (errors[0] !== undefined && ![...ends.values()].some(({ worked }) => worked)) {
    throw allFailed(ends) ?? errors[0];
  }
  // a source that refused the selectors has not failed: the selectors are reported as a problem
  return new Map(
    [...ends].flatMap(([type, { error }]) => (error === undefined || error.type === 'BadInput' ? [] : [[type, error] as const])),
  );
}

/** One error with the failures of all sources, without refused selectors; undefined if only selectors were refused. */
function allFailed(ends: ReadonlyMap<SourceType, SourceEnd>): PredictLabError | undefined {
  const failed = [...ends].flatMap(([source, { error }]) => (error === undefined || error.type === 'BadInput' ? [] : [{ source, error }]));
  const [first] = failed;
  if (first === undefined || failed.length === 1) return first?.error;
  // the same wording as at the start of `failedSourceReasons`
  const each = failed.map(({ source, error }) => `${source} failed (${error.type}): ${error.message}`);
  return new PredictLabError(first.error.type, each.join('; '), { cause: first.error });
}

/** The first error, with the longest wait before a retry that any of the errors requires. */
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
 * Reasons for a degraded result, one per failed source, with the same text for every symbol, so that a run reports an outage once.
 * The venue's exact answer is in `failedSources` of the task's output.
 */
export const failedSourceReasons = (failed: FailedSources): readonly string[] =>
  [...failed].map(([source, { type }]) => {
    const what = WHAT_IT_DOES[type] ?? 'it cannot serve the requests';
    return `${source} failed (${type}): ${what}; the rows of other sources are stored, and the next run requests what is missing of ${source}`;
  });

/** Share of an attempt's time that a source may use if the symbol has several; the rest is for storing the rows of the others. */
const SHARE = 0.8;

export interface SourceTime {
  readonly signal: AbortSignal;
  error(source: SourceType): PredictLabError;
  close(): void;
}

/**
 * Starts the time limit of a symbol's sources. A source that exceeds it fails alone, so that a slow venue does not cost the rows of the
 * others. A symbol's only source has the whole attempt.
 *
 * @param timeoutMs the attempt's time limit; Infinity where there is none
 * @param sources number of sources that take part
 */
export function sourceTime(timeoutMs: number, sources: number): SourceTime {
  const stop = new AbortController();
  const ms = timeoutMs * SHARE;
  const timer = sources > 1 && Number.isFinite(ms) ? setTimeout(() => stop.abort(new Error('out of time')), ms) : undefined;
  timer?.unref();
  return {
    signal: stop.signal,
    error: (source) =>
      new PredictLabError(
        'TaskTimeout',
        `${source} had not finished after ${Math.round(ms / 100) / 10} s, most of an attempt's time; its staged rows are kept: give collect more time (stages.collect.timeout) if it has much to fetch`,
      ),
    close: () => clearTimeout(timer),
  };
}
