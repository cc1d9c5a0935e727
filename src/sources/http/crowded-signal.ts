import { setMaxListeners } from 'node:events';

/** A signal that aborts with any of the given ones. Hundreds of requests may listen to it, so Node's leak warning is turned off. */
export function crowdedSignal(...signals: readonly AbortSignal[]): AbortSignal {
  const signal = AbortSignal.any([...signals]);
  setMaxListeners(0, signal);
  return signal;
}
