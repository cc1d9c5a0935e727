import type { Json } from '../../contracts/run/pipeline-input.ts';
import type { TaskError } from '../../contracts/run/pipeline-status.ts';
import type { ReusedTask, RunConfig } from '../../contracts/run/run-config.ts';
import type { Spent } from '../../contracts/task/after-failure.ts';
import { STAGES } from '../../contracts/words.ts';
import { type Graph, reusableTasks, targetsOf } from '../graph/graph.ts';
import { KeyedHeap } from '../orders/keyed-heap.ts';
import { TASK_ORDERS, type TaskOrder } from '../orders/orders.ts';
import { type Durations, expectedSeconds, remainingChains } from '../orders/remaining-chain.ts';
import { type KeptDetails, keepDegraded, keepOutput, noDetails } from './kept-details.ts';
import { STAGE_DETAIL_LIMIT, type StatusDetail } from './run-events.ts';

/** Values of `RunState.status`: indices into TASK_STATUSES. */
export const PENDING = 0;
export const RUNNING = 1;
export const SUCCESS = 2;
export const FAILED = 3;
export const SKIPPED = 4;
export const CANCELLED = 5;

/** Bits of `RunState.flags`. */
export const STARTED = 1; /* an attempt has started; `started` is its time, not only the time of the slot */
export const IMPLIED = 2; /* known to have succeeded because a later stage did; details follow with the lane's end */
export const REUSED = 4; /* taken over from an earlier run */

/** The holder of one slot. */
export interface Lane {
  readonly id: string;
  /** Index of the symbol; -1 for a custom task. */
  readonly symbol: number;
  /** The tasks that the lane runs, in order: a symbol's stages, a custom task, or short custom tasks. */
  readonly tasks: readonly number[];
  /** When the lane got its slot; UTC epoch milliseconds. */
  readonly openedAt: number;
  /** Attempts of the first task in earlier lanes. */
  readonly earlierAttempts: number;
  /** Sequence number in the run; the newest lane has the largest. */
  readonly number: number;
  /** Urgency that the first task gained while it waited for the slot. */
  readonly credit: number;
  /** The task that is running; -1 when none is running any more and the slot is about to be released. */
  current: number;
  /** Current urgency; smaller is more urgent. Set only for orders with `urgency`. */
  urgency: number;
  /** Whether the slot will be released at the next stage boundary, or immediately. */
  returning: boolean;
}

export interface StageSums {
  count: number;
  succeeded: number;
  seconds: number;
  maxSeconds: number;
}

/** The reason why no further task starts. */
export type Closing = { readonly kind: 'critical'; readonly task: number } | { readonly kind: 'cancel'; readonly reason: string | null };

/**
 * The scheduler's state of one run. The reducer owns it and updates it in place, so keep no copy of it. Arrays are by task index;
 * memory is linear in tasks and dependencies.
 */
export interface RunState {
  readonly graph: Graph;
  readonly order: TaskOrder;
  /** Level of detail; with `symbol`, stages' outputs are not kept, so that a run of 10,000 symbols stays small. */
  readonly detail: StatusDetail;
  /** Seconds of the longest chain that starts with each task. */
  readonly remaining: Float64Array;
  maxConcurrent: number;
  paused: boolean;
  /** Whether no further lane starts because the workflow is about to continue as new; false again in the next execution. */
  draining: boolean;
  startedAt: number | null;
  finishedAt: number | null;
  closing: Closing | null;
  /** The run's deadline, UTC epoch milliseconds. Not dehydrated, because the config has it. */
  readonly deadline: number | null;
  /** Problems of listing the run's universes, one sentence each. Not dehydrated, because the config has them. */
  readonly listingProblems: readonly string[];

  readonly status: Uint8Array;
  readonly flags: Uint8Array;
  /** Number of dependencies that have not succeeded. */
  readonly waiting: Int32Array;
  readonly attempts: Int32Array;
  readonly failures: Int32Array;
  /** Failures with a retry limit of their own, which `failures` does not count, by task that waits for another attempt. */
  readonly spent: Map<number, Spent>;
  readonly started: Float64Array;
  readonly ended: Float64Array;
  readonly readyAt: Float64Array;
  /** The failed task that caused a skipped one; -1 for tasks that are not skipped. */
  readonly skippedBecause: Int32Array;
  readonly retryAt: Map<number, number>;
  readonly outputs: Map<number, Json>;
  readonly errors: Map<number, TaskError>;
  readonly degraded: Map<number, readonly string[]>;
  readonly details: KeptDetails;

  readonly counts: Int32Array;
  readonly stageSums: readonly StageSums[];
  readonly ready: KeyedHeap;
  /** Number of ready tasks per urgency value; only for orders with `urgency`. */
  readonly readyByUrgency: Map<number, number>;
  readonly retries: KeyedHeap;
  readonly lanes: Map<string, Lane>;
  readonly symbolHasLane: Uint8Array;
  /** Number of lanes whose slot is about to be released. */
  returning: number;
  lanesStarted: number;
  /** Lanes of symbols by urgency, least urgent first; entries may be outdated. */
  readonly yieldable: KeyedHeap;
  readonly laneByNumber: Map<number, Lane>;
  /** Time of the pending `wakeAt` command; null when none is pending. */
  wakeAt: number | null;
}

