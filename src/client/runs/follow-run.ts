import type { WorkflowHandle } from '@temporalio/client';
import type { PipelineStatus, TaskResult } from '../../contracts/run/pipeline-status.ts';
import { withChanges } from '../../scheduling/run/status/status-changes.ts';
import { statusSinceQuery } from '../../workflows/handlers.ts';
import type { pipeline } from '../../workflows/pipeline.ts';
import { cutOff } from '../cut-off.ts';
import { stagesOfChild } from '../open-stages.ts';
import type { TemporalCalls } from '../temporal-calls.ts';

/** Interval at which Temporal is asked whether the run was closed from outside, which its workflow cannot report. */
const DESCRIBED_EVERY_MS = 2_000;

/** Follows the status of a run: each query returns only what has changed. */
export class FollowedRun {
  readonly #calls: TemporalCalls;
  readonly #handle: WorkflowHandle<typeof pipeline>;
  #known: PipelineStatus | undefined;
  #revision: string | undefined;
  #described = Date.now();
  /** Number of tasks, or symbols, in the last answer. */
  heard = 0;

  constructor(calls: TemporalCalls, handle: WorkflowHandle<typeof pipeline>) {
    this.#calls = calls;
    this.#handle = handle;
  }

  /**
   * The current status, like `PredictLab.status`, but for runs of more than 50 symbols by symbol only: their children are not queried.
   *
   * @param options.withinMs milliseconds to wait for the answer @default 10 s
   */
  async status({ withinMs }: { readonly withinMs?: number } = {}): Promise<PipelineStatus> {
    const answer = await this.#calls.onRun(
      this.#handle,
      () => this.#handle.query(statusSinceQuery, this.#revision ?? null, Date.now()),
      withinMs,
    );
    const status = withChanges(this.#known, answer);
    this.#known = status;
    this.#revision = answer.revision;
    this.heard = Object.keys(answer.taskResults).length;
    if (status.finishedAt !== null || Date.now() - this.#described < DESCRIBED_EVERY_MS) return status;
    this.#described = Date.now();
    const { closeTime } = await this.#calls.make(() => this.#handle.describe());
    // a run that ended by itself between the two calls reports that in its next answer
    return closeTime === undefined || Date.now() - closeTime.getTime() < DESCRIBED_EVERY_MS ? status : cutOff(status, closeTime);
  }

  /** The stages of one running symbol, by task id, from the symbol's own workflow; for runs of more than 50 symbols. */
  async stagesOf(symbol: string): Promise<Readonly<Record<string, TaskResult>>> {
    return await this.#calls.onRun(this.#handle, () => stagesOfChild(this.#handle.client, this.#handle.workflowId, symbol));
  }
}
