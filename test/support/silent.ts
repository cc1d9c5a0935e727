import type { Log } from '../../src/contracts/log.ts';

/** A log that discards everything. */
export const silent: Log = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };
