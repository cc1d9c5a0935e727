import { ApplicationFailure } from '@temporalio/workflow';
import type { PipelineInput } from '../../contracts/run/pipeline-input.ts';
import { cutText } from '../../contracts/text/cut-text.ts';
import type { RunState } from '../../scheduling/run/run-state.ts';

/** Longest task id that a query accepts, in characters: a symbol of the catalogue and a stage are shorter. */
export const MAX_QUERY_LENGTH = 2_000;
/** The latest instant that a JavaScript date can hold. UTC epoch milliseconds. */
const LATEST_TIME = 8.64e15;

/** The client's clock if it is later than the run's last event, else that event's time. */
export function timeOf(passed: unknown): number {
  const last = Date.now();
  return typeof passed === 'number' && passed > last && passed <= LATEST_TIME ? passed : last;
}

/** `maxConcurrent` of an input that is not checked yet; undefined when it is not a whole number. */
export function requestedSlots(input: PipelineInput | null): number | undefined {
  const slots = input?.maxConcurrent;
  return Number.isInteger(slots) ? slots : undefined;
}

/** @throws ApplicationFailure `BadInput` while a run is ending, because tasks started now would never run */
export function refuseWhileEnding(state: RunState | undefined, runId: string): void {
  if (state === undefined || (state.closing === null && state.finishedAt === null)) return;
  throw ApplicationFailure.nonRetryable(
    `run ${runId} is ending and starts no more tasks; once it has ended, \`predictlab retry ${runId}\` runs what did not succeed`,
    'BadInput',
  );
}

/** @throws ApplicationFailure `BadInput` unless the value is a whole number from 1 to 10,000 */
export function validateMaxConcurrent(value: number): void {
  if (!Number.isInteger(value) || value < 1 || value > 10_000) {
    const given = cutText(JSON.stringify(value) ?? 'nothing', 40);
    throw ApplicationFailure.nonRetryable(`setMaxConcurrent: ${given} is not a whole number from 1 to 10000`, 'BadInput');
  }
}
