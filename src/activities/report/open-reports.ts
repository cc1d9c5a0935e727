import { messageOf } from '../../contracts/errors.ts';
import type { Log } from '../../contracts/log.ts';

/** After a task's end the page is written this soon, so that ends that come together are one page. */
const SOON_MS = 1_000;
/** The page of a run is written so often at most. */
const EVERY_MS = 5_000;
/** The largest share of a worker's time for the pages of all its open runs. */
const SHARE = 0.02;
/** Where a page takes so long that the share would mean a longer pause, it waits for something: the machine, or a run that does not answer. */
const MOST_PAUSE_MS = 20_000;
/** A page that could not be written is tried again, so often in a row. */
const TRIES = 3;

/** What time it is, and what is done later. */
export interface Timers {
  /** UTC epoch milliseconds. */
  now(): number;
  /** @returns calls it off */
  later(ms: number, work: () => void): () => void;
}

const REAL_TIMERS: Timers = {
  now: Date.now,
  later(ms, work) {
    const timer = setTimeout(work, ms).unref();
    return () => clearTimeout(timer);
  },
};

export interface OpenReportsOptions {
  /** Writes the page of a run. @returns whether the run is still open */
  readonly write: (executionId: string) => Promise<boolean>;
  readonly log: Pick<Log, 'debug'>;
  /** @default the machine's */
  readonly timers?: Timers;
}

interface OpenRun {
  /** Calls off what waits for its time. */
  callOff: (() => void) | undefined;
  /** A task ended since the page was begun, or it was not written. */
  behind: boolean;
  /** In a row. */
  failures: number;
}

/**
 * When the pages of open runs are written: after their tasks' ends, one page at a time, for whoever looks at the files and has no
 * server. What goes wrong with it is of no concern to the run.
 */
export class OpenReports {
  readonly #options: OpenReportsOptions;
  readonly #timers: Timers;
  readonly #runs = new Map<string, OpenRun>();
  #writing: Promise<void> | undefined;
  /** No page is begun before then; UTC epoch milliseconds. */
  #freeAt = 0;
  #closed = false;

  constructor(options: OpenReportsOptions) {
    this.#options = options;
    this.#timers = options.timers ?? REAL_TIMERS;
  }

  /** A task of the run ended on this worker. Returns at once. */
  taskEnded(executionId: string): void {
    if (this.#closed) return;
    const run = this.#runs.get(executionId) ?? { callOff: undefined, behind: true, failures: 0 };
    this.#runs.set(executionId, run);
    run.behind = true;
    if (run.callOff === undefined) this.#wait(executionId, run, SOON_MS);
  }

  /** Waits for what is being written. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const { callOff } of this.#runs.values()) callOff?.();
    this.#runs.clear();
    await this.#writing;
  }

  #wait(executionId: string, run: OpenRun, ms: number): void {
    run.callOff = this.#timers.later(ms, () => this.#due(executionId, run));
  }

  #due(executionId: string, run: OpenRun): void {
    // nothing ended for a while: the run is known again with its next task's end
    if (!run.behind) return void this.#runs.delete(executionId);
    const wait = this.#writing === undefined ? this.#freeAt - this.#timers.now() : SOON_MS;
    if (wait > 0) return this.#wait(executionId, run, wait);
    this.#writing = this.#write(executionId, run).finally(() => {
      this.#writing = undefined;
    });
  }

  async #write(executionId: string, run: OpenRun): Promise<void> {
    const began = this.#timers.now();
    run.behind = false;
    let open = true;
    try {
      open = await this.#options.write(executionId);
      run.failures = 0;
    } catch (error) {
      if (++run.failures < TRIES) run.behind = true;
      this.#options.log.debug('the page of an open run was not written', { executionId, error: messageOf(error) });
    }
    const now = this.#timers.now();
    this.#freeAt = now + Math.min(MOST_PAUSE_MS, (now - began) / SHARE);
    if (open && !this.#closed) this.#wait(executionId, run, EVERY_MS);
    else this.#runs.delete(executionId);
  }
}
