import type { Spent } from '../../contracts/after-failure.ts';
import type { Json } from '../../contracts/pipeline-input.ts';
import type { TaskError } from '../../contracts/pipeline-status.ts';
import type { Graph } from '../graph/graph.ts';
import type { TaskOrder } from '../orders/order.ts';
import { TASK_ORDERS } from '../orders/orders.ts';
import type { Durations } from '../orders/remaining-chain.ts';
import { readPatterns, type WrittenPatterns, writePatterns } from './dehydrate-patterns.ts';
import { readTimes, writeTimes } from './dehydrate-times.ts';
import { offerToYield, openLane } from './lanes.ts';
import { enqueueIfReady } from './ready-tasks.ts';
import { type Closing, countAgain, emptyRun, keepDegraded, type Lane, type RunState, type StageSums } from './run-state.ts';

/** A state as small JSON: a few characters per symbol; only failures, open lanes and waits are spelled out. */
interface Dehydrated {
  readonly version: 1;
  readonly order: string;
  readonly maxConcurrent: number;
  readonly paused: boolean;
  readonly startedAt: number | null;
  readonly finishedAt: number | null;
  readonly closing: Closing | null;
  readonly lanesStarted: number;
  readonly wakeAt: number | null;
  readonly tasks: WrittenPatterns;
  readonly times: string;
  /** Flat pairs of task and number. Ready tasks that are not named became ready when the run started. */
  readonly readyAt: readonly number[];
  readonly retryAt: readonly number[];
  /** @default none */
  readonly spent?: readonly (readonly [task: number, spent: Spent])[];
  /** Flat pairs of task and root task. */
  readonly skippedBecause: readonly number[];
  readonly outputs: readonly (readonly [task: number, output: Json])[];
  readonly errors: readonly (readonly [error: TaskError, tasks: readonly number[]])[];
  readonly degraded: readonly (readonly [reasons: readonly string[], tasks: readonly number[]])[];
  readonly stageSums: readonly StageSums[];
  readonly lanes: readonly Lane[];
}

/**
 * Writes a run's state for the next execution (continue-as-new). `rehydrate` makes the same state of it and of the graph,
 * which is built again from the run's config.
 */
export function dehydrate(state: RunState): Json {
  const { order, maxConcurrent, paused, startedAt, finishedAt, closing, lanesStarted, wakeAt } = state;
  const ready = [...state.ready.entries()].map(([, task]) => task).sort((a, b) => a - b);
  const data: Dehydrated = {
    version: 1,
    order: order.name,
    maxConcurrent,
    paused,
    startedAt,
    finishedAt,
    closing,
    lanesStarted,
    wakeAt,
    tasks: writePatterns(state),
    times: writeTimes(state),
    readyAt: ready.filter((task) => state.readyAt[task] !== startedAt).flatMap((task) => [task, state.readyAt[task]]),
    retryAt: [...state.retryAt].flat(),
    ...(state.spent.size === 0 ? {} : { spent: [...state.spent] }),
    skippedBecause: [...state.skippedBecause.entries()].filter(([, root]) => root >= 0).flat(),
    outputs: [...state.outputs],
    errors: grouped(state.errors),
    degraded: grouped(state.degraded),
    stageSums: state.stageSums.map((sums) => ({ ...sums })),
    lanes: [...state.lanes.values()].map((lane) => ({ ...lane })),
  };
  return data as unknown as Json;
}

/**
 * The state that was dehydrated. Orders that look at measured durations need them again (they are not written, because
 * the caller has them), and so does an order of your own.
 */
export function rehydrate(
  graph: Graph,
  json: Json,
  { order, durations = {} }: { order?: TaskOrder; durations?: Durations } = {},
): RunState {
  const data = json as unknown as Dehydrated;
  const named = (TASK_ORDERS as Readonly<Record<string, TaskOrder | undefined>>)[data.order];
  const used = order ?? named;
  if (used === undefined) throw new TypeError(`the run was ordered by ${data.order}, which is not built in: hand it to rehydrate`);
  const state = emptyRun(graph, { order: used, durations, maxConcurrent: data.maxConcurrent });
  const { paused, startedAt, finishedAt, lanesStarted, wakeAt } = data;
  Object.assign(state, { paused, startedAt, finishedAt, lanesStarted, wakeAt });
  readPatterns(state, data.tasks);
  readTimes(state, data.times);
  for (const [task, root] of pairs(data.skippedBecause)) state.skippedBecause[task] = root;
  for (const [task, spent] of data.spent ?? []) state.spent.set(task, spent);
  for (const [task, output] of data.outputs) state.outputs.set(task, output);
  for (const [error, tasks] of data.errors) for (const task of tasks) state.errors.set(task, error);
  for (const [reasons, tasks] of data.degraded) for (const task of tasks) keepDegraded(state, task, reasons);
  for (const [index, sums] of data.stageSums.entries()) Object.assign(state.stageSums[index], sums);
  countAgain(state);

  for (const written of data.lanes) {
    const lane = { ...written };
    openLane(state, lane);
    if (lane.returning) state.returning++;
    else if (lane.symbol >= 0 && used.urgency !== undefined) offerToYield(state, lane);
  }
  for (const [task, at] of pairs(data.retryAt)) {
    state.retryAt.set(task, at);
    state.retries.push(at, task);
  }
  const readyAt = new Map(pairs(data.readyAt));
  if (data.closing === null)
    for (let task = 0; task < graph.size; task++) enqueueIfReady(state, task, readyAt.get(task) ?? data.startedAt ?? 0);
  state.closing = data.closing;
  return state;
}

/** Each distinct value once, with the tasks that have it; in order of first appearance. */
function grouped<T>(values: ReadonlyMap<number, T>): (readonly [T, number[]])[] {
  const groups = new Map<string, readonly [T, number[]]>();
  for (const [task, value] of values) {
    const key = JSON.stringify(value);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [value, [task]]);
    else group[1].push(task);
  }
  return [...groups.values()];
}

function* pairs(flat: readonly number[]): IterableIterator<[number, number]> {
  for (let i = 0; i < flat.length; i += 2) yield [flat[i], flat[i + 1]];
}
