import { groupedBy } from '../../contracts/grouped-by.ts';
import type { Json } from '../../contracts/run/pipeline-input.ts';
import type { TaskError } from '../../contracts/run/pipeline-status.ts';
import type { RunConfig } from '../../contracts/run/run-config.ts';
import type { Spent } from '../../contracts/task/after-failure.ts';
import { type Graph, targetsOf } from '../graph/graph.ts';
import { TASK_ORDERS, type TaskOrder } from '../orders/orders.ts';
import type { Durations } from '../orders/remaining-chain.ts';
import { encodedBytes, PAYLOAD_BUDGET } from '../payload/budget.ts';
import { dropNextDetail, keepDegraded, keepError, keepOutput } from '../run/kept-details.ts';
import { enqueueIfReady, offerToYield, openLane } from '../run/lanes.ts';
import { type Closing, emptyRun, FAILED, type Lane, RUNNING, type RunState, recount, SKIPPED, type StageSums } from '../run/run-state.ts';
import {
  openFailures,
  readAttempts,
  readPatterns,
  readSparse,
  readTimes,
  unusualAttempts,
  type WrittenPatterns,
  writePatterns,
  writeSparse,
  writeTimes,
} from './dehydrate-tasks.ts';

/** The state of a run as small JSON: a few characters per symbol, without values that follow from the graph. */
interface Dehydrated {
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
  readonly outputs: readonly (readonly [task: number, output: Json])[];
  readonly errors: readonly (readonly [error: TaskError, tasks: readonly number[]])[];
  readonly degraded: readonly (readonly [reasons: readonly string[], tasks: readonly number[]])[];
  readonly stageSums: readonly StageSums[];
  readonly lanes: readonly Lane[];
  /** Level of the details that the run keeps; an index into LEVELS of `kept-details.ts`. */
  readonly thrift: number;
  /** Attempts that differ from the usual number, and failures above 0, by task, as `writeSparse` writes them. */
  readonly attempts: string;
  readonly failures: string;
  /** Failures that are not counted in `failures`, of tasks that may be tried again; see `Spent`. @default none */
  readonly spent?: readonly (readonly [spent: Spent, tasks: readonly number[]])[];
  /** Milliseconds since the run's start, as `writeSparse` writes them. A ready task that is not listed became ready when the run started. */
  readonly readyAt: string;
  readonly retryAt: string;
  /** Flattened pairs: a skipped task and the failed task that caused it. Pairs that `impliedRoot` finds are omitted. */
  readonly skippedBecause: readonly number[];
}

/**
 * Writes a run's state for the next execution (continue-as-new). `rehydrate` restores the same state from it and from the graph,
 * which is built again from the run's config. What does not fit into `budget` bytes is left out: first details, in the order of
 * `kept-details.ts`, then the times of tasks that have ended.
 *
 * @param budget bytes of its JSON
 */
export function dehydrate(state: RunState, budget = PAYLOAD_BUDGET): Json {
  let written = write(state, true);
  while (encodedBytes(written) > budget && dropNextDetail(state)) written = write(state, true);
  return (encodedBytes(written) > budget ? write(state, false) : written) as unknown as Json;
}

function write(state: RunState, ended: boolean): Dehydrated {
  const { order, maxConcurrent, paused, startedAt, finishedAt, closing, lanesStarted, wakeAt, details } = state;
  const base = startedAt ?? 0;
  const ready = [...state.ready.entries()].map(([, task]) => task).filter((task) => state.readyAt[task] !== startedAt);
  const byTask = (a: readonly [number, number], b: readonly [number, number]): number => a[0] - b[0];
  const spent = new Map([...state.spent].filter(([task]) => state.status[task] <= RUNNING));
  return {
    order: order.name,
    maxConcurrent,
    paused,
    startedAt,
    finishedAt,
    closing,
    lanesStarted,
    wakeAt,
    thrift: details.level,
    tasks: writePatterns(state),
    attempts: writeSparse(unusualAttempts(state, ended)),
    failures: writeSparse(openFailures(state)),
    times: writeTimes(state, ended),
    readyAt: writeSparse(ready.map((task) => [task, state.readyAt[task] - base] as const).sort(byTask)),
    retryAt: writeSparse([...state.retryAt].map(([task, at]) => [task, at - base] as const).sort(byTask)),
    ...(spent.size === 0 ? {} : { spent: grouped(spent) }),
    skippedBecause: [...unusualRoots(state)].flat(),
    outputs: [...state.outputs],
    errors: grouped(state.errors),
    degraded: grouped(state.degraded),
    stageSums: state.stageSums.map((sums) => ({ ...sums })),
    lanes: [...state.lanes.values()].map((lane) => ({ ...lane })),
  };
}

