import { type Graph, stageName, targetsOf } from '../graph/graph.ts';

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
  for (let task = graph.size - 1; task >= 0; task--) {
    let longest = 0;
    for (const next of targetsOf(graph.dependants, task)) longest = Math.max(longest, remaining[next]);
    remaining[task] = longest + secondsOf(task);
  }
  return remaining;
}

/** Ids of the tasks on the longest chain of the whole graph, first to last; ties go by graph order. */
export function longestChain(graph: Graph, remaining: Float64Array): string[] {
  let first = -1;
  for (let i = 0; i < graph.size; i++) if (first < 0 || remaining[i] > remaining[first]) first = i;
  return chainFrom(graph, remaining, first);
}

/** Ids of a task and of the tasks that follow it on its longest chain; after the first task, only those that `isWanted` selects. */
export function chainFrom(graph: Graph, remaining: Float64Array, first: number, isWanted = (_task: number) => true): string[] {
  const chain: string[] = [];
  for (let task = first; task >= 0; ) {
    chain.push(graph.ids[task]);
    let next = -1;
    for (const other of targetsOf(graph.dependants, task)) {
      if (isWanted(other) && (next < 0 || remaining[other] > remaining[next])) next = other;
    }
    task = next;
  }
  return chain;
}
