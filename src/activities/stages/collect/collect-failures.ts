import { PredictLabError } from '../../../contracts/errors.ts';
import type { Instrument } from '../../../contracts/market-data.ts';
import { MarketSchemaChanged } from '../../../sources/walk/market-schema-changed.ts';

/** Consecutive failures after which the venue counts as down: more requests would only add to its load. */
const GIVE_UP_AFTER = 8;

/**
 * Failures while the instruments of one source are collected concurrently. A transient failure lets the other instruments continue,
 * so that the next attempt has less to do. A failure that a retry cannot fix stops the whole source and is reported once, not per
 * instrument. An instrument that the venue refuses is left out with its reason, as long as others are collected.
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

  /** Signal that aborts when continuing with the source makes no sense. */
  get signal(): AbortSignal {
    return this.#stop.signal;
  }

  /** Instruments that the venue refuses, with its messages; they are problems of the result, not failures of the stage. */
  get tolerated(): ReadonlyMap<string, string> {
    return new Map([...this.#refused].map(([id, { message }]) => [id, message.startsWith(id) ? message : `${id}: ${message}`]));
  }

  /** Whether at least one instrument of the source was collected completely. */
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
