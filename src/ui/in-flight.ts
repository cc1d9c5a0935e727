import type { ServerResponse } from 'node:http';
import { finished } from 'node:stream/promises';

/** Counts requests that are being answered: a server waits for them, for a limited time, before it closes its database. */
export class InFlight {
  readonly #going = new Set<Promise<unknown>>();

  get size(): number {
    return this.#going.size;
  }

  /** Counts a promise until it settles. @returns the same promise */
  async track<T>(going: Promise<T>): Promise<T> {
    this.#going.add(going);
    try {
      return await going;
    } finally {
      this.#going.delete(going);
    }
  }

  /** Counts a request until its handler is done and its response is written or the client has disconnected. */
  async answered<T>(response: ServerResponse, handling: Promise<T>): Promise<T> {
    // fails when the client disconnects, which also ends the request
    void this.track(finished(response)).catch(() => undefined);
    return await this.track(handling);
  }

  /** Waits, at most `withinMs`, until the count is zero. @returns whether it is */
  async settled(withinMs: number): Promise<boolean> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<'late'>((resolve) => {
      timer = setTimeout(resolve, withinMs, 'late');
    });
    try {
      while (this.#going.size > 0) if ((await Promise.race([Promise.allSettled(this.#going), late])) === 'late') break;
      return this.#going.size === 0;
    } finally {
      clearTimeout(timer);
    }
  }
}
