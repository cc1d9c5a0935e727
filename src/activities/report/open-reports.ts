import { messageOf } from '../../contracts/errors.ts';
import type { Log } from '../../contracts/log.ts';

/** Delay from a task's end until the page is written, in milliseconds, so that a page covers several ends. */
const SOON_MS = 1_000;
/** Shortest time between two pages of a run. Milliseconds. */
const EVERY_MS = 5_000;
/** Largest share of a worker's time that the pages of all its open runs may take. */
const SHARE = 0.02;
/** Longest pause after a page, in milliseconds. By SHARE alone it would be longer on a slow machine. */
const MAX_PAUSE_MS = 20_000;
/** Maximum number of consecutive attempts to write a page. */
const TRIES = 3;

export interface Timers {
  /** UTC epoch milliseconds. */
  now(): number;
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
  /** Timers, replaceable in tests. @default the machine's timers */
  readonly timers?: Timers;
}

interface OpenRun {
  callOff: (() => void) | undefined;
  /** Whether the page is out of date: a task has ended since the last one was started, or writing that one failed. */
  behind: boolean;
  failures: number;
}

/** Writes the pages of open runs after their tasks end, one page at a time, for readers without a server. A failure affects no run. */
export class OpenReports {
  readonly #options: OpenReportsOptions;
  readonly #timers: Timers;
  readonly #runs = new Map<string, OpenRun>();
  #writing: Promise<void> | undefined;
  /** Earliest start of the next page; UTC epoch milliseconds. */
  #freeAt = 0;
  #closed = false;

  constructor(options: OpenReportsOptions) {
    this.#options = options;
    this.#timers = options.timers ?? REAL_TIMERS;
  }

  /** Records that a task of the run ended on this worker. Returns immediately. */
  taskEnded(executionId: string): void {
    if (this.#closed) return;
    const run = this.#runs.get(executionId) ?? { callOff: undefined, behind: true, failures: 0 };
    this.#runs.set(executionId, run);
    run.behind = true;
    if (run.callOff === undefined) this.#wait(executionId, run, SOON_MS);
  }

  /** Waits until the current page is written. */
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
    // no task has ended since the last page; the next task that ends adds the run again
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
    this.#freeAt = now + Math.min(MAX_PAUSE_MS, (now - began) / SHARE);
    if (open && !this.#closed) this.#wait(executionId, run, EVERY_MS);
    else this.#runs.delete(executionId);
  }
}
