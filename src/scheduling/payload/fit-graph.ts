import type { GraphTask } from '../../contracts/run/pipeline-status.ts';
import type { RunConfig } from '../../contracts/run/run-config.ts';
import { buildGraph } from '../graph/graph.ts';
import { graphOf } from '../run/status/status.ts';
import { PAYLOAD_BUDGET } from './budget.ts';
import { encodedBytes } from './encoded-bytes.ts';
import { type PackedConfig, packConfig, unpackConfig } from './pack-config.ts';

/** The tasks of a graph, or, where these are too many for one payload, what they are made of. */
export type GraphAnswer = { readonly tasks: readonly GraphTask[] } | { readonly packed: PackedConfig };

/** The tasks of a graph, or what they are made of where they are more than the budget takes. */
export function fitGraph(tasks: readonly GraphTask[], config: RunConfig, budget = PAYLOAD_BUDGET): GraphAnswer {
  if (encodedBytes({ tasks }) <= budget) return { tasks };
  // What a task does is not part of the graph.
  return { packed: packConfig({ ...config, tasks: config.tasks.map((task) => ({ ...task, name: task.taskId, activity: '', args: [] })) }) };
}

/** The tasks in topological order, of either form; a worker of an earlier build answers with the list alone. */
export function readGraph(answer: GraphAnswer | readonly GraphTask[]): readonly GraphTask[] {
  if ('tasks' in answer) return answer.tasks;
  if (!('packed' in answer)) return answer;
  const built = buildGraph(unpackConfig(answer.packed));
  return 'graph' in built ? graphOf(built) : [];
}
