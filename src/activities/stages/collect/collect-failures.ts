import { PredictLabError } from '../../../contracts/errors.ts';
import type { Instrument } from '../../../contracts/market-data.ts';
import { MarketSchemaChanged } from '../../../sources/walk/market-schema-changed.ts';

/** So many failures with no success between them: the venue is down, asking on only makes it worse. */
const GIVE_UP_AFTER = 8;

/**
 * What went wrong while many instruments of one source are collected at once. A passing failure lets the others go on, so that
 * the next attempt has less to do; one that a retry cannot fix stops all of the source, and is reported once, not per
 * instrument. An instrument that the venue refuses is left out with its reason, as long as others are collected.
 */
export class SourceFailures {
  readonly #stop = new AbortController();
  readonly #passing: { readonly instrument: Instrument; readonly error: PredictLabError }[] = [];
  readonly #refused = new Map<string, PredictLabError>();
  readonly #total: number;
  #fatal: PredictLabError | undefined;
  #inARow = 0;
  #succeeded = 0;

  constructor(total: number) {
    this.#total = total;
  }

  /** Aborts when going on makes no sense. */
  get signal(): AbortSignal {
    return this.#stop.signal;
  }

  /** Instruments that the venue refuses, with what it says; problems of the result, not failures of the stage. */
  get tolerated(): ReadonlyMap<string, string> {
    return new Map([...this.#refused].map(([id, { message }]) => [id, message.startsWith(id) ? message : `${id}: ${message}`]));
  }

  /** Whether something of the source was collected whole. */
  get anySucceeded(): boolean {
    return this.#succeeded > 0;
  }

  succeeded(): void {
    this.#inARow = 0;
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
    this.#passing.push({ instrument, error });
    if (++this.#inARow >= GIVE_UP_AFTER) this.#stop.abort(error);
  }

  /** What the source failed with, in one error; undefined when it did not. */
  get error(): PredictLabError | undefined {
    if (this.#fatal !== undefined) return this.#fatal;
    const [first] = this.#passing;
    if (first !== undefined) return this.#summary(first.instrument, first.error);
    const [refused] = this.#refused.values();
    return refused !== undefined && this.#refused.size === this.#total ? refused : undefined;
  }

  /** One error for all that passed: the longest wait that was asked for, and the first instrument as an example. */
  #summary(instrument: Instrument, first: PredictLabError): PredictLabError {
    const waits = this.#passing.flatMap(({ error }) => error.retryAfterMs ?? []);
    const limited = this.#passing.find(({ error }) => error.type === 'RateLimited')?.error ?? first;
    const scope = this.#total === 1 ? '' : `${this.#passing.length} of ${this.#total} instruments failed, among them ${instrument.id}: `;
    return new PredictLabError(limited.type, `${scope}${first.message}`, {
      cause: first,
      ...(waits.length > 0 && { retryAfterMs: Math.max(...waits) }),
    });
  }
}
