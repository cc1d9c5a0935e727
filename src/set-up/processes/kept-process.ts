import { setTimeout as wait } from 'node:timers/promises';
import { messageOf } from '../../contracts/errors.ts';
import type { Log } from '../../contracts/log.ts';

/** A process that serves until it is closed. */
export interface ServingProcess {
  readonly pid: number;
  readonly logFile: string;
  /** Resolves with how it ended ("ended by SIGKILL"), whoever ended it. */
  readonly exited: Promise<string>;
  close(): Promise<void>;
}

export interface KeepOptions<P extends ServingProcess> {
  /** How sentences call it: "the worker". */
  readonly what: string;
  readonly first: P;
  /**
   * Starts one in the place of the one that ended; resolves when it is ready, rejects when it does not become so.
   * @default none: the first end is the last
   */
  readonly next?: (ended: P) => Promise<P>;
  readonly log: Pick<Log, 'info' | 'warn'>;
  /** A life of this length is no quick death: the pause begins small again. @default one minute */
  readonly steadyMs?: number;
  /** @default waits */
  readonly pause?: (ms: number, signal: AbortSignal) => Promise<unknown>;
}

export interface KeptProcess {
  /** Resolves with a sentence when it has ended and is not started again; never after `close`. */
  readonly lost: Promise<string>;
  /** Closes the one that runs; none is started after it. */
  close(): Promise<void>;
}

const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 30_000;
const STEADY_MS = 60_000;
/** With the pauses some two and a half minutes: whatever passes by itself has passed by then. */
const MOST_FAILED_STARTS = 10;

/**
 * Keeps a process up: when it ends unasked another one is started, after a pause that doubles from 1 s to 30 s while they end
 * quickly. It gives up when ten in a row do not become ready.
 */
export function keepRunning<P extends ServingProcess>(options: KeepOptions<P>): KeptProcess {
  const { what, first, next, log, steadyMs = STEADY_MS } = options;
  const pause = options.pause ?? ((ms, signal) => wait(ms, undefined, { signal }));
  const closing = new AbortController();
  let current = first;
  let quickEnds = 0;

  /** @returns why there is none any more; undefined when `current` runs, or we are closing */
  const startAgain = async (ended: string): Promise<string | undefined> => {
    if (next === undefined) return ended;
    let why = ended;
    for (let failed = 0; failed < MOST_FAILED_STARTS; failed++) {
      const pauseMs = Math.min(FIRST_PAUSE_MS * 2 ** quickEnds++, LONGEST_PAUSE_MS);
      log.warn(`${why}; it is started again in ${pauseMs / 1000} s`);
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
    return `${why}; it did not become ready ${MOST_FAILED_STARTS} times in a row: mend this and start again`;
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
