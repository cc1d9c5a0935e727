import type { Json } from '../../contracts/run/pipeline-input.ts';
import type { TaskError } from '../../contracts/run/pipeline-status.ts';
import type { ReusedTask, RunConfig } from '../../contracts/run/run-config.ts';
import type { Spent } from '../../contracts/task/after-failure.ts';
import { STAGES } from '../../contracts/words.ts';
import type { Graph } from '../graph/graph.ts';
import { reusableTasks } from '../graph/reuse.ts';
import { KeyedHeap } from '../orders/keyed-heap.ts';
import type { TaskOrder } from '../orders/order.ts';
import { TASK_ORDERS } from '../orders/orders.ts';
import { type Durations, expectedSeconds, remainingChains } from '../orders/remaining-chain.ts';
import { type KeptDetails, keepDegraded, keepOutput, noDetails } from './kept-details.ts';
import { STAGE_DETAIL_LIMIT, type StatusDetail } from './run-events.ts';

/** Indices into TASK_STATUSES: what `RunState.status` holds. */
export const PENDING = 0;
export const RUNNING = 1;
export const SUCCESS = 2;
export const FAILED = 3;
export const SKIPPED = 4;
export const CANCELLED = 5;

/** Bits of `RunState.flags`. */
export const STARTED = 1; /* an attempt has begun; `started` is its time, not only the time of the slot */
export const IMPLIED = 2; /* known to have succeeded because a later stage did; details follow with the lane's end */
export const REUSED = 4; /* taken over from an earlier run */

/** What holds one slot. */
export interface Lane {
  readonly id: string;
  /** Index of the symbol; -1 for a custom task. */
  readonly symbol: number;
  readonly first: number;
  readonly last: number;
  /** When it got its slot; UTC epoch milliseconds. */
  readonly openedAt: number;
  /** Attempts of `first` in earlier lanes. */
  readonly earlierAttempts: number;
  /** Counts up over the run: the newest lane has the largest. */
  readonly number: number;
  /** How much urgency the wait for the slot had earned. */
  readonly credit: number;
  /** The task that runs now; -1 when none does any more and the slot is on its way back. */
  current: number;
  /** Smaller = more urgent; only kept by orders that have it. */
  urgency: number;
  /** The slot comes back at the next stage boundary, or at once. */
  returning: boolean;
}

export interface StageSums {
  count: number;
  succeeded: number;
  seconds: number;
  maxSeconds: number;
}

/** Why no further task starts. */
export type Closing = { readonly kind: 'critical'; readonly task: number } | { readonly kind: 'cancel'; readonly reason: string | null };

/**
 * Everything the scheduler knows of one run. Owned by the reducer and updated in place: hand it on, never keep an old one.
 * Arrays are by task index; memory is linear in tasks and dependencies.
 */
export interface RunState {
  readonly graph: Graph;
  readonly order: TaskOrder;
  /** `symbol`: outputs of stages are not kept, so that a run of 10,000 symbols stays small. */
  readonly detail: StatusDetail;
  /** Seconds of the longest chain behind each task. */
  readonly remaining: Float64Array;
  maxConcurrent: number;
  paused: boolean;
  /** Not dehydrated: whoever goes on with the state starts lanes again. */
  draining: boolean;
  startedAt: number | null;
  finishedAt: number | null;
  closing: Closing | null;
  /** When it has to have ended; UTC epoch milliseconds. Not dehydrated: the config has it. */
  readonly deadline: number | null;

  readonly status: Uint8Array;
  readonly flags: Uint8Array;
  /** Dependencies that have not succeeded. */
  readonly waiting: Int32Array;
  readonly attempts: Int32Array;
  readonly failures: Int32Array;
  /** Failures with a limit of their own, of tasks that wait for another attempt. */
  readonly spent: Map<number, Spent>;
  readonly started: Float64Array;
  readonly ended: Float64Array;
  readonly readyAt: Float64Array;
  /** The failed root ancestor; -1. */
  readonly skippedBecause: Int32Array;
  readonly retryAt: Map<number, number>;
  readonly outputs: Map<number, Json>;
  readonly errors: Map<number, TaskError>;
  readonly degraded: Map<number, readonly string[]>;
  readonly details: KeptDetails;

  readonly counts: Int32Array;
  readonly stageSums: readonly StageSums[];
  readonly ready: KeyedHeap;
  /** Ready tasks by their urgency, for orders that have it. */
  readonly readyByUrgency: Map<number, number>;
  readonly retries: KeyedHeap;
  readonly lanes: Map<string, Lane>;
  readonly symbolHasLane: Uint8Array;
  /** Lanes whose slot is on its way back. */
  returning: number;
  lanesStarted: number;
  /** Lanes by urgency, least urgent first, possibly out of date. */
  readonly yieldable: KeyedHeap;
  readonly laneByNumber: Map<number, Lane>;
  /** The `wakeAt` that is in force. */
  wakeAt: number | null;
}

export interface RunParts {
  readonly graph: Graph;
  readonly config: Pick<RunConfig, 'maxConcurrent' | 'order' | 'deadline'>;
  /** Mean seconds by task id or stage, for the `critical-path` order. @default 1 s each */
  readonly durations?: Durations;
  /** Seconds of the longest chain behind each task, where they are known already. @default worked out from `durations` */
  readonly remaining?: Float64Array;
  /** What an earlier run did and this one takes over, by task id; see `reuse.ts`. */
  readonly reused?: ReadonlyMap<string, ReusedTask>;
  /** An order of your own instead of the one that `config` names. */
  readonly order?: TaskOrder;
}

/** A run before its `start`: everything pending but what is taken over from an earlier run. */
export function createRun({
  graph,
  config,
  durations,
  remaining,
  reused = new Map(),
  order = TASK_ORDERS[config.order],
}: RunParts): RunState {
  const state = emptyRun(graph, { order, durations, remaining, maxConcurrent: config.maxConcurrent, deadline: config.deadline });
  for (const task of reusableTasks(graph, (id) => reused.has(id))) {
    const { output = null, degraded = [] } = reused.get(graph.ids[task]) ?? {};
    state.status[task] = SUCCESS;
    state.flags[task] = REUSED;
    keepOutput(state, task, output);
    keepDegraded(state, task, degraded);
  }
  countAgain(state);
  return state;
}

/** All arrays in place, every task pending. @internal */
export function emptyRun(
  graph: Graph,
  options: Pick<RunParts, 'durations' | 'remaining'> & { order: TaskOrder; maxConcurrent: number; deadline?: number },
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

/** Derives `counts` and `waiting` from the statuses. @internal */
export function countAgain(state: RunState): void {
  const { status, counts, waiting, graph } = state;
  counts.fill(0);
  for (let task = 0; task < graph.size; task++) {
    counts[status[task]]++;
    waiting[task] = unmetDependencies(state, task);
  }
}

/** How many of a task's dependencies have not succeeded. @internal */
export function unmetDependencies({ status, graph }: RunState, task: number): number {
  const { offsets, targets } = graph.dependencies;
  let unmet = 0;
  for (let edge = offsets[task]; edge < offsets[task + 1]; edge++) if (status[targets[edge]] !== SUCCESS) unmet++;
  return unmet;
}

/** What an order is told of a task. @internal */
export function readyTask(state: RunState, task: number, readyAt: number): Parameters<TaskOrder['key']>[0] {
  return { taskId: state.graph.ids[task], priority: state.graph.priority[task], readyAt, remainingSeconds: state.remaining[task] };
}
