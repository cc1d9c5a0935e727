import { setImmediate } from 'node:timers/promises';

/** The event loop gets its turn at least this often: waiting code hears of it, an abort is noticed, and other work continues. */
const SLICE_MS = 50;

/**
 * Works through steps without holding up the event loop.
 *
 * @param beat called once per turn
 * @throws the signal's reason once it is aborted
 */
export async function inSlices<T>(steps: Generator<void, T>, signal: AbortSignal, beat: () => void): Promise<T> {
  let turn = performance.now();
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
    if (performance.now() - turn < SLICE_MS) continue;
    beat();
    await setImmediate();
    signal.throwIfAborted();
    turn = performance.now();
  }
}
