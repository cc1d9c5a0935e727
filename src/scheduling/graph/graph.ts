import type { Problem } from '../../contracts/errors.ts';
import type { RunConfig } from '../../contracts/run/run-config.ts';
import { STAGES, type Stage } from '../../contracts/words.ts';
import { KeyedHeap } from '../orders/keyed-heap.ts';
import { collectTasks, type InputEdges, type InputTask } from './graph-tasks.ts';

/**
 * A run's tasks and their dependencies. Inside the scheduler a task is a number, its place in topological order; outside it is an
 * id. Memory and building time are linear in tasks and dependencies.
 */
export interface Graph {
  readonly size: number;
  /** Task ids, in topological order. */
  readonly ids: readonly string[];
  readonly indexOf: ReadonlyMap<string, number>;
  readonly dependencies: Edges;
  readonly dependants: Edges;
  /** Priority of each task; 1 goes first. */
  readonly priority: Float64Array;
  readonly critical: Uint8Array;
  /** Whether each task may run in one activity with others: short custom tasks. */
  readonly mayShare: Uint8Array;
  readonly symbols: readonly string[];
  readonly symbolIndex: ReadonlyMap<string, number>;
  /** The first stage's task of each symbol. */
  readonly firstTask: Int32Array;
  /** For each task: the index of its symbol and of its stage (-1 for a custom task), and the task of the symbol's next stage (-1: none). */
  readonly symbolOf: Int32Array;
  readonly stageOf: Int8Array;
  readonly nextStage: Int32Array;
}

/** The stage of a task; undefined for custom tasks. */
export const stageName = (graph: Graph, task: number): Stage | undefined => STAGES[graph.stageOf[task]];

/** The tasks that a task's edges lead to, in the order they were given. */
export const targetsOf = ({ offsets, targets }: Edges, task: number): Int32Array => targets.subarray(offsets[task], offsets[task + 1]);

/** The ids of a task's direct dependencies, in the order they were given. */
export const dependencyIds = ({ dependencies, ids }: Graph, task: number): string[] =>
  Array.from(targetsOf(dependencies, task), (dependency) => ids[dependency]);

/**
 * Builds a run's graph: each symbol's stages up to `untilStage` chained in order, plus the custom tasks with their `dependencies` and
 * `runBefore`. Uses Kahn's algorithm; among tasks that could come next, it takes the one that the input names first. So the order is stable
 * and goes symbol by symbol.
 * @param options.shared whether short custom tasks share lanes @default false, as in runs that started with earlier versions
 * @returns the graph, or all its problems: unknown ids, ids given twice, every cycle as a path
 */
export function buildGraph(
  config: Pick<RunConfig, 'symbols' | 'stages' | 'untilStage' | 'tasks'>,
  { shared = false }: { readonly shared?: boolean } = {},
): { graph: Graph } | { problems: Problem[] } {
  const { tasks, edges, problems } = collectTasks(config);
  const order = topologicalOrder(tasks.length, edges);
  if (order.length < tasks.length) problems.push(...cycleProblems({ tasks, edges, order }));
  if (problems.length > 0) return { problems };

  const size = tasks.length;
  const place = new Int32Array(size);
  for (let i = 0; i < size; i++) place[order[i]] = i;

  const indexOf = new Map<string, number>();
  const ids: string[] = [];
  const priority = new Float64Array(size);
  const critical = new Uint8Array(size);
  const mayShare = new Uint8Array(size);
  const symbolOf = new Int32Array(size).fill(-1);
  const stageOf = new Int8Array(size).fill(-1);
  const nextStage = new Int32Array(size).fill(-1);
  const symbols = config.symbols.map(({ symbol }) => symbol);
  const firstTask = new Int32Array(symbols.length).fill(-1);
  for (let i = 0; i < size; i++) {
    const task = tasks[order[i]];
    ids.push(task.id);
    indexOf.set(task.id, i);
    priority[i] = task.priority;
    critical[i] = task.critical ? 1 : 0;
    mayShare[i] = shared && task.mayShare ? 1 : 0;
    if (task.symbol === undefined) continue;
    symbolOf[i] = task.symbol;
    stageOf[i] = task.stage;
    if (task.stage === 0) firstTask[task.symbol] = i;
    else nextStage[place[order[i] - 1]] = i;
  }
  const graph: Graph = {
    size,
    ids,
    indexOf,
    dependencies: edgeTable(size, edges.to, edges.from, place),
    dependants: edgeTable(size, edges.from, edges.to, place),
    priority,
    critical,
    mayShare,
    symbols,
    symbolIndex: new Map(symbols.map((symbol, index) => [symbol, index])),
    firstTask,
    symbolOf,
    stageOf,
    nextStage,
  };
  return { graph };
}

/**
 * Orders tasks with Kahn's algorithm, so that each comes after its dependencies; among those that could come next the smallest index
 * (the earliest in the input) is taken. Tasks on a cycle, or that depend on one, are left out.
 */
