import type { PredictLabError } from '../../contracts/errors.ts';
import type { Log } from '../../contracts/log.ts';
import type { Json } from '../../contracts/run/pipeline-input.ts';
import type { StageEffect, StageInput } from '../../contracts/task/stage-report.ts';
import { stageTaskId } from '../../contracts/words.ts';
import type { Database, Transaction } from '../../storage/database/database.ts';
import { commitEffect, recordEffect } from '../../storage/runs/ledger/ledger.ts';

/** What a stage gets in addition to its input. The runner, not the stage, checks the ledger, maps errors and applies the timeout. */
export interface StageWork {
  /** Aborts at cancellation, timeout and worker shutdown. Check it between batches; pass it to I/O. */
  readonly signal: AbortSignal;
  readonly resume: Json | undefined;
  readonly attempt: number;
  /** Longest duration of this attempt from its start, in milliseconds; Infinity without a timeout. */
  readonly timeoutMs: number;
  /** Whether the task would be retried if this attempt failed with the error. */
  mayRetry(error: PredictLabError): boolean;
  readonly log: Log;
  /** Sends a heartbeat with the resume point. Call it for every page or batch; it is throttled. */
  heartbeat(resume: Json): void;
  /**
   * Ends the stage: runs `write` and records the ledger row in one transaction. If the task's row is already there (an earlier completion
   * was lost, or another worker was faster), `write` does not run and the first effect is returned.
   */
  commit(write: (transaction: Transaction) => Promise<StageEffect>): Promise<StageEffect>;
  /** Records the effect of a stage that wrote nothing else to the database. If an effect is recorded already, that one is returned. */
  record(effect: StageEffect): Promise<StageEffect>;
}

/** A stage: turns its input into its effect. */
export type StageFunction = (input: StageInput, work: StageWork) => Promise<StageEffect>;

/** The `StageWork` of a stage that runs outside of Temporal (an import, a test, a benchmark): one attempt, and heartbeats are ignored. */
export function workOutsideTemporal(work: Pick<StageWork, 'log' | 'commit' | 'record'> & Partial<StageWork>): StageWork {
  return {
    signal: new AbortController().signal,
    resume: undefined,
    attempt: 1,
    timeoutMs: Number.POSITIVE_INFINITY,
    mayRetry: () => false,
    heartbeat: () => undefined,
    ...work,
  };
}

/** The same as `workOutsideTemporal` with a ledger, so that the stage takes effect once. */
export function recordedWork(
  database: Database,
  { runId, executionId, symbol, stage }: Omit<StageInput, 'settings'>,
  work: Pick<StageWork, 'log'> & Partial<StageWork>,
): StageWork {
  const key = { runId, executionId, symbol, stage, taskId: stageTaskId(symbol, stage), startedAt: Date.now(), attempts: 1 };
  return workOutsideTemporal({
    commit: (write) => commitEffect(database, key, write),
    record: (effect) => recordEffect(database, key, effect),
    ...work,
  });
}

/** Called at each numbered step of a stage, inside its transaction. For fault injection: a probe may end the process there. */
export type Probe = (step: string) => void | Promise<void>;
