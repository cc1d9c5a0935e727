/** Waits with a time limit. A wait that takes too long fails with its name; all waits fail once a part of the year has ended by itself. */
export class Waits {
  readonly #broken = new AbortController();

  /** Makes every wait fail with this error from now on. */
  break(error: Error): void {
    this.#broken.abort(error);
  }

  /** Waits for `work`. @throws Error that names what took too long, or the error of {@link break} */
  async for<T>(what: string, atMostMs: number, work: Promise<T>): Promise<T> {
    const { signal } = this.#broken;
    // a failure after the time limit has no effect
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
