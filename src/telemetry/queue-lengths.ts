export interface RunExecution {
  readonly workflowId: string;
  readonly runId: string;
}

/** The numbers of a run's tasks that wait for a slot (`ready`) and that are running. */
export interface QueueLength {
  readonly ready: number;
  readonly running: number;
}

interface ReportedLength extends QueueLength {
  readonly execution: RunExecution;
  /** When the run was last known to be open, by `performance.now()`. */
  openAt: number;
}

/** Milliseconds without a report after which a run is looked up in Temporal, because a terminated run never reports its end. */
const SILENT_MS = 30_000;

/** The queue lengths of the runs whose workflows this worker executes, as the workflows last reported them. */
export class QueueLengths {
  readonly #runs = new Map<string, ReportedLength>();
  readonly #silentMs: number;
  #isOpen: (execution: RunExecution) => Promise<boolean> = () => Promise.resolve(true);

  constructor({ silentMs = SILENT_MS }: { silentMs?: number } = {}) {
    this.#silentMs = silentMs;
  }

  /** Sets the function that looks up runs without a recent report. If the lookup fails, the run counts as open. */
  onSilence(isOpen: (execution: RunExecution) => Promise<boolean>): void {
    this.#isOpen = isOpen;
  }

  report(execution: RunExecution, { ready, running }: QueueLength): void {
    if (ready === 0 && running === 0) this.#runs.delete(execution.runId);
    else this.#runs.set(execution.runId, { execution, ready, running, openAt: performance.now() });
  }

  /** Removes a run that ended or moved to another worker. @param runId Temporal's run id of the execution */
  remove(runId: string): void {
    this.#runs.delete(runId);
  }

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

  async #lookUp(run: ReportedLength, now: number): Promise<void> {
    const open = await this.#isOpen(run.execution).catch(() => true);
    // A run that has reported during the lookup is kept.
    if (!open && this.#runs.get(run.execution.runId) === run) this.#runs.delete(run.execution.runId);
    else run.openAt = now;
  }
}
