import type { PredictLabError } from '../../contracts/errors.ts';
import type { Log } from '../../contracts/log.ts';
import type { Json } from '../../contracts/run/pipeline-input.ts';
import type { StageEffect } from '../../contracts/task/stage-effect.ts';
import type { StageInput } from '../../contracts/task/stage-report.ts';
import type { Transaction } from '../../storage/database/database.ts';

/**
 * What a stage function gets besides its input. The runner around it has already looked into the ledger, maps errors,
 * times the attempt out and counts attempts; the stage only works, heartbeats and commits.
 */
export interface StageWork {
  /** Aborts at cancellation, timeout and worker shutdown. Check it between batches; pass it to I/O. */
  readonly signal: AbortSignal;
  /** The resume point of an earlier attempt, if one got that far. */
  readonly resume: Json | undefined;
  readonly attempt: number;
  /** How long this attempt may take from its start, in milliseconds; Infinity where nobody times it out. */
  readonly timeoutMs: number;
  /** Whether the task would be tried again if this attempt failed with the error. */
  mayRetry(error: PredictLabError): boolean;
  readonly log: Log;
  /** Says "still alive, and this far": call it every page or batch, it is throttled. */
  heartbeat(resume: Json): void;
  /**
   * Ends the stage: runs `write` and records the ledger row in one transaction. If the task's row is already there (an
   * earlier completion was lost, or another worker was faster), `write` does not run and the first effect is returned.
   */
  commit(write: (transaction: Transaction) => Promise<StageEffect>): Promise<StageEffect>;
  /** Ends a stage that has written nothing to the database: records the ledger row alone, in one statement; the first one counts here too. */
  record(effect: StageEffect): Promise<StageEffect>;
}

/** A stage: from its input to its one effect. */
export type StageFunction = (input: StageInput, work: StageWork) => Promise<StageEffect>;
