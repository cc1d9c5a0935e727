import { ApplicationFailure, workflowInfo } from '@temporalio/workflow';
import { messageOf } from '../../contracts/errors.ts';
import type { ContinuedRun, PreparedRun } from '../../contracts/run/run-config.ts';
import { dehydrate, rehydrate } from '../../scheduling/carry/dehydrate.ts';
import type { Graph } from '../../scheduling/graph/graph.ts';
import { CARRIED_CONFIG, PAYLOAD_BUDGET } from '../../scheduling/payload/budget.ts';
import { encodedBytes } from '../../scheduling/payload/encoded-bytes.ts';
import { packPrepared } from '../../scheduling/payload/pack-prepared.ts';
import { lanesToCome } from '../../scheduling/run/lanes.ts';
import type { RunState } from '../../scheduling/run/run-state.ts';

/** History is handed to a new execution past this many events, or where the server suggests it; both long before its limits. */
const HISTORY_LIMIT = 4_000;
/** A run that ends within so many events, and is not large in bytes, goes on: a hand-over lets the slots run empty. */
const LAST_EVENTS = 5_000;
const LAST_BYTES = 8_000_000;
/** A lane's start and end, with its part of the workflow tasks. */
const EVENTS_PER_LANE = 5;

/** Whether the run's history should be handed to a new execution before the server's limits are near. */
export function isHistoryFull(state: RunState): boolean {
  const { continueAsNewSuggested, historyLength, historySize } = workflowInfo();
  if (historyLength <= HISTORY_LIMIT) return continueAsNewSuggested;
  return historySize > LAST_BYTES || historyLength + EVENTS_PER_LANE * (state.lanes.size + lanesToCome(state)) > LAST_EVENTS;
}

/** What the next execution starts from. A large config it asks for again; the input was checked and is in the database. */
export function carriedOn({ config, durations, inline, searchable }: PreparedRun, startedAt: number, state: RunState): ContinuedRun {
  const whole = packPrepared({ config, durations, reused: new Map(), searchable });
  // One that the database does not have whole travels on at any size; beside it the state needs the room of the durations.
  const packed = inline
    ? { ...(encodedBytes(whole) > CARRIED_CONFIG ? { packed: whole.packed, ...(searchable ? { searchable } : {}) } : whole), inline }
    : whole;
  const bytes = encodedBytes(packed);
  const prepared = inline || bytes <= CARRIED_CONFIG ? packed : undefined;
  return { prepared, startedAt, state: dehydrate(state, PAYLOAD_BUDGET - (prepared === undefined ? 0 : bytes)) };
}

/** The run's state as the execution before left it. @throws ApplicationFailure when somebody else than the run itself wrote it */
export function carriedState(graph: Graph, { state }: ContinuedRun, { config, durations }: PreparedRun): RunState {
  try {
    return rehydrate(graph, state, { durations, deadline: config.deadline });
  } catch (error) {
    const message = `continued.state is none of this run (${messageOf(error)}); start the run anew`;
    throw ApplicationFailure.nonRetryable(message, 'InvalidPipeline');
  }
}
