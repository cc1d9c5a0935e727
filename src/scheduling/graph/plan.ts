import type { PlannedTask } from '../../contracts/run/pipeline-status.ts';
import { graphOf } from '../run/status/status.ts';
import type { Graph } from './graph.ts';
import { reusableTasks } from './reuse.ts';

/** An earlier run whose successes may be reused. */
export interface EarlierRun {
  readonly runId: string;
  /** Ids of the tasks that succeeded in it. */
  readonly succeeded: ReadonlySet<string>;
}

/** Number of ids that are named before "and N more". */
const NAMED = 4;

/** Plans what a run would do with each task and why, in execution order; with an earlier run, also which tasks it would reuse. */
export function planOf(graph: Graph, earlier?: EarlierRun): PlannedTask[] {
  const reused = new Set(earlier === undefined ? [] : reusableTasks(graph, (id) => earlier.succeeded.has(id)));
  return graphOf({ graph }).map((task, index): PlannedTask => {
    if (reused.has(index)) return { ...task, action: 'reuse', reason: `succeeded in ${earlier?.runId}` };
    return { ...task, action: 'run', reason: whyRun(task, earlier, (id) => reused.has(graph.indexOf.get(id) ?? -1)) };
  });
}

function whyRun(
  task: { taskId: string; dependencies: readonly string[] },
  earlier: EarlierRun | undefined,
  isReused: (id: string) => boolean,
): string {
  const after = task.dependencies.filter((id) => !isReused(id));
  if (earlier?.succeeded.has(task.taskId))
    return `succeeded in ${earlier.runId}, but ${listed(after)} ${after.length === 1 ? 'runs' : 'run'} again`;
  const when = after.length === 0 ? 'at once' : `after ${listed(after)}`;
  return earlier === undefined ? when : `${when}; did not succeed in ${earlier.runId}`;
}

function listed(ids: readonly string[]): string {
  const more = ids.length - NAMED;
  return more > 0 ? `${ids.slice(0, NAMED).join(', ')} and ${more} more` : ids.join(', ');
}
