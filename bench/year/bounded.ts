/** What a year waits for, no longer than it may take: one that hangs says where, and one whose parts have ended by themselves ends. */
export class Waits {
  readonly #broken = new AbortController();

  /** From now on every wait ends with this. */
  break(error: Error): void {
    this.#broken.abort(error);
  }

  /** @throws Error that says what took too long, or what has broken meanwhile */
  async for<T>(what: string, atMostMs: number, work: Promise<T>): Promise<T> {
    const { signal } = this.#broken;
    // the loser of the race does not matter any more
    work.catch(() => undefined);
    signal.throwIfAborted();
    let end: () => void = () => undefined;
    const ended = new Promise<never>((_, reject) => {
      const onBroken = (): void => reject(signal.reason as Error);
      const timer = setTimeout(() => reject(new Error(`${what} took longer than ${atMostMs / 1000} s`)), atMostMs);
      signal.addEventListener('abort', onBroken);
      end = () => {
        clearTimeout(timer);
        signal.removeEventListener('abort', onBroken);
      };
    });
    try {
      return await Promise.race([work, ended]);
    } finally {
      end();
    }
  }

  /** Asks again until there is an answer. @throws Error with the last refusal when there is none in time, or what has broken meanwhile */
  async until<T>(what: string, atMostMs: number, ask: () => Promise<T>): Promise<T> {
    const begun = performance.now();
    for (;;) {
      try {
        return await this.for(what, Math.max(1_000, atMostMs - (performance.now() - begun)), ask());
      } catch (error) {
        this.#broken.signal.throwIfAborted();
        if (performance.now() - begun > atMostMs)
          throw new Error(`${what} did not come to pass within ${atMostMs / 1000} s`, { cause: error });
      }
      await this.for(what, 10_000, new Promise((resolve) => setTimeout(resolve, 200)));
    }
  }
}
