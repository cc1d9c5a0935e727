import { setMaxListeners } from 'node:events';

/** A signal that aborts when any of the given ones does, without Node's warning about many listeners: hundreds of requests listen. */
export function crowdedSignal(...signals: readonly AbortSignal[]): AbortSignal {
  const signal = AbortSignal.any([...signals]);
  setMaxListeners(0, signal);
  return signal;
}
