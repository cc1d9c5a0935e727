/** One execution of a `pipeline` workflow, as Temporal names it. */
export interface RunExecution {
  readonly workflowId: string;
  readonly runId: string;
}

/** How many tasks of a run wait for a slot, and how many run. */
export interface QueueLength {
  readonly ready: number;
  readonly running: number;
}

interface Told extends QueueLength {
  readonly execution: RunExecution;
  /** `performance.now()` of when the run was last known to be open. */
  openAt: number;
}

/** A run that has said nothing for so long is asked after: one that was terminated never says that it is over. */
const SILENT_MS = 30_000;

/** The queues of the runs that this worker drives, each as its workflow told it last. */
export class QueueLengths {
  readonly #runs = new Map<string, Told>();
  readonly #silentMs: number;
  #isOpen: (execution: RunExecution) => Promise<boolean> = () => Promise.resolve(true);

  constructor({ silentMs = SILENT_MS }: { silentMs?: number } = {}) {
    this.#silentMs = silentMs;
  }

  /** From now on runs that have been silent are looked up with it; where it fails the run counts as open. */
  onSilence(isOpen: (execution: RunExecution) => Promise<boolean>): void {
    this.#isOpen = isOpen;
  }

  told(execution: RunExecution, { ready, running }: QueueLength): void {
    if (ready === 0 && running === 0) this.#runs.delete(execution.runId);
    else this.#runs.set(execution.runId, { execution, ready, running, openAt: performance.now() });
  }

  /** The run is no longer driven here: it ended, or another worker has it. @param runId Temporal's, of the execution */
  gone(runId: string): void {
    this.#runs.delete(runId);
  }

  /** Sums over the runs that are open. */
  async totals(): Promise<QueueLength> {
    const now = performance.now();
    const silent = [...this.#runs.values()].filter(({ openAt }) => now - openAt >= this.#silentMs);
    await Promise.all(silent.map((run) => this.#lookUp(run, now)));
    let [ready, running] = [0, 0];
    for (const run of this.#runs.values()) {
      ready += run.ready;
      running += run.running;
    }
    return { ready, running };
  }

  async #lookUp(run: Told, now: number): Promise<void> {
    const open = await this.#isOpen(run.execution).catch(() => true);
    // It may have told something new meanwhile.
    if (!open && this.#runs.get(run.execution.runId) === run) this.#runs.delete(run.execution.runId);
    else run.openAt = now;
  }
}
