import { type Graph, stageName } from '../graph/graph.ts';

/** Seconds assumed for a task without a measured duration. */
export const UNKNOWN_SECONDS = 1;

/** Mean seconds by task id or by stage; a stage's name stands for all tasks of that stage. */
export type Durations = Readonly<Record<string, number>>;

/** Expected seconds of a task: its own mean, else its stage's, else one second. */
export function expectedSeconds(graph: Graph, task: number, durations: Durations): number {
  const stage = stageName(graph, task);
  // A task may be named like a property of Object.prototype.
  const own = (name: string): number | undefined => (Object.hasOwn(durations, name) ? durations[name] : undefined);
  return own(graph.ids[task]) ?? (stage === undefined ? undefined : own(stage)) ?? UNKNOWN_SECONDS;
}

/** Seconds of the longest chain that starts with each task, the task included. Linear: one pass in reverse topological order. */
export function remainingChains(graph: Graph, secondsOf: (task: number) => number): Float64Array {
  const remaining = new Float64Array(graph.size);
  const { offsets, targets } = graph.dependants;
  for (let task = graph.size - 1; task >= 0; task--) {
    let longest = 0;
    for (let edge = offsets[task]; edge < offsets[task + 1]; edge++) longest = Math.max(longest, remaining[targets[edge]]);
    remaining[task] = longest + secondsOf(task);
  }
  return remaining;
}

/** Ids of the tasks on the longest chain of the whole graph, first to last; ties go by graph order. */
export function longestChain(graph: Graph, remaining: Float64Array): string[] {
  const chain: string[] = [];
  const { offsets, targets } = graph.dependants;
  let task = -1;
  for (let i = 0; i < graph.size; i++) if (task < 0 || remaining[i] > remaining[task]) task = i;
  while (task >= 0) {
    chain.push(graph.ids[task]);
    let next = -1;
    for (let edge = offsets[task]; edge < offsets[task + 1]; edge++) {
      if (next < 0 || remaining[targets[edge]] > remaining[next]) next = targets[edge];
    }
    task = next;
  }
  return chain;
}
