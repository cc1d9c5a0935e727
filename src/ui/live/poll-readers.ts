import type { Watcher } from './live-page.ts';

/** What a reader that asks has missed since it asked last. */
export interface Missed {
  /** Lists of `Patch`, one after the other. */
  readonly patches: readonly unknown[];
  readonly ended: boolean;
  /** What is shown cannot be looked at now. */
  readonly still: boolean;
}

/** A reader that asks no more is forgotten after so long. */
const FORGOTTEN_AFTER_MS = 10_000;
/** A reader that has missed more is shown the whole present state instead. Characters. */
const MOST_MISSED = 4 * 1024 * 1024;
/** Whoever asks as ever new readers makes us forget the oldest ones. */
const MOST_READERS = 200;

interface Reader {
  readonly missed: string[];
  ended: boolean;
  still: boolean;
  leave: () => void;
  forgetting: NodeJS.Timeout | undefined;
}

/**
 * Readers that ask again and again instead of holding a connection: a browser has six connections to a server for all its windows, and a
 * page that asks is watching as one that is sent to, without one.
 */
export class PollReaders {
  readonly #readers = new Map<string, Reader>();

  /** @param watch begins to watch for a reader that asks for the first time, from the present state on */
  next(id: string, watch: (watcher: Watcher) => () => void): Missed {
    const reader = this.#readers.get(id) ?? this.#begin(id, watch);
    clearTimeout(reader.forgetting);
    const patches = reader.missed.splice(0).flatMap((text) => JSON.parse(text) as unknown[]);
    if (reader.ended) this.#forget(id);
    else reader.forgetting = setTimeout(() => this.#forget(id), FORGOTTEN_AFTER_MS).unref();
    return { patches, ended: reader.ended, still: reader.still };
  }

  close(): void {
    for (const id of this.#readers.keys()) this.#forget(id);
  }

  #begin(id: string, watch: (watcher: Watcher) => () => void): Reader {
    const [oldest] = this.#readers.keys();
    if (this.#readers.size >= MOST_READERS) this.#forget(oldest);
    const reader: Reader = { missed: [], ended: false, still: false, leave: () => undefined, forgetting: undefined };
    this.#readers.set(id, reader);
    let length = 0;
    reader.leave = watch({
      patch: (patches) => {
        length = reader.missed.length === 0 ? patches.length : length + patches.length;
        reader.missed.push(patches);
        if (length > MOST_MISSED) this.#forget(id);
      },
      ended: () => {
        reader.ended = true;
      },
      still: (isStill) => {
        reader.still = isStill;
      },
    });
    return reader;
  }

  #forget(id: string): void {
    const reader = this.#readers.get(id);
    if (reader === undefined) return;
    this.#readers.delete(id);
    clearTimeout(reader.forgetting);
    reader.leave();
  }
}
