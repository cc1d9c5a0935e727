import { createHook, executionAsyncResource } from 'node:async_hooks';
import { strategyDeciding } from '../backtest/engine/fence.ts';

/** Kinds of work that calls code back later; printing (`TickObject`, `WRITEWRAP`) and Node's loader (`MESSAGEPORT`) use others. */
const CALLS_BACK = /^(?:PROMISE|Microtask|Timeout|Immediate|FS|STAT|TCP|UDP|PIPE|HTTP|GETADDR|PROCESS)/;

interface Owner {
  /** Whether the code that started such work has ended. */
  readonly ended: boolean;
}

/** Decisions end before anything calls back. */
const decision: Owner = { ended: true };

/** For each piece of work, whose code started it. */
const owners = new WeakMap<object, Owner>();
let watched = false;

/**
 * Calls `note` when a promise, timer or callback runs code of a plugin after its module was loaded, or after a decision. Such code could wait
 * for the next series and pass on what it saw, and undo its traces before shared objects are compared.
 * @param loading the loading of a plugin that runs the current code; undefined if none does
 */
export function watchLateCode(loading: () => Owner | undefined, note: () => void): void {
  if (watched) return;
  watched = true;
  createHook({
    init(_, type, __, resource: object) {
      const owner = loading() ?? (strategyDeciding() === undefined ? undefined : decision);
      if (owner !== undefined && CALLS_BACK.test(type)) owners.set(resource, owner);
    },
    before() {
      if (owners.get(executionAsyncResource())?.ended === true) note();
    },
  }).enable();
}
