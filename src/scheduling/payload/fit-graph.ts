import type { GraphTask } from '../../contracts/run/pipeline-status.ts';
import type { RunConfig } from '../../contracts/run/run-config.ts';
import { buildGraph } from '../graph/graph.ts';
import { graphOf } from '../run/status/status.ts';
import { PAYLOAD_BUDGET } from './budget.ts';
import { encodedBytes } from './encoded-bytes.ts';
import { type PackedConfig, packConfig, unpackConfig } from './pack-config.ts';

/** The answer of the `graph` query: the tasks, or, where they do not fit into one payload, the config to build them from. */
export type GraphAnswer = { readonly tasks: readonly GraphTask[] } | { readonly packed: PackedConfig };

/** The tasks of a graph, or the config to build them from where they exceed the budget. */
export function fitGraph(tasks: readonly GraphTask[], config: RunConfig, budget = PAYLOAD_BUDGET): GraphAnswer {
  if (encodedBytes({ tasks }) <= budget) return { tasks };
  // The graph does not contain names, activities and arguments.
  return { packed: packConfig({ ...config, tasks: config.tasks.map((task) => ({ ...task, name: task.taskId, activity: '', args: [] })) }) };
}

/** Reads the answer of the `graph` query: the tasks in topological order. */
export function readGraph(answer: GraphAnswer): readonly GraphTask[] {
  if ('tasks' in answer) return answer.tasks;
  const built = buildGraph(unpackConfig(answer.packed));
  return 'graph' in built ? graphOf(built) : [];
}
