import { messageOf } from '../contracts/errors.ts';
import type { Log } from '../contracts/log.ts';
import { observe } from '../incidents/rows/observe.ts';
import type { Observation, Subject, Trouble } from '../incidents/rule/trouble.ts';
import type { Database } from '../storage/database/database.ts';
import { takeTurn } from '../storage/watch/watch-state.ts';

/** A periodic check of something that no run checks. */
export interface Check {
  readonly name: string;
  /** Milliseconds between two checks, over all workers. */
  readonly everyMs: number;
  /** @returns the observation; undefined where there is none */
  look(now: number): Promise<Observation | undefined>;
}

/** A trouble with one subject; its aspect and its name are the root cause. @param cause one sentence for people */
export const troubleWith = (subject: Subject, cause: string): Trouble => ({
  fingerprint: JSON.stringify([subject.what, subject.subject]),
  cause,
  venue: null,
  subjects: [subject],
});

export interface WatchOptions {
  readonly database: Database;
  readonly checks: readonly Check[];
  /** Called when an alert was written to the outbox. */
  readonly onNews: () => void;
  readonly log: Log;
  /** Milliseconds between two rounds of checks. @default 1 minute */
  readonly everyMs?: number;
}

const MINUTE = 60_000;

/** A worker's watch: checks what no run checks, taking turns with the other workers. */
export interface Watch {
  close(): Promise<void>;
}

/** Starts the checks, once a minute, the first a minute from now. */
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

/** Runs each check that is due once. A check that fails is logged and does not stop the others. */
export async function lookOnce({ database, checks, onNews, log }: Omit<WatchOptions, 'everyMs'>, now: number): Promise<void> {
  for (const check of checks) {
    try {
      // A little less than the period, or every other turn would be missed by milliseconds.
      if (!(await takeTurn(database, check.name, check.everyMs * 0.9))) continue;
      const found = await check.look(now);
      if (found !== undefined && (await observe(database, found))) onNews();
    } catch (error) {
      log.warn(`the check "${check.name}" failed; it runs again`, { error: messageOf(error) });
    }
  }
}