/**
 * Restores the state that `dehydrate` wrote. Measured durations and a custom order are not written, because the caller has them:
 * pass them again.
 *
 * @throws TypeError when the JSON belongs to another graph or was not written by `dehydrate`
 */
export function rehydrate(
  graph: Graph,
  json: Json,
  { order, durations = {}, ...config }: { order?: TaskOrder; durations?: Durations } & Pick<RunConfig, 'deadline' | 'listingProblems'> = {},
): RunState {
  const data = json as unknown as Dehydrated;
  const named = Object.values(TASK_ORDERS).find(({ name }) => name === data.order);
  const used = order ?? named;
  if (used === undefined) throw new TypeError(`the run was ordered by ${data.order}, which is not built in: hand it to rehydrate`);
  const state = emptyRun(graph, { order: used, durations, maxConcurrent: data.maxConcurrent, ...config });
  const { paused, startedAt, finishedAt, lanesStarted, wakeAt, closing } = data;
  Object.assign(state, { paused, startedAt, finishedAt, lanesStarted, wakeAt, closing });
  const base = startedAt ?? 0;
  readPatterns(state, data.tasks);
  readTimes(state, data.times);
  state.details.level = data.thrift;
  readAttempts(state, data.attempts, data.failures);
  for (const [spent, tasks] of data.spent ?? []) for (const task of tasks) state.spent.set(task, spent);
  readRoots(state, new Map(pairs(data.skippedBecause)));
  for (const [task, output] of data.outputs) keepOutput(state, task, output);
  for (const [error, tasks] of data.errors) for (const task of tasks) keepError(state, task, error);
  for (const [reasons, tasks] of data.degraded) for (const task of tasks) keepDegraded(state, task, reasons);
  for (const [index, sums] of data.stageSums.entries()) Object.assign(state.stageSums[index], sums);
  recount(state);

  for (const written of data.lanes) {
    const lane = { ...written };
    openLane(state, lane);
    if (lane.returning) state.returning++;
    else if (lane.symbol >= 0 && used.urgency !== undefined) offerToYield(state, lane);
  }
  for (const [task, since] of readSparse(data.retryAt)) {
    state.retryAt.set(task, base + since);
    state.retries.push(base + since, task);
  }
  const readyAt = new Map([...readSparse(data.readyAt)].map(([task, since]) => [task, base + since]));
  // In a run that is closing, `enqueueIfReady` leaves every task out of the queue.
  for (let task = 0; task < graph.size; task++) enqueueIfReady(state, task, readyAt.get(task) ?? base);
  return state;
}

/** Returns each distinct value once, with the tasks that have it, in order of first appearance. */
function grouped<T>(values: ReadonlyMap<number, T>): (readonly [T, number[]])[] {
  const groups = groupedBy(values, ([, value]) => JSON.stringify(value));
  return [...groups.values()].map((group) => [group[0][1], group.map(([task]) => task)]);
}

function* pairs(flat: readonly number[]): IterableIterator<[number, number]> {
  for (let i = 0; i < flat.length; i += 2) yield [flat[i], flat[i + 1]];
}

/**
 * The failed task that caused a skipped one, derived from its dependencies: the first dependency that failed, or the cause of the
 * first dependency that was skipped. Without either, the critical task that stopped the run.
 */
function impliedRoot({ graph, status, skippedBecause, closing }: RunState, task: number): number {
  for (const dependency of targetsOf(graph.dependencies, task)) {
    if (status[dependency] === FAILED) return dependency;
    if (status[dependency] === SKIPPED) return skippedBecause[dependency];
  }
  return closing?.kind === 'critical' ? closing.task : -1;
}

/** Yields the skipped tasks for which `impliedRoot` does not find the failed task that caused them, in topological order. */
function* unusualRoots(state: RunState): IterableIterator<[task: number, root: number]> {
  for (let task = 0; task < state.graph.size; task++) {
    const root = state.skippedBecause[task];
    if (state.status[task] === SKIPPED && root !== impliedRoot(state, task)) yield [task, root];
  }
}

function readRoots(state: RunState, unusual: ReadonlyMap<number, number>): void {
  for (let task = 0; task < state.graph.size; task++) {
    if (state.status[task] === SKIPPED) state.skippedBecause[task] = unusual.get(task) ?? impliedRoot(state, task);
  }
}
