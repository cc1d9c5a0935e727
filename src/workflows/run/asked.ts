import { ApplicationFailure } from '@temporalio/workflow';
import type { PipelineInput } from '../../contracts/run/pipeline-input.ts';
import { cutText } from '../../contracts/text/cut-text.ts';
import type { RunState } from '../../scheduling/run/run-state.ts';

/** What queries and updates are asked with, looked at before a run answers. */

/** A task id that is asked about: a symbol of the catalogue and a stage have less. Characters. */
export const LONGEST_ASKED = 2_000;
/** The last instant that has a date. */
const LATEST_TIME = 8.64e15;

/** The asker's clock, where it has come further than the run's last event. */
export function timeOf(asked: unknown): number {
  const last = Date.now();
  return typeof asked === 'number' && asked > last && asked <= LATEST_TIME ? asked : last;
}

/** Of an input that nobody has checked yet. */
export function slotsAsked(input: PipelineInput | null): number | undefined {
  const asked = input?.maxConcurrent;
  return Number.isInteger(asked) ? asked : undefined;
}

/** @throws ApplicationFailure `BadInput` while a run ends: what it would start again would never run */
export function refuseWhileEnding(state: RunState | undefined, runId: string): void {
  if (state === undefined || (state.closing === null && state.finishedAt === null)) return;
  throw ApplicationFailure.nonRetryable(
    `run ${runId} is ending, no task of it starts any more; once it has ended, \`predictlab retry ${runId}\` starts what did not succeed anew`,
    'BadInput',
  );
}

/** @throws ApplicationFailure `BadInput` for anything but 1 to 10,000 slots */
export function validateMaxConcurrent(value: number): void {
  if (!Number.isInteger(value) || value < 1 || value > 10_000) {
    const given = cutText(JSON.stringify(value) ?? 'nothing', 40);
    throw ApplicationFailure.nonRetryable(`setMaxConcurrent: ${given} is not a whole number from 1 to 10000`, 'BadInput');
  }
}
