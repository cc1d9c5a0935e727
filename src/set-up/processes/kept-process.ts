import { setTimeout as wait } from 'node:timers/promises';
import { messageOf } from '../../contracts/errors.ts';
import type { Log } from '../../contracts/log.ts';

export interface ServingProcess {
  readonly pid: number;
  readonly logFile: string;
  /** Resolves with the way in which the process ended, such as "ended by SIGKILL". */
  readonly exited: Promise<string>;
  close(): Promise<void>;
}

export interface KeepOptions<P extends ServingProcess> {
  /** Name of the process in messages, such as "the worker". */
  readonly what: string;
  readonly first: P;
  /**
   * Starts a replacement for the process that ended; resolves when it is ready and rejects when it does not become ready.
   * @default none: the process is not restarted
   */
  readonly next?: (ended: P) => Promise<P>;
  readonly log: Pick<Log, 'info' | 'warn'>;
  /** Milliseconds for which a process must run so that the pause before its next restart is short again. @default one minute */
  readonly steadyMs?: number;
  /** Function that waits before a restart. @default a timer */
  readonly pause?: (ms: number, signal: AbortSignal) => Promise<unknown>;
}

export interface KeptProcess {
  /** Resolves with a sentence when the process has ended and is not restarted. Does not resolve after `close`. */
  readonly lost: Promise<string>;
  close(): Promise<void>;
}

const FIRST_PAUSE_MS = 1_000;
const MAX_PAUSE_MS = 30_000;
const STEADY_MS = 60_000;
/** Maximum number of failed starts in a row. Their pauses add up to at least three minutes, enough for temporary problems. */
const MAX_FAILED_STARTS = 10;

/**
 * Keeps a process running: restarts it when it ends unexpectedly, after a pause that doubles from 1 s to 30 s while restarts end quickly.
 * Gives up after ten failed starts in a row.
 */
export function keepRunning<P extends ServingProcess>(options: KeepOptions<P>): KeptProcess {
  const { what, first, next, log, steadyMs = STEADY_MS } = options;
  const pause = options.pause ?? ((ms, signal) => wait(ms, undefined, { signal }));
  const closing = new AbortController();
  let current = first;
  let quickEnds = 0;

  /** Restarts the process. @returns why it could not be restarted; undefined if it is running, or `close` was called */
  const startAgain = async (ended: string): Promise<string | undefined> => {
    if (next === undefined) return ended;
    let why = ended;
    for (let failed = 0; failed < MAX_FAILED_STARTS; failed++) {
      const pauseMs = Math.min(FIRST_PAUSE_MS * 2 ** quickEnds++, MAX_PAUSE_MS);
      log.warn(`${why}; it is started again in ${pauseMs / 1000} s`);
      // `close` ends the pause with an error
      await pause(pauseMs, closing.signal).catch(() => undefined);
      if (closing.signal.aborted) return undefined;
      try {
        current = await next(current);
        if (closing.signal.aborted) await current.close();
        else log.info(`${what} is up again`);
        return undefined;
      } catch (error) {
        why = messageOf(error).replaceAll(/\s*\n\s*/g, ' ');
      }
    }
    return `${why}; it did not become ready ${MAX_FAILED_STARTS} times in a row: fix this and start again`;
  };
  const watch = async (): Promise<string | undefined> => {
    for (;;) {
      const since = performance.now();
      const how = await current.exited;
      if (closing.signal.aborted) return undefined;
      if (performance.now() - since >= steadyMs) quickEnds = 0;
      const lost = await startAgain(`${what} ${how}; its log: ${current.logFile}`);
      if (lost !== undefined || closing.signal.aborted) return lost;
    }
  };

  const watched = watch();
  return {
    lost: new Promise((resolve) => void watched.then((why) => why !== undefined && resolve(why))),
    async close() {
      closing.abort();
      await current.close();
      await watched;
    },
  };
}
