import { QueryNotRegisteredError, type WorkflowHandle } from '@temporalio/client';
import type { PipelineStatus, StatusChanges, TaskResult } from '../../contracts/run/pipeline-status.ts';
import { withChanges } from '../../scheduling/run/status/status-changes.ts';
import { statusQuery, statusSinceQuery } from '../../workflows/handlers.ts';
import type { pipeline } from '../../workflows/pipeline.ts';
import { cutOff } from '../cut-off.ts';
import { stagesOfChild } from '../open-stages.ts';
import type { Questions } from '../questions.ts';

/** A run that is closed from outside does not say so itself; so often Temporal is asked. */
const DESCRIBED_EVERY_MS = 2_000;

/** Asks a run again and again where it stands, each time for what has changed. */
export class FollowedRun {
  readonly #questions: Questions;
  readonly #handle: WorkflowHandle<typeof pipeline>;
  #known: PipelineStatus | undefined;
  #revision: string | undefined;
  #described = Date.now();
  /** Tasks, or symbols, that the last answer told of. */
  heard = 0;
  /** The run is with a worker of before this question. */
  #whole = false;

  constructor(questions: Questions, handle: WorkflowHandle<typeof pipeline>) {
    this.#questions = questions;
    this.#handle = handle;
  }

  /**
   * As `status`, but of runs of more than 50 symbols to the symbol only: their open children are not asked.
   *
   * @param options.withinMs how long the answer is waited for @default 10 s
   */
  async status({ withinMs }: { readonly withinMs?: number } = {}): Promise<PipelineStatus> {
    const answer = await this.#questions.ofRun(this.#handle, () => this.#ask(), withinMs);
    const status = withChanges(this.#known, answer);
    this.#known = status;
    this.#revision = answer.revision;
    this.heard = Object.keys(answer.taskResults).length;
    if (status.finishedAt !== null || Date.now() - this.#described < DESCRIBED_EVERY_MS) return status;
    this.#described = Date.now();
    const { closeTime } = await this.#questions.ask(() => this.#handle.describe());
    // it may have said how it ended between the two questions: that is found at the next one
    return closeTime === undefined || Date.now() - closeTime.getTime() < DESCRIBED_EVERY_MS ? status : cutOff(status, closeTime);
  }

  /** The stages of one running symbol, by task id, of a run of more than 50 symbols: only its own workflow knows them. */
  async stagesOf(symbol: string): Promise<Readonly<Record<string, TaskResult>>> {
    return await this.#questions.ofRun(this.#handle, () => stagesOfChild(this.#handle.client, this.#handle.workflowId, symbol));
  }

  async #ask(): Promise<StatusChanges> {
    const now = Date.now();
    if (this.#whole) return await this.#handle.query(statusQuery, now);
    try {
      return await this.#handle.query(statusSinceQuery, this.#revision ?? null, now);
    } catch (error) {
      if (!(error instanceof QueryNotRegisteredError)) throw error;
      this.#whole = true;
      return await this.#handle.query(statusQuery, now);
    }
  }
}
