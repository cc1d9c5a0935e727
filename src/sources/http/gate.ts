/** A function that runs work with limited concurrency; work that still waits is rejected when its signal aborts. */
export type Gate = <T>(work: () => Promise<T>, signal: AbortSignal) => Promise<T>;

/** Creates a gate that runs at most `width` pieces of work concurrently, in the order of arrival. */
export function createGate(width: number): Gate {
  let inside = 0;
  const waiting = new Set<() => void>();

  const enter = (signal: AbortSignal): Promise<void> => {
    if (signal.aborted) return Promise.reject(signal.reason as Error);
    if (inside < width) {
      inside++;
      return Promise.resolve();
    }
    return new Promise((resolve, reject) => {
      const onAbort = () => {
        waiting.delete(go);
        reject(signal.reason as Error);
      };
      const go = () => {
        signal.removeEventListener('abort', onAbort);
        resolve();
      };
      waiting.add(go);
      signal.addEventListener('abort', onAbort, { once: true });
    });
  };

  const leave = () => {
    const next = waiting.values().next().value;
    if (next === undefined) {
      inside--;
      return;
    }
    // The finished work hands its place to the next waiting one, so that work that arrives later cannot take it.
    waiting.delete(next);
    next();
  };

  return async (work, signal) => {
    await enter(signal);
    try {
      return await work();
    } finally {
      leave();
    }
  };
}
