import type { ServerResponse } from 'node:http';
import type { Watcher } from './live-page.ts';

/** What a polling reader missed since its last request. */
export interface Missed {
  /** Lists of `Patch`, one after the other. */
  readonly patches: readonly unknown[];
  readonly ended: boolean;
  readonly still: boolean;
}

/** Milliseconds after which a reader that stopped polling is forgotten. */
const FORGOTTEN_AFTER_MS = 10_000;
/** Maximum number of characters that are kept for a reader; one that missed more gets the complete current state instead. */
const MAX_MISSED = 4 * 1024 * 1024;
/** Maximum number of readers that are remembered; a new one beyond that replaces the oldest. */
const MAX_READERS = 200;

interface Reader {
  readonly missed: string[];
  ended: boolean;
  still: boolean;
  leave: () => void;
  forgetting: NodeJS.Timeout | undefined;
}

/** Readers that poll instead of holding a connection: a browser opens at most six connections to a server, for all its windows together. */
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

/** Maximum number of unsent bytes of a reader; beyond that it is disconnected, connects again and gets the present state. */
const MAX_BEHIND_BYTES = 4 * 1024 * 1024;
/** Keeps proxies from closing the connection; a page that gets nothing for long connects again. */
const HEARTBEAT_MS = 15_000;

/** Streams Server-Sent Events on a response: `patch` events with a list of replacements, then one `ended` event. */
export function eventStream(response: ServerResponse, { heartbeatMs = HEARTBEAT_MS } = {}): Watcher & { readonly closed: Promise<void> } {
  response.writeHead(200, {
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
  });
  const send = (text: string): void => {
    // A write after the end would be an uncaught error.
    if (response.destroyed || response.writableEnded) return;
    response.write(text);
    if (response.writableLength > MAX_BEHIND_BYTES) response.destroy();
  };
  send('retry: 1000\n\n');
  // A reader that left while the page was read emits no close event any more.
  const gone = response.destroyed || response.closed;
  const beat = setInterval(() => send('event: beat\ndata: {}\n\n'), heartbeatMs);
  beat.unref();
  const closed = new Promise<void>((resolve) => {
    const end = (): void => {
      clearInterval(beat);
      resolve();
    };
    if (gone) end();
    else response.once('close', end);
  });
  return {
    patch: (patches) => send(`event: patch\ndata: ${patches}\n\n`),
    still: (isStill) => send(`event: still\ndata: ${isStill}\n\n`),
    ended: () => {
      send('event: ended\ndata: {}\n\n');
      clearInterval(beat);
      response.end();
    },
    closed,
  };
}
