import type { RunResult } from '../../contracts/words.ts';
import { CANCELLED, FAILED, type RunState, SKIPPED } from './run-state.ts';

/** How a run ended: only a critical failure fails it; everything else that went wrong degrades it. */
export function verdictOf({ closing, counts, degraded }: RunState): RunResult {
  if (closing?.kind === 'critical') return 'failed';
  if (closing?.kind === 'cancel') return 'cancelled';
  return counts[FAILED] + counts[SKIPPED] + counts[CANCELLED] > 0 || degraded.size > 0 ? 'degraded' : 'success';
}

/** So many reasons of one kind are spelled out. */
const REASONS_NAMED = 20;

/** Why a run is not a plain success, most important first: the critical failure or the cancel, then failures, then degraded tasks. */
export function reasonsOf(state: RunState): string[] {
  const { closing, graph, errors, status } = state;
  const reasons: string[] = [];
  const failure = (task: number): string => `${graph.ids[task]} failed: ${errors.get(task)?.message ?? 'no message'}`;
  if (closing?.kind === 'critical') reasons.push(`critical task ${failure(closing.task)}`);
  if (closing?.kind === 'cancel') reasons.push(closing.reason === null ? 'cancelled' : `cancelled: ${closing.reason}`);

  const failed: number[] = [];
  for (let task = 0; task < graph.size; task++) {
    if (status[task] === FAILED && !(closing?.kind === 'critical' && closing.task === task)) failed.push(task);
  }
  reasons.push(...failed.slice(0, REASONS_NAMED).map(failure));
  if (failed.length > REASONS_NAMED) reasons.push(`${failed.length - REASONS_NAMED} more tasks failed`);
  reasons.push(...degradedReasons(state));
  return reasons;
}

/** Each distinct reason once, with how many tasks it applies to; in graph order of the first. */
function degradedReasons({ degraded, graph }: RunState): string[] {
  const tasksOf = new Map<string, number[]>();
  for (const task of [...degraded.keys()].sort((a, b) => a - b)) {
    for (const reason of degraded.get(task) ?? []) {
      const tasks = tasksOf.get(reason);
      if (tasks === undefined) tasksOf.set(reason, [task]);
      else tasks.push(task);
    }
  }
  const reasons = [...tasksOf].map(([reason, tasks]) =>
    tasks.length === 1 ? `${graph.ids[tasks[0]]}: ${reason}` : `${graph.ids[tasks[0]]} and ${tasks.length - 1} more: ${reason}`,
  );
  const more = reasons.length - REASONS_NAMED;
  return more > 0 ? [...reasons.slice(0, REASONS_NAMED), `${more} more reasons`] : reasons;
}
