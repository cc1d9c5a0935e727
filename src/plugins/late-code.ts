import { createHook, executionAsyncResource } from 'node:async_hooks';
import { strategyDeciding } from '../backtest/engine/fence.ts';

/** Kinds of work that printing and Node's own loader start, also for code that never runs later. */
const STARTED_BY_NODE: ReadonlySet<string> = new Set(['TickObject', 'WRITEWRAP', 'MESSAGEPORT']);

/**
 * What calls a plugin's code later without work that is watched: messages, hooks and streams. Names as in the record of what a
 * module uses while it is loaded.
 */
const CALLS_UNSEEN =
  /^(?:(?:node:)?(?:worker_threads|async_hooks|diagnostics_channel|inspector)(?:\/promises)?|Message(?:Channel|Port)|PerformanceObserver|module\.register(?:Hooks)?|console\._std(?:out|err)|process\.setUncaughtExceptionCaptureCallback)$/;

/** The first of some things that a module uses which may call its code later, unseen; undefined if none does. */
export const callsUnseen = (used: Iterable<string>): string | undefined => [...used].find((what) => CALLS_UNSEEN.test(what));

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
      if (owner !== undefined && !STARTED_BY_NODE.has(type)) owners.set(resource, owner);
    },
    before() {
      if (owners.get(executionAsyncResource())?.ended === true) note();
    },
  }).enable();
}
