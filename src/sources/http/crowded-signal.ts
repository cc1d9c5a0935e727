import { setMaxListeners } from 'node:events';

/** A signal that aborts with any of the given ones and that hundreds may wait on: Node's leak warning means nothing there. */
export function crowdedSignal(...signals: readonly AbortSignal[]): AbortSignal {
  const signal = AbortSignal.any([...signals]);
  setMaxListeners(0, signal);
  return signal;
}
