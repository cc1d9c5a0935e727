import type { QueryDefinition, SignalDefinition, UpdateDefinition } from '@temporalio/common';
import type { PipelineStatus, StatusChanges } from '../contracts/run/pipeline-status.ts';
import type { TaskReport } from '../contracts/task/stage-report.ts';
import type { GraphAnswer } from '../scheduling/payload/fit-status.ts';

// returns the same as `defineQuery` of `@temporalio/workflow`; clients, which need only names and types, need not load that package
const defineQuery = <Result, Args extends unknown[] = []>(name: string) => ({ type: 'query', name }) as QueryDefinition<Result, Args>;
const defineUpdate = <Result, Args extends unknown[] = []>(name: string) => ({ type: 'update', name }) as UpdateDefinition<Result, Args>;
const defineSignal = <Args extends unknown[] = []>(name: string) => ({ type: 'signal', name }) as SignalDefinition<Args>;

/**
 * The state of every task. A workflow's clock may stand still for hours, so the client passes its own as `now` (UTC epoch milliseconds).
 * @default the time of the run's last event
 */
export const statusQuery = defineQuery<PipelineStatus, [now?: number]>('status');
/**
 * Changes of the status since the revision of an earlier answer; the whole status if that is not known (the run moved to another worker, or
 * continued as new). `now` as for `status`; without it the answer has no revision.
 */
export const statusSinceQuery = defineQuery<StatusChanges, [revision?: string | null, now?: number]>('statusSince');
/** The tasks in topological order; for a very large run only the parts from which `readGraph` builds them. */
export const graphQuery = defineQuery<GraphAnswer>('graph');
/** One line that says what a task waits for, or why it was skipped or failed. `now` as for `status`. */
export const whyQuery = defineQuery<string, [taskId: string, now?: number]>('why');

/** Sets how many tasks run at once; validated, takes effect immediately. */
export const setMaxConcurrentUpdate = defineUpdate<number, [value: number]>('setMaxConcurrent');
/** Keeps new tasks from starting until `resume`. */
export const pauseUpdate = defineUpdate<void>('pause');
/** Lets tasks start again. */
export const resumeUpdate = defineUpdate<void>('resume');
/** Runs failed and skipped tasks again and returns their ids. Refused once the run is ending, because no task would start then. */
export const retryFailedUpdate = defineUpdate<readonly string[]>('retryFailed');

/** Signal from a symbol's child workflow to the run, which reports how its stages ended. @internal */
export const reportsSignal = defineSignal<[lane: string, reports: readonly TaskReport[]]>('reports');
/** Signal from the run to a symbol's child workflow, which requests to return the slot at the next stage boundary. @internal */
export const yieldSignal = defineSignal('yieldLane');
/** The stages that a symbol's child has run so far; the command line completes the status of large runs with them. @internal */
export const stagesQuery = defineQuery<readonly TaskReport[]>('stages');
