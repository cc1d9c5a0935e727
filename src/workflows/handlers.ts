import type { QueryDefinition, SignalDefinition, UpdateDefinition } from '@temporalio/common';
import type { PipelineStatus, StatusChanges } from '../contracts/run/pipeline-status.ts';
import type { TaskReport } from '../contracts/task/stage-report.ts';
import type { GraphAnswer } from '../scheduling/payload/fit-graph.ts';

// As `defineQuery` and the like of `@temporalio/workflow` make them (their brands are of types alone). Whoever asks a run needs the
// names, not the whole of that package.
const defineQuery = <Result, Args extends unknown[] = []>(name: string) => ({ type: 'query', name }) as QueryDefinition<Result, Args>;
const defineUpdate = <Result, Args extends unknown[] = []>(name: string) => ({ type: 'update', name }) as UpdateDefinition<Result, Args>;
const defineSignal = <Args extends unknown[] = []>(name: string) => ({ type: 'signal', name }) as SignalDefinition<Args>;

/**
 * Where every task of the run stands. A query does not move a workflow's clock, which may stand still for hours: `now` (UTC
 * epoch milliseconds) is the asker's. @default the time of the run's last event
 */
export const statusQuery = defineQuery<PipelineStatus, [now?: number]>('status');
/**
 * What of the status has changed since a revision that an earlier answer named; the whole without one, and where the run does not
 * know it (another worker has it now, or it went on as new). `now` is the asker's, as for `status`; without it nothing is named.
 */
export const statusSinceQuery = defineQuery<StatusChanges, [revision?: string | null, now?: number]>('statusSince');
/** The tasks in topological order; of a very large run what they are made of, see `readGraph`. */
export const graphQuery = defineQuery<GraphAnswer>('graph');
/** One line: what a task waits for, or why it was skipped or failed. `now` as for `status`. */
export const whyQuery = defineQuery<string, [taskId: string, now?: number]>('why');

/** Sets how many tasks run at once; validated, takes effect at once. */
export const setMaxConcurrentUpdate = defineUpdate<number, [value: number]>('setMaxConcurrent');
/** No new task starts until `resume`. */
export const pauseUpdate = defineUpdate<void>('pause');
/** Tasks start again. */
export const resumeUpdate = defineUpdate<void>('resume');
/** Failed and skipped tasks go again; returns their ids. Refused once the run is ending: they would never run. */
export const retryFailedUpdate = defineUpdate<readonly string[]>('retryFailed');

/** Child → parent: how the symbol's stages are getting on. @internal */
export const reportsSignal = defineSignal<[lane: string, reports: readonly TaskReport[]]>('reports');
/** Parent → child: give the slot back at the next stage boundary. @internal */
export const yieldSignal = defineSignal('yieldLane');
/** What a symbol's child has done so far; the command line fills in stages of large runs from it. @internal */
export const stagesQuery = defineQuery<readonly TaskReport[]>('stages');
