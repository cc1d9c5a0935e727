import { groupedBy } from '../../../contracts/grouped-by.ts';
import { type RunResult, STAGES } from '../../../contracts/words.ts';
import type { RunFailure } from '../run-events.ts';
import { CANCELLED, FAILED, type RunState, SKIPPED, SUCCESS } from '../run-state.ts';
import { missedDeadline } from './deadline.ts';

/** How a run ended: `failed` after a critical failure or without any success, `cancelled`, `degraded` if something else went wrong. */
export function verdictOf(state: RunState): RunResult {
  const { closing, counts, degraded, listingProblems } = state;
  if (closing?.kind === 'critical') return 'failed';
  if (closing?.kind === 'cancel') return 'cancelled';
  if (nothingSucceeded(state)) return 'failed';
  const isWhole = counts[FAILED] + counts[SKIPPED] + counts[CANCELLED] === 0 && degraded.size + listingProblems.length === 0;
  return isWhole && missedDeadline(state) === undefined ? 'success' : 'degraded';
}

/** Whether no symbol completed its last stage, or, in a run of custom tasks only, none succeeded. False for a run without tasks. */
function nothingSucceeded({ graph, status, counts }: RunState): boolean {
  if (graph.size === 0) return false;
  if (graph.symbols.length === 0) return counts[SUCCESS] === 0;
  for (let task = 0; task < graph.size; task++) {
    if (graph.symbolOf[task] >= 0 && graph.nextStage[task] < 0 && status[task] === SUCCESS) return false;
  }
  return true;
}

function nothingAchieved({ graph }: RunState): string {
  if (graph.symbols.length === 0) return graph.size === 1 ? `${graph.ids[0]} did not succeed` : `none of ${graph.size} tasks succeeded`;
  let last = graph.firstTask.find((task) => task >= 0) ?? 0;
  while (graph.nextStage[last] >= 0) last = graph.nextStage[last];
  const stage = STAGES[graph.stageOf[last]];
  return graph.symbols.length === 1
    ? `${graph.symbols[0]} did not reach ${stage}`
    : `none of ${graph.symbols.length} symbols reached ${stage}`;
}

/** The error that the workflow of a failed run closes with; undefined for other runs. */
export function runFailureOf(state: RunState): RunFailure | undefined {
  if (verdictOf(state) !== 'failed') return undefined;
  const { closing, graph, errors } = state;
  if (closing?.kind === 'critical') {
    const taskId = graph.ids[closing.task];
    return {
      type: 'CriticalTaskFailed',
      message: `${taskId} failed and is critical: ${errors.get(closing.task)?.message ?? 'no message'}`,
    };
  }
  const [what, why] = reasonsOf(state);
  return { type: 'NothingSucceeded', message: why === undefined ? what : `${what}: ${why}` };
}

const REASONS_NAMED = 20;

/** Why a run is not a plain success: what ended it, or no success at all; then a missed deadline, failures, problems of listings, and degraded tasks. */
export function reasonsOf(state: RunState): string[] {
  const { closing, graph, errors, status } = state;
  const reasons: string[] = [];
  const failure = (task: number): string => `${graph.ids[task]} failed: ${errors.get(task)?.message ?? 'no message'}`;
  if (closing?.kind === 'critical') reasons.push(`critical task ${failure(closing.task)}`);
  if (closing?.kind === 'cancel') reasons.push(closing.reason === null ? 'cancelled' : `cancelled: ${closing.reason}`);

  if (closing === null && nothingSucceeded(state)) reasons.push(nothingAchieved(state));

  const missed = closing === null ? missedDeadline(state) : undefined;
  if (missed !== undefined) reasons.push(missed);

  const failed: number[] = [];
  for (let task = 0; task < graph.size; task++) {
    if (status[task] === FAILED && !(closing?.kind === 'critical' && closing.task === task)) failed.push(task);
  }
  reasons.push(...failed.slice(0, REASONS_NAMED).map(failure));
  if (failed.length > REASONS_NAMED) reasons.push(`${failed.length - REASONS_NAMED} more tasks failed`);
  reasons.push(...state.listingProblems, ...degradedReasons(state));
  return reasons;
}

/** Returns each distinct reason once with the number of tasks it applies to, in graph order of the first task. */
function degradedReasons({ degraded, graph }: RunState): string[] {
  const inOrder = [...degraded].sort(([a], [b]) => a - b).flatMap(([task, reasons]) => reasons.map((reason) => ({ task, reason })));
  const reasons = [...groupedBy(inOrder, ({ reason }) => reason)].map(([reason, tasks]) => {
    const more = tasks.length === 1 ? '' : ` and ${tasks.length - 1} more`;
    return `${graph.ids[tasks[0].task]}${more}: ${reason}`;
  });
  const more = reasons.length - REASONS_NAMED;
  return more > 0 ? [...reasons.slice(0, REASONS_NAMED), `${more} more reasons`] : reasons;
}
