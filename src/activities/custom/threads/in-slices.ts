import { setImmediate } from 'node:timers/promises';

/** Longest time between two turns of the event loop, in which heartbeats are sent, an abort is noticed and other work continues. */
const SLICE_MS = 50;

/**
 * Runs a generator to its end without blocking the event loop, and returns its result.
 *
 * @param beat called once per turn of the event loop
 * @throws the reason of the signal once it is aborted
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
