import { messageOf } from '../contracts/errors.ts';
import type { Log } from '../contracts/log.ts';
import { observe } from '../incidents/rows/observe.ts';
import type { Observation, Subject, Trouble } from '../incidents/rule/trouble.ts';
import type { Database } from '../storage/database/database.ts';
import { takeTurn } from '../storage/watch/watch-state.ts';

/** A periodic check of something that runs do not check, such as the disk or the schedules. */
export interface Check {
  readonly name: string;
  /** Milliseconds between two executions of the check, whichever worker executes it. */
  readonly everyMs: number;
  /** Executes the check. @returns what it observed; undefined for nothing */
  look(now: number): Promise<Observation | undefined>;
}

/** Creates a trouble of one subject, which has one incident per subject, whatever the cause. @param cause one sentence for people */
export const troubleWith = (subject: Subject, cause: string): Trouble => ({
  fingerprint: JSON.stringify([subject.what, subject.subject]),
  cause,
  venue: null,
  subjects: [subject],
});

export interface WatchOptions {
  readonly database: Database;
  readonly checks: readonly Check[];
  /** Called after an alert was written to the outbox. */
  readonly onNews: () => void;
  readonly log: Log;
  /** Milliseconds between two rounds of checks. @default 1 minute */
  readonly everyMs?: number;
}

const MINUTE = 60_000;

/** The periodic checks of a worker. Workers take turns, so that each check is executed by one of them. */
export interface Watch {
  close(): Promise<void>;
}

/** Starts the periodic checks. The first round comes after one period. */
export function startWatch({ everyMs = MINUTE, ...options }: WatchOptions): Watch {
  let looking: Promise<void> | undefined;
  const timer = setInterval(() => {
    looking ??= runDueChecks(options, Date.now()).finally(() => {
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

/** Executes each check that is due. A check that fails is logged and does not stop the others. */
export async function runDueChecks({ database, checks, onNews, log }: Omit<WatchOptions, 'everyMs'>, now: number): Promise<void> {
  for (const check of checks) {
    try {
      // A turn lasts a little less than the period, or else every second round would come some milliseconds too early.
      if (!(await takeTurn(database, check.name, check.everyMs * 0.9))) continue;
      const found = await check.look(now);
      if (found !== undefined && (await observe(database, found))) onNews();
    } catch (error) {
      log.warn(`the check "${check.name}" failed; it runs again`, { error: messageOf(error) });
    }
  }
}
