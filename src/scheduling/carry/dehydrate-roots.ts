import { FAILED, type RunState, SKIPPED } from '../run/run-state.ts';

/**
 * Which failed task a skipped one goes back to, as its dependencies say it: the first of them that failed, or that was skipped
 * itself. After a critical failure what has none was skipped because of that.
 */
function impliedRoot({ graph, status, skippedBecause, closing }: RunState, task: number): number {
  const { offsets, targets } = graph.dependencies;
  for (let edge = offsets[task]; edge < offsets[task + 1]; edge++) {
    const dependency = targets[edge];
    if (status[dependency] === FAILED) return dependency;
    if (status[dependency] === SKIPPED) return skippedBecause[dependency];
  }
  return closing?.kind === 'critical' ? closing.task : -1;
}

/** Roots that are not the implied ones; in topological order, so that each may be implied by those before it. */
export function* unusualRoots(state: RunState): IterableIterator<[task: number, root: number]> {
  for (let task = 0; task < state.graph.size; task++) {
    const root = state.skippedBecause[task];
    if (state.status[task] === SKIPPED && root !== impliedRoot(state, task)) yield [task, root];
  }
}

/** @internal */
export function readRoots(state: RunState, unusual: ReadonlyMap<number, number>): void {
  for (let task = 0; task < state.graph.size; task++) {
    if (state.status[task] === SKIPPED) state.skippedBecause[task] = unusual.get(task) ?? impliedRoot(state, task);
  }
}
