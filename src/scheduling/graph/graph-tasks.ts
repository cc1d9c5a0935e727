import type { Problem } from '../../contracts/errors.ts';
import type { RunConfig } from '../../contracts/run/run-config.ts';
import { didYouMean } from '../../contracts/text/nearest-name.ts';
import { STAGES, type Stage, stageTaskId } from '../../contracts/words.ts';

/** A task as the input names it. Built-in tasks come first, each symbol's stages one after another. */
export interface InputTask {
  readonly id: string;
  readonly priority: number;
  readonly critical: boolean;
  /** Index of the symbol; undefined for a custom task. */
  readonly symbol?: number;
  /** Index in STAGES; -1 for a custom task. */
  readonly stage: number;
  /** Whether the task may run in one activity with others. @default false */
  readonly mayShare?: boolean;
}

/** Dependencies as pairs of task indices: `from[i]` must succeed before `to[i]` starts. No pair repeats. */
export interface InputEdges {
  readonly from: number[];
  readonly to: number[];
}

interface Collected {
  readonly tasks: readonly InputTask[];
  readonly edges: InputEdges;
  readonly problems: Problem[];
}

/** Lists a run's tasks and edges in input order, with a problem for each id that is given twice or is unknown. */
export function collectTasks(config: Pick<RunConfig, 'symbols' | 'stages' | 'untilStage' | 'tasks'>): Collected {
  const tasks: InputTask[] = [];
  const edges: InputEdges = { from: [], to: [] };
  const problems: Problem[] = [];
  /** Maps each task id or symbol to the place where it was given, so that a clash names both places. */
  const given = new Map<string, string>();
  const indexOf = new Map<string, number>();
  const stages = STAGES.slice(0, STAGES.indexOf(config.untilStage) + 1);

  for (const [symbolIndex, { symbol, priority }] of config.symbols.entries()) {
    const where = `symbols[${symbolIndex}]`;
    if (given.has(symbol)) {
      problems.push({ where, message: `${symbol} is listed twice (first as ${given.get(symbol)}); remove one` });
      continue;
    }
    given.set(symbol, where);
    for (const [stageIndex, stage] of stages.entries()) {
      const id = stageTaskId(symbol, stage);
      indexOf.set(id, tasks.length);
      if (stageIndex > 0) addEdge(edges, tasks.length - 1, tasks.length);
      const { critical, priority: stagePriority } = config.stages[stage];
      tasks.push({ id, critical, priority: stagePriority ?? priority, symbol: symbolIndex, stage: stageIndex });
    }
  }

  for (const [index, { taskId, critical, priority, short, onLostWorker, maxLostWorkers }] of config.tasks.entries()) {
    const where = `tasks[${index}].taskId`;
    const taken = indexOf.has(taskId) ? (given.get(taskId) ?? 'the built-in task of that name') : given.get(taskId);
    if (taken !== undefined) {
      problems.push({ where, message: `the id ${taskId} is already taken by ${taken}; give this task another one` });
      continue;
    }
    given.set(taskId, where);
    indexOf.set(taskId, tasks.length);
    // An activity counts the lost workers of its first task only, so a task with a limit of its own does not share one.
    const mayShare = short && onLostWorker !== 'fail' && maxLostWorkers === undefined;
    tasks.push({ id: taskId, critical, priority, stage: -1, mayShare });
  }

  let unknown = 0;
  /** Keys of the edges added so far: `a.runBefore: [b]` and `b.dependencies: [a]` are one edge. Edges inside a symbol cannot repeat. */
  const seen = new Set<number>();
  const addOnce = (from: number, to: number): void => {
    const key = from * tasks.length + to;
    if (seen.has(key)) return;
    seen.add(key);
    addEdge(edges, from, to);
  };
  for (const [index, task] of config.tasks.entries()) {
    const self = indexOf.get(task.taskId);
    if (self === undefined) continue;
    for (const field of ['dependencies', 'runBefore'] as const) {
      for (const [position, id] of task[field].entries()) {
        const other = indexOf.get(id);
        if (other === undefined) {
          const known = unknown++ < UNKNOWN_COMPARED ? indexOf : undefined;
          problems.push({ where: `tasks[${index}].${field}[${position}]`, message: unknownTask(id, config, known) });
        } else if (field === 'dependencies') addOnce(other, self);
        else addOnce(self, other);
      }
    }
  }
  return { tasks, edges, problems };
}

function addEdge(edges: InputEdges, from: number, to: number): void {
  edges.from.push(from);
  edges.to.push(to);
}

/** Number of unknown ids for which a similar known id is searched: in a run of 60,000 tasks each search is slow. */
const UNKNOWN_COMPARED = 20;

function unknownTask(
  id: string,
  config: Pick<RunConfig, 'symbols' | 'untilStage'>,
  known: ReadonlyMap<string, number> | undefined,
): string {
  const slash = id.lastIndexOf('/');
  const stage = id.slice(slash + 1);
  const isStage = (STAGES as readonly string[]).includes(stage);
  const runs = config.symbols.some(({ symbol }) => symbol === (slash < 0 ? id : id.slice(0, slash)));
  if (slash < 0 && runs) return `${id} is a symbol, not a task; name one of its stages, like ${stageTaskId(id, config.untilStage)}`;
  if (isStage && runs)
    return `${id} is cut off by untilStage ${config.untilStage}; set untilStage to ${stage as Stage} or later, or remove it here`;
  return `no task ${id} in this run${didYouMean(id, known?.keys() ?? []) || '; name a custom task or SYMBOL/stage of a symbol in this run'}`;
}
