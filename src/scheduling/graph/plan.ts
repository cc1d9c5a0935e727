import type { PlannedTask } from '../../contracts/run/pipeline-status.ts';
import { graphOf } from '../run/status/status.ts';
import { type Graph, reusableTasks, targetsOf } from './graph.ts';

/** An earlier run whose successes may be reused. */
export interface EarlierRun {
  readonly runId: string;
  /** Ids of the tasks that succeeded in the earlier run. */
  readonly succeeded: ReadonlySet<string>;
}

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

/** The graph as a Mermaid flowchart: a box per symbol, custom tasks next to them, critical tasks marked. An arrow points to the dependant. */
export function mermaidOf(graph: Graph): string {
  const lines = ['flowchart LR'];
  const node = (task: number): string => {
    const label = `"${graph.ids[task].replaceAll('"', '#quot;')}"`;
    const shape = graph.symbolOf[task] < 0 ? `([${label}])` : `[${label}]`;
    return `t${task}${shape}${graph.critical[task] === 1 ? ':::critical' : ''}`;
  };
  for (const [index, symbol] of graph.symbols.entries()) {
    lines.push(`  subgraph s${index}["${symbol}"]`);
    for (let task = graph.firstTask[index]; task >= 0; task = graph.nextStage[task]) lines.push(`    ${node(task)}`);
    lines.push('  end');
  }
  for (let task = 0; task < graph.size; task++) if (graph.symbolOf[task] < 0) lines.push(`  ${node(task)}`);
  for (let task = 0; task < graph.size; task++) {
    for (const next of targetsOf(graph.dependants, task)) lines.push(`  t${task} --> t${next}`);
  }
  if (graph.critical.includes(1)) lines.push('  classDef critical stroke-width:3px,stroke:#c0392b');
  return lines.join('\n');
}
