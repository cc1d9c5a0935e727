import { WorkflowFailedError, type WorkflowHandle, WorkflowNotFoundError } from '@temporalio/client';
import { ApplicationFailure, CancelledFailure, TerminatedFailure, TimeoutFailure } from '@temporalio/common';
import { badInput } from '../../contracts/errors.ts';
import type { PipelineResult } from '../../contracts/run/pipeline-status.ts';
import type { pipeline } from '../../workflows/pipeline.ts';

/** Thrown for a run that ended without a result. */
export class RunEnded extends Error {
  override readonly name = 'RunEnded';
  readonly how: 'invalid' | 'failed' | 'cancelled' | 'terminated';
  /** The result up to the failure, if the failure contains one. */
  readonly partial: PipelineResult | undefined;

  constructor(how: RunEnded['how'], message: string, options: { partial?: PipelineResult; cause?: unknown } = {}) {
    super(message, { cause: options.cause });
    this.how = how;
    this.partial = options.partial;
  }
}

/** Waits for a run's result. @throws RunEnded when the run ended without one */
export async function runOutcome(handle: WorkflowHandle<typeof pipeline>): Promise<PipelineResult> {
  try {
    return await handle.result();
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) {
      throw badInput(`there is no run ${handle.workflowId}; \`predictlab runs\` lists them`, { cause: error });
    }
    if (!(error instanceof WorkflowFailedError)) throw error;
    const cause = error.cause;
    if (cause instanceof CancelledFailure) throw new RunEnded('cancelled', `run ${handle.workflowId} was cancelled`, { cause: error });
    if (cause instanceof TerminatedFailure || cause instanceof TimeoutFailure) {
      throw new RunEnded('terminated', `run ${handle.workflowId} was ended from outside: ${cause.message}`, { cause: error });
    }
    const message = cause?.message ?? error.message;
    if (cause instanceof ApplicationFailure && cause.type === 'InvalidPipeline') throw new RunEnded('invalid', message, { cause: error });
    const partial = cause instanceof ApplicationFailure ? (cause.details?.[0] as PipelineResult | undefined) : undefined;
    throw new RunEnded('failed', message, { partial, cause: error });
  }
}
