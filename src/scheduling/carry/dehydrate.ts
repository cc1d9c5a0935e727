import type { Json } from '../../contracts/run/pipeline-input.ts';
import type { TaskError } from '../../contracts/run/pipeline-status.ts';
import type { Spent } from '../../contracts/task/after-failure.ts';
import type { Graph } from '../graph/graph.ts';
import type { TaskOrder } from '../orders/order.ts';
import { TASK_ORDERS } from '../orders/orders.ts';
import type { Durations } from '../orders/remaining-chain.ts';
import { PAYLOAD_BUDGET } from '../payload/budget.ts';
import { encodedBytes } from '../payload/encoded-bytes.ts';
import { economiseOnce, keepDegraded, keepError, keepOutput } from '../run/kept-details.ts';
import { offerToYield, openLane } from '../run/lanes.ts';
import { enqueueIfReady } from '../run/ready-tasks.ts';
import { type Closing, countAgain, emptyRun, type Lane, RUNNING, type RunState, type StageSums } from '../run/run-state.ts';
import { openFailures, readAttempts, readSparse, unusualAttempts, writeSparse } from './dehydrate-counts.ts';
import { readPatterns, type WrittenPatterns, writePatterns } from './dehydrate-patterns.ts';
import { readRoots, unusualRoots } from './dehydrate-roots.ts';
import { readTimes, writeTimes } from './dehydrate-times.ts';

/** What both versions say alike. */
interface Common {
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
}

/** A state as small JSON: a few characters per symbol; only what is not implied is spelled out. */
interface Dehydrated extends Common {
  readonly version: 2;
  readonly thrift: number;
  /** See `writeSparse`. Attempts and failures where they are not the usual ones. */
  readonly attempts: string;
  readonly failures: string;
  /** Of tasks that may be tried again. @default none */
  readonly spent?: readonly (readonly [spent: Spent, tasks: readonly number[]])[];
  /** Milliseconds since the run's start. Ready tasks that are not named became ready when the run started. */
  readonly readyAt: string;
  readonly retryAt: string;
  /** Flat pairs of task and root task, where the graph does not say it. */
  readonly skippedBecause: readonly number[];
}

/** As it was written before: flat pairs of task and number. A run that was open then may still be carried over. */
interface DehydratedBefore extends Common {
  readonly version: 1;
  readonly readyAt: readonly number[];
  readonly retryAt: readonly number[];
  readonly skippedBecause: readonly number[];
}

/**
 * Writes a run's state for the next execution (continue-as-new). `rehydrate` makes the same state of it and of the graph,
 * which is built again from the run's config. What does not fit into `budget` bytes is left out: details as
 * `kept-details.ts` orders them, at last when what has ended had begun.
 *
 * @param budget bytes of its JSON
 */
export function dehydrate(state: RunState, budget = PAYLOAD_BUDGET): Json {
  let written = write(state, true);
  while (encodedBytes(written) > budget && economiseOnce(state)) written = write(state, true);
  return (encodedBytes(written) > budget ? write(state, false) : written) as unknown as Json;
}

function write(state: RunState, ended: boolean): Dehydrated {
  const { order, maxConcurrent, paused, startedAt, finishedAt, closing, lanesStarted, wakeAt, details } = state;
  const base = startedAt ?? 0;
  const ready = [...state.ready.entries()].map(([, task]) => task).filter((task) => state.readyAt[task] !== startedAt);
  const byTask = (a: readonly [number, number], b: readonly [number, number]): number => a[0] - b[0];
  const spent = new Map([...state.spent].filter(([task]) => state.status[task] <= RUNNING));
  return {
    version: 2,
    order: order.name,
    maxConcurrent,
    paused,
    startedAt,
    finishedAt,
    closing,
    lanesStarted,
    wakeAt,
    thrift: details.thrift,
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
 * The state that was dehydrated. Orders that look at measured durations need them again (they are not written, because
 * the caller has them), and so does an order of your own.
 *
 * @throws TypeError when it is of another graph, or nothing that `dehydrate` wrote
 */
export function rehydrate(
  graph: Graph,
  json: Json,
  { order, durations = {}, deadline }: { order?: TaskOrder; durations?: Durations; deadline?: number } = {},
): RunState {
  const data = json as unknown as Dehydrated | DehydratedBefore;
  const named = Object.values(TASK_ORDERS).find(({ name }) => name === data.order);
  const used = order ?? named;
  if (used === undefined) throw new TypeError(`the run was ordered by ${data.order}, which is not built in: hand it to rehydrate`);
  const state = emptyRun(graph, { order: used, durations, maxConcurrent: data.maxConcurrent, deadline });
  const { paused, startedAt, finishedAt, lanesStarted, wakeAt, closing } = data;
  Object.assign(state, { paused, startedAt, finishedAt, lanesStarted, wakeAt, closing });
  const base = startedAt ?? 0;
  readPatterns(state, data.tasks);
  readTimes(state, data.times);
  let retryAt: Iterable<[number, number]>;
  let readyAt: ReadonlyMap<number, number>;
  if (data.version === 2) {
    state.details.thrift = data.thrift;
    readAttempts(state, data.attempts, data.failures);
    for (const [spent, tasks] of data.spent ?? []) for (const task of tasks) state.spent.set(task, spent);
    readRoots(state, new Map(pairs(data.skippedBecause)));
    readyAt = new Map([...readSparse(data.readyAt)].map(([task, since]) => [task, base + since]));
    retryAt = [...readSparse(data.retryAt)].map(([task, since]) => [task, base + since]);
  } else {
    for (const [task, root] of pairs(data.skippedBecause)) state.skippedBecause[task] = root;
    readyAt = new Map(pairs(data.readyAt));
    retryAt = pairs(data.retryAt);
  }
  for (const [task, output] of data.outputs) keepOutput(state, task, output);
  for (const [error, tasks] of data.errors) for (const task of tasks) keepError(state, task, error);
  for (const [reasons, tasks] of data.degraded) for (const task of tasks) keepDegraded(state, task, reasons);
  for (const [index, sums] of data.stageSums.entries()) Object.assign(state.stageSums[index], sums);
  countAgain(state);

  for (const written of data.lanes) {
    const lane = { ...written };
    openLane(state, lane);
    if (lane.returning) state.returning++;
    else if (lane.symbol >= 0 && used.urgency !== undefined) offerToYield(state, lane);
  }
  for (const [task, at] of retryAt) {
    state.retryAt.set(task, at);
    state.retries.push(at, task);
  }
  // While a run is closing nothing is ready.
  for (let task = 0; task < graph.size; task++) enqueueIfReady(state, task, readyAt.get(task) ?? base);
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
