import { stat } from 'node:fs/promises';
import { messageOf } from '../../contracts/errors.ts';
import type { Log } from '../../contracts/log.ts';
import type { PipelineStatus } from '../../contracts/run/pipeline-status.ts';
import { runReportPath } from '../../report/elements/report-path.ts';
import { renderRunPage } from '../../report/run/run-page.ts';
import type { Database } from '../../storage/database/database.ts';
import { ledgerTasks } from '../../storage/runs/run-rows.ts';
import { hasEnded, runOf } from '../../storage/runs/runs.ts';
import { listedSymbols, loadRunPage, runningOnPage } from './run-query.ts';
import { linksBeside, writeRunReport } from './run-report.ts';
import { writePage } from './write-page.ts';

/** After a task's end the page is written this soon, so that ends that come together are one page. */
const SOON_MS = 1_000;
/** The page of a run is written so often at most, by all workers of a home together. */
const EVERY_MS = 5_000;
/** And takes at most this share of the time. */
const SHARE = 0.02;

export interface OpenReportsOptions {
  readonly database: Database;
  /** `PREDICTLAB_HOME`: pages go to its `reports` folder. */
  readonly home: string;
  /** Where an open run stands, from the run itself. */
  readonly statusOf: (runId: string) => Promise<PipelineStatus>;
  /** The run in Temporal's Web UI. @default not known */
  readonly temporalUrlOf?: (run: { runId: string; executionId: string }) => string;
  readonly log: Log;
  /** @default 1 s */
  readonly soonMs?: number;
  /** @default 5 s */
  readonly everyMs?: number;
}

interface OpenRun {
  timer: NodeJS.Timeout | undefined;
  /** A task ended since the page was begun. */
  behind: boolean;
  /** Not before then; the monotonic clock, milliseconds. */
  next: number;
}

/**
 * Writes the pages of runs while they are open, after their tasks' ends: for whoever looks at the files and has no server. What
 * goes wrong with it is of no concern to the run.
 */
export class OpenReports {
  readonly #options: OpenReportsOptions;
  readonly #runs = new Map<string, OpenRun>();
  readonly #writing = new Set<Promise<void>>();
  #closed = false;

  constructor(options: OpenReportsOptions) {
    this.#options = options;
  }

  /** A task of the run ended on this worker. Returns at once. */
  taskEnded(executionId: string): void {
    if (this.#closed) return;
    const { soonMs = SOON_MS } = this.#options;
    const now = performance.now();
    const run = this.#runs.get(executionId) ?? { timer: undefined, behind: false, next: now + soonMs };
    this.#runs.set(executionId, run);
    run.behind = true;
    if (run.timer === undefined) this.#wait(executionId, run);
  }

  /** Waits for what is being written. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const { timer } of this.#runs.values()) clearTimeout(timer);
    this.#runs.clear();
    await Promise.all(this.#writing);
  }

  #wait(executionId: string, run: OpenRun): void {
    run.timer = setTimeout(
      () => {
        const writing = this.#write(executionId, run).finally(() => this.#writing.delete(writing));
        this.#writing.add(writing);
      },
      Math.max(0, run.next - performance.now()),
    );
    run.timer.unref();
  }

  async #write(executionId: string, run: OpenRun): Promise<void> {
    const { log, everyMs = EVERY_MS } = this.#options;
    const began = performance.now();
    const behind = run.behind;
    run.behind = false;
    let open = true;
    try {
      if (behind) open = await this.#writePage(executionId);
    } catch (error) {
      log.debug('the page of an open run was not written', { executionId, error: messageOf(error) });
    }
    run.timer = undefined;
    run.next = performance.now() + Math.max(everyMs, (performance.now() - began) / SHARE);
    // nothing ended for a while: it is known again with its next task's end
    if (!open || (!behind && !run.behind) || this.#closed) this.#runs.delete(executionId);
    else this.#wait(executionId, run);
  }

  /** @returns whether the run is still open */
  async #writePage(executionId: string): Promise<boolean> {
    const { database, home, statusOf, temporalUrlOf, everyMs = EVERY_MS, log } = this.#options;
    const run = await runOf(database, executionId);
    if (run === undefined || run.status !== null) return false;
    const file = runReportPath(home, run);
    if (await isYoungerThan(file, everyMs)) return true;
    const shown = { ...run, status: runningOnPage(await statusOf(run.runId), Date.now()) };
    const tasks = await ledgerTasks(database, { executionId, symbols: listedSymbols(shown) });
    const symbols = tasks.flatMap((task) => (task.stage === 'visualize' && task.symbol !== null ? [task.symbol] : []));
    const links = linksBeside(home, new Set(symbols));
    const data = await loadRunPage(database, shown, tasks, { ...links, temporalUrl: temporalUrlOf?.(run) ?? null });
    if (this.#closed || (await hasEnded(database, executionId))) return false;
    await writePage(file, renderRunPage({ ...data, readAt: Date.now() }));
    // its last page may have been written between the question and this: that one stays
    if (!(await hasEnded(database, executionId))) return true;
    await writeRunReport({ database, home, executionId, log, temporalUrl: temporalUrlOf?.(run) });
    return false;
  }
}

const isYoungerThan = (file: string, ms: number): Promise<boolean> =>
  stat(file).then(
    ({ mtimeMs }) => Date.now() - mtimeMs < ms,
    () => false,
  );
