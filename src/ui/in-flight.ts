import type { ServerResponse } from 'node:http';
import { finished } from 'node:stream/promises';

/**
 * What reads at this moment for somebody: a server whose database is to be closed waits for it first, and only so long that it cannot
 * hold up the end.
 *
 * @example
 * const inFlight = new InFlight();
 * const page = await inFlight.track(load());
 * await inFlight.settled(5_000);
 */
export class InFlight {
  readonly #going = new Set<Promise<unknown>>();

  get size(): number {
    return this.#going.size;
  }

  /** Counts it until it has ended, well or badly. @returns the same promise */
  async track<T>(going: Promise<T>): Promise<T> {
    this.#going.add(going);
    try {
      return await going;
    } finally {
      this.#going.delete(going);
    }
  }

  /** Counts a request until its answer is written or its reader has left, and its handler is done. */
  async answered<T>(response: ServerResponse, handling: Promise<T>): Promise<T> {
    void this.track(finished(response)).catch(() => undefined);
    return await this.track(handling);
  }

  /** Waits until nothing is under way, also of what begins meanwhile, at most so long. @returns whether nothing is left */
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
