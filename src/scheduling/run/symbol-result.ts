import type { TaskResult } from '../../contracts/run/pipeline-status.ts';
import { TASK_STATUSES } from '../../contracts/words.ts';
import { CANCELLED, FAILED, PENDING, RUNNING, type RunState, SKIPPED, SUCCESS } from './run-state.ts';

/** The number of attempts that started. A running task has at least one, even if it was not reported yet. */
export function attemptsOf({ graph, lanes, status, attempts }: RunState, task: number): number {
  if (status[task] !== RUNNING) return attempts[task];
  const symbol = graph.symbolOf[task];
  const lane = lanes.get(symbol < 0 ? graph.ids[task] : graph.symbols[symbol]);
  return Math.max(attempts[task], (lane?.first === task ? lane.earlierAttempts : 0) + 1);
}

/** A symbol's status is the first of these that any of its tasks has; pending while some succeeded and others still wait. */
const STRONGEST_FIRST = [RUNNING, FAILED, CANCELLED, SKIPPED, PENDING, SUCCESS];

/**
 * Combines one symbol's stages into a single result: status, sum of attempts, time from the first start to the last end, the
 * failed stage's error.
 */
export function symbolResult(state: RunState, symbol: number, now: number): TaskResult {
  const { graph, status, started, ended, errors, degraded, skippedBecause } = state;
  const seen = new Set<number>();
  const result: { -readonly [Key in keyof TaskResult]: TaskResult[Key] } = { status: 'pending', attempts: 0, error: null };
  const reasons = new Set<string>();
  let from = Number.NaN;
  let to = Number.NaN;
  for (let task = graph.firstTask[symbol]; task >= 0; task = graph.nextStage[task]) {
    seen.add(status[task]);
    result.attempts = (result.attempts ?? 0) + attemptsOf(state, task);
    if (Number.isNaN(from)) from = started[task];
    if (!Number.isNaN(ended[task])) to = ended[task];
    result.error ??= errors.get(task) ?? null;
    if (status[task] === SKIPPED) result.skippedBecause ??= graph.ids[skippedBecause[task]];
    for (const reason of degraded.get(task) ?? []) reasons.add(reason);
  }
  const strongest = STRONGEST_FIRST.find((code) => seen.has(code)) ?? PENDING;
  result.status = TASK_STATUSES[strongest];
  if (strongest !== SKIPPED) delete result.skippedBecause;
  const until = strongest === RUNNING ? now : to;
  result.startedAt = Number.isNaN(from) ? null : new Date(from).toISOString();
  result.durationSeconds = Number.isNaN(from) || Number.isNaN(until) ? null : Math.max(0, until - from) / 1000;
  if (reasons.size > 0) result.degraded = [...reasons];
  return result;
}
