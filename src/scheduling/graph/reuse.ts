import type { Graph } from './graph.ts';

/**
 * Finds the tasks that need not run again, in topological order: those that succeeded before and whose dependencies are all reused.
 * A task that depends on one that runs again runs again itself, because it would see other data.
 */
export function reusableTasks(graph: Graph, succeededBefore: (taskId: string) => boolean): number[] {
  const reusable: number[] = [];
  const isReused = new Uint8Array(graph.size);
  const { offsets, targets } = graph.dependencies;
  for (let task = 0; task < graph.size; task++) {
    if (!succeededBefore(graph.ids[task])) continue;
    let all = true;
    for (let edge = offsets[task]; edge < offsets[task + 1]; edge++) all &&= isReused[targets[edge]] === 1;
    if (!all) continue;
    isReused[task] = 1;
    reusable.push(task);
  }
  return reusable;
}
