import type { GraphTask, LeftOut, PipelineStatus, TaskResult } from '../../contracts/run/pipeline-status.ts';
import type { RunConfig } from '../../contracts/run/run-config.ts';
import { cutText } from '../../contracts/text/cut-text.ts';
import { buildGraph } from '../graph/graph.ts';
import { graphOf } from '../run/status/status.ts';
import { encodedBytes, PAYLOAD_BUDGET, SMALL_OUTPUT } from './budget.ts';
import { type PackedConfig, packConfig, unpackConfig } from './pack-config.ts';

const SHORT_MESSAGE = 120;

/** One step of shrinking a status: the name of the part to leave out, and a function that removes it (`undefined` drops the task). */
interface Cut {
  readonly part?: LeftOut;
  readonly apply: (result: TaskResult) => TaskResult | undefined;
}

const CUTS: readonly Cut[] = [
  { part: 'stacks', apply: (result) => withMessage(result, Number.POSITIVE_INFINITY) },
  { part: 'outputs', apply: (result) => (encodedBytes(result.output) > SMALL_OUTPUT ? without(result, 'output') : result) },
  // `error: null` carries no information, so this step has no `part`.
  { apply: (result) => (result.error === null ? without(result, 'error') : result) },
  { part: 'outputs', apply: (result) => without(result, 'output') },
  { part: 'messages', apply: (result) => withMessage(result, SHORT_MESSAGE) },
  { part: 'reasons', apply: (result) => without(result, 'degraded') },
  { part: 'messages', apply: (result) => without(result, 'error') },
  { part: 'times', apply: (result) => without(result, 'attempts', 'startedAt', 'durationSeconds') },
  { part: 'roots', apply: (result) => without(result, 'skippedBecause') },
  { part: 'successes', apply: (result) => (result.status === 'success' || result.status === 'pending' ? undefined : result) },
  { part: 'tasks', apply: () => undefined },
];

/** Maximum number of characters of each reason in a result. */
const MAX_REASON_LENGTH = 500;

/**
 * Shrinks a status or a result until one payload can carry it, and lists in `leftOut` what it lacks. Stacks go first, then large
 * outputs, then all outputs, then the ends of messages, then the other fields of each task; the counts always stay.
 *
 * @param budget bytes of its JSON
 */
export function fitStatus<Status extends PipelineStatus & { readonly reasons?: readonly string[] }>(
  given: Status,
  budget = PAYLOAD_BUDGET,
): Status {
  if (encodedBytes(given) <= budget) return given;
  const leftOut = new Set<LeftOut>(given.leftOut);
  let status: Status =
    given.reasons === undefined ? given : { ...given, reasons: given.reasons.map((reason) => cutText(reason, MAX_REASON_LENGTH)) };
  const frame = encodedBytes({ ...status, taskResults: {}, leftOut: CUTS.map(({ part }) => part) });
  for (const { part, apply } of CUTS) {
    const taskResults = Object.fromEntries(
      Object.entries(status.taskResults).flatMap(([taskId, result]): [string, TaskResult][] => {
        const cut = apply(result);
        if (cut !== result && part !== undefined) leftOut.add(part);
        return cut === undefined ? [] : [[taskId, cut]];
      }),
    );
    status = { ...status, taskResults };
    if (frame + encodedBytes(taskResults) <= budget) break;
  }
  return leftOut.size === 0 ? status : { ...status, leftOut: [...leftOut] };
}

/** Returns a copy of the result without the fields, or the result itself if it has none of them. */
function without(result: TaskResult, ...fields: readonly (keyof TaskResult)[]): TaskResult {
  const rest: { -readonly [Key in keyof TaskResult]: TaskResult[Key] } = { ...result };
  let lost = false;
  for (const field of fields) {
    lost ||= rest[field] !== undefined;
    delete rest[field];
  }
  return lost ? rest : result;
}

/** The result with its error's stack removed and its message cut to `longest` characters. */
function withMessage(result: TaskResult, longest: number): TaskResult {
  const { error } = result;
  if (!error || (error.stack === undefined && error.message.length <= longest)) return result;
  return { ...result, error: { type: error.type, message: cutText(error.message, longest) } };
}

/** The answer of the `graph` query: the tasks, or, if they do not fit into one payload, the config from which `readGraph` builds them. */
export type GraphAnswer = { readonly tasks: readonly GraphTask[] } | { readonly packed: PackedConfig };

/** Returns the answer of the `graph` query: the tasks, or the config if the tasks have more than `budget` bytes. */
export function fitGraph(tasks: readonly GraphTask[], config: RunConfig, budget = PAYLOAD_BUDGET): GraphAnswer {
  if (encodedBytes({ tasks }) <= budget) return { tasks };
  // A graph does not depend on the names, activities and arguments of tasks, so they are left out.
  return { packed: packConfig({ ...config, tasks: config.tasks.map((task) => ({ ...task, name: task.taskId, activity: '', args: [] })) }) };
}

/** Reads the answer of the `graph` query: the tasks in topological order. */
export function readGraph(answer: GraphAnswer): readonly GraphTask[] {
  if ('tasks' in answer) return answer.tasks;
  const built = buildGraph(unpackConfig(answer.packed));
  return 'graph' in built ? graphOf(built) : [];
}