function topologicalOrder(size: number, { from, to }: InputEdges): Int32Array {
  const table = edgeTable(size, from, to);
  const waiting = new Int32Array(size);
  for (const task of to) waiting[task]++;

  const ready = new KeyedHeap();
  for (let i = 0; i < size; i++) if (waiting[i] === 0) ready.push(i, i);
  const order = new Int32Array(size);
  let length = 0;
  while (ready.size > 0) {
    const task = ready.pop();
    order[length++] = task;
    for (const next of targetsOf(table, task)) if (--waiting[next] === 0) ready.push(next, next);
  }
  return order.subarray(0, length);
}

/** Edges of all tasks in two arrays: the edges of task `i` lead to `targets[offsets[i]] … targets[offsets[i + 1] - 1]`. */
interface Edges {
  readonly offsets: Int32Array;
  readonly targets: Int32Array;
}

/**
 * Builds a table that finds the edges of a task at once. A counting sort keeps the input's order of each task's edges, in linear time.
 *
 * @param from the task under which edge `i` is found in the table
 * @param to the task that edge `i` leads to
 * @param place the number of each task in the table @default the number it has in the edges
 */
function edgeTable(size: number, from: readonly number[], to: readonly number[], place?: Int32Array): Edges {
  const placeOf = (task: number): number => (place === undefined ? task : place[task]);
  const offsets = new Int32Array(size + 1);
  for (const task of from) offsets[placeOf(task) + 1]++;
  for (let i = 0; i < size; i++) offsets[i + 1] += offsets[i];
  const next = offsets.slice(0, size);
  const targets = new Int32Array(from.length);
  for (let edge = 0; edge < from.length; edge++) targets[next[placeOf(from[edge])]++] = placeOf(to[edge]);
  return { offsets, targets };
}

/**
 * Finds the tasks that need not run again, in topological order: those that succeeded before and whose dependencies are all reused.
 * A task that depends on one that runs again runs again itself, because it would see other data.
 */
export function reusableTasks(graph: Graph, succeededBefore: (taskId: string) => boolean): number[] {
  const reusable: number[] = [];
  const isReused = new Uint8Array(graph.size);
  for (let task = 0; task < graph.size; task++) {
    const isFit = succeededBefore(graph.ids[task]) && targetsOf(graph.dependencies, task).every((other) => isReused[other] === 1);
    if (!isFit) continue;
    isReused[task] = 1;
    reusable.push(task);
  }
  return reusable;
}

/** Maximum number of cycles that an error lists; it only counts the others. */
const CYCLES_NAMED = 20;

/**
 * Describes the cycles that keep `order` from being complete, each as a path in which every task waits for the next one
 * (`a → b → a`). A depth-first walk finds one cycle for each edge that leads back into its path; without these edges no cycle is left.
 */
function cycleProblems(found: { tasks: readonly InputTask[]; edges: InputEdges; order: Int32Array }): Problem[] {
  const { tasks, edges, order } = found;
  const cycles = findCycles(leftOver(tasks.length, edges, order));
  const problems = cycles.slice(0, CYCLES_NAMED).map((cycle) => ({
    where: [...cycle, cycle[0]].map((task) => tasks[task].id).join(' → '),
    message: 'a cycle: each waits for the next, so none can start; remove one of these dependencies',
  }));
  if (cycles.length > CYCLES_NAMED) problems.push({ where: 'tasks', message: `${cycles.length - CYCLES_NAMED} more cycles` });
  return problems;
}

/** Maps each task that Kahn's algorithm could not place in the order to those of its dependencies that it could not place either. */
function leftOver(size: number, { from, to }: InputEdges, order: Int32Array): ReadonlyMap<number, readonly number[]> {
  const placed = new Uint8Array(size);
  for (const task of order) placed[task] = 1;
  const waitsFor = new Map<number, number[]>();
  for (let task = 0; task < size; task++) if (placed[task] === 0) waitsFor.set(task, []);
  for (let edge = 0; edge < from.length; edge++) if (placed[from[edge]] === 0) waitsFor.get(to[edge])?.push(from[edge]);
  return waitsFor;
}

function findCycles(waitsFor: ReadonlyMap<number, readonly number[]>): number[][] {
  const cycles: number[][] = [];
  /** Each visited task's position on the current path; -1 once everything the task waits for has been walked. */
  const place = new Map<number, number>();
  for (const root of waitsFor.keys()) {
    if (place.has(root)) continue;
    const path = [root];
    const nextEdge = [0];
    place.set(root, 0);
    while (path.length > 0) {
      const depth = path.length - 1;
      const next = (waitsFor.get(path[depth]) ?? [])[nextEdge[depth]++];
      if (next === undefined) {
        place.set(path[depth], -1);
        path.pop();
        nextEdge.pop();
        continue;
      }
      const at = place.get(next);
      if (at === undefined) {
        place.set(next, path.length);
        path.push(next);
        nextEdge.push(0);
      } else if (at >= 0) {
        // Cycles past the limit are only counted: the paths of a large tangle would be long.
        cycles.push(cycles.length < CYCLES_NAMED ? startingAtFirst(path.slice(at)) : []);
      }
    }
  }
  return cycles;
}

/** Rotates a cycle so that it starts at the task that the input names first. */
function startingAtFirst(cycle: readonly number[]): number[] {
  const start = cycle.indexOf(cycle.reduce((first, task) => Math.min(first, task)));
  return [...cycle.slice(start), ...cycle.slice(0, start)];
}
