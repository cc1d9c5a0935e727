import { ActivityFailure, ApplicationFailure, proxyLocalActivities, workflowInfo } from '@temporalio/workflow';
import type { RunActivities } from '../../activities/registry.ts';
import type { InvalidPipelineError } from '../../contracts/errors.ts';
import type { PackedPrepared } from '../../scheduling/payload/pack-prepared.ts';
import { BOOKKEEPING, CONTINUING } from '../activity-options.ts';

/**
 * Has a worker check the input and look up everything that the run needs, once.
 *
 * @throws ApplicationFailure `InvalidPipeline`, with every problem
 */
export async function prepareRun(
  input: unknown,
  {
    retryOf,
    startedAt,
    exclusive,
    continued,
    ...run
  }: { runId: string; executionId: string; startedAt: number; retryOf?: string; exclusive?: boolean; continued: boolean },
): Promise<PackedPrepared> {
  const { TemporalScheduledStartTime: times, TemporalScheduledById: schedules } = workflowInfo().searchAttributes;
  const scheduled = times?.[0];
  const scheduleId = typeof schedules?.[0] === 'string' ? schedules[0] : undefined;
  const defaultAsOf = scheduled instanceof Date ? scheduled.getTime() : startedAt;
  const { preparePipeline } = proxyLocalActivities<RunActivities>(continued ? CONTINUING : BOOKKEEPING);
  try {
    return await preparePipeline({
      input,
      ...run,
      startedAt,
      defaultAsOf,
      scheduleId,
      retryOf,
      ...(exclusive ? { exclusive } : {}),
      ...(continued ? { continued } : {}),
    });
  } catch (thrown) {
    // The user's run failed for the reason inside, not because "an activity failed".
    if (thrown instanceof ActivityFailure && thrown.cause instanceof ApplicationFailure) throw thrown.cause;
    throw thrown;
  }
}

/** The failure of a run whose input is invalid, with every problem in its details. */
export const invalid = ({ type, message, problems }: InvalidPipelineError): ApplicationFailure =>
  ApplicationFailure.nonRetryable(message, type, problems);
