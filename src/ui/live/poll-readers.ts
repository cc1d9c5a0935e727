import type { Watcher } from './live-page.ts';

/** What a polling reader missed since its last request. */
export interface Missed {
  /** Lists of `Patch`, one after the other. */
  readonly patches: readonly unknown[];
  readonly ended: boolean;
  /** Whether the page cannot be read now. */
  readonly still: boolean;
}

/** A reader that stops polling is forgotten after this time. */
const FORGOTTEN_AFTER_MS = 10_000;
/** Characters; a reader that missed more gets the whole present state instead. */
const MAX_MISSED = 4 * 1024 * 1024;
/** Readers that are remembered; a new one beyond it replaces the oldest. */
const MAX_READERS = 200;

interface Reader {
  readonly missed: string[];
  ended: boolean;
  still: boolean;
  leave: () => void;
  forgetting: NodeJS.Timeout | undefined;
}

/**
 * Readers that poll instead of holding a connection: a browser opens at most six connections to a server, for all its windows together.
 */
export class PollReaders {
  readonly #readers = new Map<string, Reader>();

  /** What a reader missed since its last request. @param watch starts watching for a new reader, from the present state on */
  next(id: string, watch: (watcher: Watcher) => () => void): Missed {
    const reader = this.#readers.get(id) ?? this.#add(id, watch);
    clearTimeout(reader.forgetting);
    const patches = reader.missed.splice(0).flatMap((text) => JSON.parse(text) as unknown[]);
    if (reader.ended) this.#forget(id);
    else reader.forgetting = setTimeout(() => this.#forget(id), FORGOTTEN_AFTER_MS).unref();
    return { patches, ended: reader.ended, still: reader.still };
  }

  close(): void {
    for (const id of this.#readers.keys()) this.#forget(id);
  }

  #add(id: string, watch: (watcher: Watcher) => () => void): Reader {
    const [oldest] = this.#readers.keys();
    if (this.#readers.size >= MAX_READERS) this.#forget(oldest);
    const reader: Reader = { missed: [], ended: false, still: false, leave: () => undefined, forgetting: undefined };
    this.#readers.set(id, reader);
    let length = 0;
    reader.leave = watch({
      patch: (patches) => {
        length = reader.missed.length === 0 ? patches.length : length + patches.length;
        reader.missed.push(patches);
        if (length > MAX_MISSED) this.#forget(id);
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
