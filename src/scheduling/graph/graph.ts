import type { Problem } from '../../contracts/errors.ts';
import type { RunConfig } from '../../contracts/run/run-config.ts';
import { STAGES, type Stage } from '../../contracts/words.ts';
import { cycleProblems } from './cycles.ts';
import { type Edges, edgeTable } from './edges.ts';
import { collectTasks } from './graph-tasks.ts';
import { topologicalOrder } from './topological-order.ts';

/**
 * A run's tasks and what they wait for. Tasks are numbers inside (their place in topological order) and ids outside;
 * memory and building time are linear in tasks and dependencies.
 */
export interface Graph {
  readonly size: number;
  /** Task ids, in topological order. */
  readonly ids: readonly string[];
  readonly indexOf: ReadonlyMap<string, number>;
  readonly dependencies: Edges;
  readonly dependants: Edges;
  /** 1 goes first. */
  readonly priority: Float64Array;
  readonly critical: Uint8Array;
  readonly symbols: readonly string[];
  readonly symbolIndex: ReadonlyMap<string, number>;
  /** The first stage's task of each symbol. */
  readonly firstTask: Int32Array;
  /** Per task: which symbol's (-1: a custom task), which stage (-1), and the symbol's next stage (-1: none). */
  readonly symbolOf: Int32Array;
  readonly stageOf: Int8Array;
  readonly nextStage: Int32Array;
}

/** The stage of a task; undefined for custom tasks. */
export const stageName = (graph: Graph, task: number): Stage | undefined => STAGES[graph.stageOf[task]];

/** The ids of a task's direct dependencies, in the order they were given. */
export function dependencyIds(graph: Graph, task: number): string[] {
  const ids: string[] = [];
  const { offsets, targets } = graph.dependencies;
  for (let edge = offsets[task]; edge < offsets[task + 1]; edge++) ids.push(graph.ids[targets[edge]]);
  return ids;
}

/**
 * Builds a run's graph: each symbol's stages up to `untilStage` chained in order, plus the custom tasks with their
 * `dependencies` and `runBefore`.
 *
 * Kahn's algorithm; of the tasks that could come next, the one that the input names first does. So the order is stable
 * and reads symbol by symbol.
 *
 * @returns the graph, or everything that is wrong with it: unknown ids, ids given twice, every cycle as a path
 */
export function buildGraph(
  config: Pick<RunConfig, 'symbols' | 'stages' | 'untilStage' | 'tasks'>,
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
    symbols,
    symbolIndex: new Map(symbols.map((symbol, index) => [symbol, index])),
    firstTask,
    symbolOf,
    stageOf,
    nextStage,
  };
  return { graph };
}
