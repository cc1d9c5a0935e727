import { ApplicationFailure, workflowInfo } from '@temporalio/workflow';
import { messageOf } from '../../contracts/errors.ts';
import type { ContinuedRun, PreparedRun } from '../../contracts/run/run-config.ts';
import { dehydrate, rehydrate } from '../../scheduling/carry/dehydrate.ts';
import type { Graph } from '../../scheduling/graph/graph.ts';
import { CARRIED_CONFIG, encodedBytes, PAYLOAD_BUDGET } from '../../scheduling/payload/budget.ts';
import { packPrepared } from '../../scheduling/payload/pack-prepared.ts';
import { lanesToCome } from '../../scheduling/run/lanes.ts';
import type { RunState } from '../../scheduling/run/run-state.ts';

/** Events after which the run continues in a new execution, unless the server suggests it earlier; both are far below the server's limits. */
const HISTORY_LIMIT = 4_000;
/** A run that will end within this many events and bytes continues in the same execution, because continuing as new empties the slots first. */
const LAST_EVENTS = 5_000;
const LAST_BYTES = 8_000_000;
/** History events per lane: its start and end, and its share of the workflow tasks. */
const EVENTS_PER_LANE = 5;

/** Whether the run should continue in a new execution before its history comes near the server's limits. */
export function isHistoryFull(state: RunState): boolean {
  const { continueAsNewSuggested, historyLength, historySize } = workflowInfo();
  if (historyLength <= HISTORY_LIMIT) return continueAsNewSuggested;
  return historySize > LAST_BYTES || historyLength + EVENTS_PER_LANE * (state.lanes.size + lanesToCome(state)) > LAST_EVENTS;
}

/** The input of the next execution. A large config is not included: the next execution reads it from the database again. */
export function carriedOn({ config, durations, inline, searchable }: PreparedRun, startedAt: number, state: RunState): ContinuedRun {
  const whole = packPrepared({ config, durations, reused: new Map(), searchable });
  // A config with inline secrets is not complete in the database, so it is passed on at any size; measured durations are left out then, to make room for the state.
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
    return rehydrate(graph, state, { durations, deadline: config.deadline });
  } catch (error) {
    const message = `continued.state does not belong to this run (${messageOf(error)}); start the run again`;
    throw ApplicationFailure.nonRetryable(message, 'InvalidPipeline');
  }
}
