import { messageOf } from '../contracts/errors.ts';
import type { Log } from '../contracts/log.ts';
import { observe } from '../incidents/rows/observe.ts';
import type { Observation } from '../incidents/rule/trouble.ts';
import type { Database } from '../storage/database/database.ts';
import { takeTurn } from '../storage/watch/watch-state.ts';

/** A look at something that no run looks at. */
export interface Check {
  /** As the log names it. */
  readonly name: string;
  /** How often, over all workers; milliseconds. */
  readonly everyMs: number;
  /** @returns what was found; undefined where nobody can say */
  look(now: number): Promise<Observation | undefined>;
}

export interface WatchOptions {
  readonly database: Database;
  readonly checks: readonly Check[];
  /** Called when there is something to tell. */
  readonly onNews: () => void;
  readonly log: Log;
  /** @default 1 minute */
  readonly everyMs?: number;
}

const MINUTE = 60_000;

/** The watch of a worker: looks at what no run looks at, in turns with the other workers. */
export interface Watch {
  close(): Promise<void>;
}

/** Looks once a minute; the first time a minute from now. */
export function startWatch({ everyMs = MINUTE, ...options }: WatchOptions): Watch {
  let looking: Promise<void> | undefined;
  const timer = setInterval(() => {
    looking ??= lookOnce(options, Date.now()).finally(() => {
      looking = undefined;
    });
  }, everyMs);
  return {
    async close() {
      clearInterval(timer);
      await looking;
    },
  };
}

/** Each check whose turn it is, once. One that cannot look is logged and does not keep the others from looking. */
export async function lookOnce({ database, checks, onNews, log }: Omit<WatchOptions, 'everyMs'>, now: number): Promise<void> {
  for (const check of checks) {
    try {
      // a little less, or every other turn would be missed by milliseconds
      if (!(await takeTurn(database, check.name, check.everyMs * 0.9))) continue;
      const found = await check.look(now);
      if (found !== undefined && (await observe(database, found))) onNews();
    } catch (error) {
      log.warn(`the watch could not look at ${check.name}; it looks again`, { error: messageOf(error) });
    }
  }
}
