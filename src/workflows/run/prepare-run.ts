import {
  ActivityFailure,
  ApplicationFailure,
  isCancellation,
  proxyActivities,
  proxyLocalActivities,
  type WorkflowInfo,
  workflowInfo,
} from '@temporalio/workflow';
import type { RunActivities } from '../../activities/registry.ts';
import { type InvalidPipelineError, messageOf } from '../../contracts/errors.ts';
import type { PipelineInput } from '../../contracts/run/pipeline-input.ts';
import type { ContinuedRun, PreparedRun } from '../../contracts/run/run-config.ts';
import { cutText } from '../../contracts/text/cut-text.ts';
import { dehydrate, rehydrate } from '../../scheduling/carry/dehydrate.ts';
import type { Graph } from '../../scheduling/graph/graph.ts';
import { CARRIED_CONFIG, encodedBytes, PAYLOAD_BUDGET } from '../../scheduling/payload/budget.ts';
import { type PackedPrepared, packPrepared } from '../../scheduling/payload/pack-prepared.ts';
import { lanesToCome } from '../../scheduling/run/lanes.ts';
import type { RunState } from '../../scheduling/run/run-state.ts';
import { BOOKKEEPING, CONTINUING, LISTING } from '../activity-options.ts';

/**
 * Checks the input and looks up everything that the run needs, once, by an activity. A run of universes first lists their markets.
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
  const call = {
    input,
    ...run,
    startedAt,
    defaultAsOf,
    scheduleId,
    retryOf,
    ...(exclusive ? { exclusive } : {}),
    ...(continued ? { continued } : {}),
  };
  try {
    const first = await preparePipeline(call);
    if (!('expand' in first)) return first;
    const { expandUniverses } = proxyActivities<RunActivities>(LISTING);
    let listingProblems: readonly string[];
    try {
      const expanded = await expandUniverses({ universes: first.expand, asOf: first.asOf });
      listingProblems = expanded.flatMap(({ universe, problems }) => problems.map((problem) => `${universe}: ${problem}`));
    } catch (thrown) {
      // the run continues: shards have the members of the last listing, and a universe without shards fails like a symbol
      if (isCancellation(thrown)) throw thrown;
      const { cause } = thrown as Error;
      listingProblems = [
        `${first.expand.join(', ')} could not be listed, the members of the last listing are used: ${messageOf(cause ?? thrown)}`,
      ];
    }
    return (await preparePipeline({ ...call, expanded: true, listingProblems })) as PackedPrepared;
  } catch (thrown) {
    // Users should see the reason inside, not "an activity failed".
    if (thrown instanceof ActivityFailure && thrown.cause instanceof ApplicationFailure) throw thrown.cause;
    throw thrown;
  }
}

/** The failure of a run whose input is invalid, with every problem in its details. */
export const invalid = ({ type, message, problems }: InvalidPipelineError): ApplicationFailure =>
  ApplicationFailure.nonRetryable(message, type, problems);

/** Maximum number of characters of a task id in a query; the id of a stage of a catalogue symbol is shorter. */
export const MAX_QUERY_LENGTH = 2_000;
/** The latest instant that a JavaScript date can hold. UTC epoch milliseconds. */
const LATEST_TIME = 8.64e15;

/** The client's clock if it is later than the run's last event, else that event's time. */
export function timeOf(passed: unknown): number {
  const last = Date.now();
  return typeof passed === 'number' && passed > last && passed <= LATEST_TIME ? passed : last;
}

/** The field `maxConcurrent` of an input that is not checked yet; undefined when it is not a whole number. */
export function requestedSlots(input: PipelineInput | null): number | undefined {
  const slots = input?.maxConcurrent;
  return Number.isInteger(slots) ? slots : undefined;
}

/** Refuses an update while a run is ending, because tasks started now would never run. @throws ApplicationFailure `BadInput` */
export function refuseWhileEnding(state: RunState | undefined, runId: string): void {
  if (state === undefined || (state.closing === null && state.finishedAt === null)) return;
  throw ApplicationFailure.nonRetryable(
    `run ${runId} is ending and starts no more tasks; once it has ended, \`predictlab retry ${runId}\` runs what did not succeed`,
    'BadInput',
  );
}

/** Checks a new `maxConcurrent`. @throws ApplicationFailure `BadInput` unless it is a whole number from 1 to 10,000 */
export function validateMaxConcurrent(value: number): void {
  if (!Number.isInteger(value) || value < 1 || value > 10_000) {
    const given = cutText(JSON.stringify(value) ?? 'nothing', 40);
    throw ApplicationFailure.nonRetryable(`setMaxConcurrent: ${given} is not a whole number from 1 to 10000`, 'BadInput');
  }
}

/** Number of history events after which a run continues in a new execution, unless the server suggests it earlier; far below its limits. */
const HISTORY_LIMIT = 4_000;
/** Events and bytes of history within which a run must end to stay in its execution, since continuing as new first empties all slots. */
const LAST_EVENTS = 5_000;
const LAST_BYTES = 8_000_000;
type HistorySoFar = Pick<WorkflowInfo, 'continueAsNewSuggested' | 'historyLength' | 'historySize'>;

/** Number of history events per lane: for its start, its end and its share of the workflow tasks. */
const EVENTS_PER_LANE = 5;

/**
 * Whether the run should continue in a new execution before its history comes near the server's limits.
 * @param history the length in events and the size in bytes of the history so far @default that of this execution
 */
export function isHistoryFull(
  state: RunState,
  { continueAsNewSuggested, historyLength, historySize }: HistorySoFar = workflowInfo(),
): boolean {
  if (historyLength <= HISTORY_LIMIT) return continueAsNewSuggested;
  return historySize > LAST_BYTES || historyLength + EVENTS_PER_LANE * (state.lanes.size + lanesToCome(state)) > LAST_EVENTS;
}

/** The input of the next execution. A large config is not included: the next execution reads it from the database again. */
export function carriedOn({ config, durations, inline, searchable }: PreparedRun, startedAt: number, state: RunState): ContinuedRun {
  const whole = packPrepared({ config, durations, reused: new Map(), searchable });
  // a config with inline secrets is not complete in the database, so it is passed on at any size, without durations to save space
  const packed = inline
    ? { ...(encodedBytes(whole) > CARRIED_CONFIG ? { packed: whole.packed, ...(searchable ? { searchable } : {}) } : whole), inline }
    : whole;
  const bytes = encodedBytes(packed);
  const prepared = inline || bytes <= CARRIED_CONFIG ? packed : undefined;
  return { prepared, startedAt, state: dehydrate(state, PAYLOAD_BUDGET - (prepared === undefined ? 0 : bytes)) };
}

/** The run's state as the previous execution left it. @throws ApplicationFailure when the run itself did not write it */
export function carriedState(graph: Graph, { state }: ContinuedRun, { config, durations }: PreparedRun): RunState {
  try {
    return rehydrate(graph, state, { durations, deadline: config.deadline, listingProblems: config.listingProblems });
  } catch (error) {
    const message = `continued.state does not belong to this run (${messageOf(error)}); start the run again`;
    throw ApplicationFailure.nonRetryable(message, 'InvalidPipeline');
  }
}