export interface RunParts {
  readonly graph: Graph;
  readonly config: Pick<RunConfig, 'maxConcurrent' | 'order' | 'deadline' | 'listingProblems'>;
  /** Mean seconds by task id or stage, for the `critical-path` order. @default 1 s each */
  readonly durations?: Durations;
  /** Seconds of the longest chain that starts with each task. @default computed from `durations` */
  readonly remaining?: Float64Array;
  /** Successes of an earlier run that this one reuses, by task id. */
  readonly reused?: ReadonlyMap<string, ReusedTask>;
  /** A custom order instead of the one that `config` names. */
  readonly order?: TaskOrder;
}

/** Creates the state of a run before its `start`: every task is pending except those reused from an earlier run. */
export function createRun({
  graph,
  config,
  durations,
  remaining,
  reused = new Map(),
  order = TASK_ORDERS[config.order],
}: RunParts): RunState {
  const { maxConcurrent, deadline, listingProblems } = config;
  const state = emptyRun(graph, { order, durations, remaining, maxConcurrent, deadline, listingProblems });
  for (const task of reusableTasks(graph, (id) => reused.has(id))) {
    const { output = null, degraded = [] } = reused.get(graph.ids[task]) ?? {};
    state.status[task] = SUCCESS;
    state.flags[task] = REUSED;
    keepOutput(state, task, output);
    keepDegraded(state, task, degraded);
  }
  recount(state);
  return state;
}

/** Creates a state in which every task is pending. @internal */
export function emptyRun(
  graph: Graph,
  options: Pick<RunParts, 'durations' | 'remaining'> &
    Pick<RunConfig, 'maxConcurrent' | 'deadline' | 'listingProblems'> & { order: TaskOrder },
): RunState {
  const { size } = graph;
  const { durations = {} } = options;
  return {
    graph,
    order: options.order,
    detail: graph.symbols.length > STAGE_DETAIL_LIMIT ? 'symbol' : 'stage',
    remaining: options.remaining ?? remainingChains(graph, (task) => expectedSeconds(graph, task, durations)),
    maxConcurrent: options.maxConcurrent,
    paused: false,
    draining: false,
    startedAt: null,
    finishedAt: null,
    closing: null,
    deadline: options.deadline ?? null,
    listingProblems: options.listingProblems ?? [],
    status: new Uint8Array(size),
    flags: new Uint8Array(size),
    waiting: new Int32Array(size),
    attempts: new Int32Array(size),
    failures: new Int32Array(size),
    spent: new Map(),
    started: new Float64Array(size).fill(Number.NaN),
    ended: new Float64Array(size).fill(Number.NaN),
    readyAt: new Float64Array(size).fill(Number.NaN),
    skippedBecause: new Int32Array(size).fill(-1),
    retryAt: new Map(),
    outputs: new Map(),
    errors: new Map(),
    degraded: new Map(),
    details: noDetails(),
    counts: new Int32Array(6),
    stageSums: STAGES.map(() => ({ count: 0, succeeded: 0, seconds: 0, maxSeconds: 0 })),
    ready: new KeyedHeap(),
    readyByUrgency: new Map(),
    retries: new KeyedHeap(),
    lanes: new Map(),
    symbolHasLane: new Uint8Array(graph.symbols.length),
    returning: 0,
    lanesStarted: 0,
    yieldable: new KeyedHeap(),
    laneByNumber: new Map(),
    wakeAt: null,
  };
}

/** Computes `counts` and `waiting` from the statuses. @internal */
export function recount(state: RunState): void {
  const { status, counts, waiting, graph } = state;
  counts.fill(0);
  for (let task = 0; task < graph.size; task++) {
    counts[status[task]]++;
    waiting[task] = unmetDependencies(state, task);
  }
}

/** The number of a task's dependencies that have not succeeded. @internal */
export function unmetDependencies({ status, graph }: RunState, task: number): number {
  let unmet = 0;
  for (const dependency of targetsOf(graph.dependencies, task)) if (status[dependency] !== SUCCESS) unmet++;
  return unmet;
}

/** The facts by which an order ranks a task. @internal */
export function readyTask(state: RunState, task: number, readyAt: number): Parameters<TaskOrder['key']>[0] {
  return { taskId: state.graph.ids[task], priority: state.graph.priority[task], readyAt, remainingSeconds: state.remaining[task] };
}

/** Changes a task's status and the counts. Once a run has started, statuses change only here. */
export function setStatus(state: RunState, task: number, status: number): void {
  state.counts[state.status[task]]--;
  state.counts[status]++;
  state.status[task] = status;
}
