import type { Log } from '../src/activities/stages/stage-work.ts';

/** A log nobody reads. */
export const silent: Log = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };
