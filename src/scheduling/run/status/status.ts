import type { GraphTask, PipelineResult, PipelineStatus, StageStats, TaskResult } from '../../../contracts/run/pipeline-status.ts';
import { DEFAULT_MAX_CONCURRENT } from '../../../contracts/task/task-policy.ts';
import { STAGES, type Stage, TASK_STATUSES, type TaskStatus } from '../../../contracts/words.ts';
import { dependencyIds, type Graph } from '../../graph/graph.ts';
import { leftOutOf } from '../kept-details.ts';
import type { StatusQuestion } from '../run-events.ts';
import { CANCELLED, FAILED, PENDING, REUSED, RUNNING, type RunState, SKIPPED, SUCCESS } from '../run-state.ts';
import { deadlineWarning, expectedEnd, missedDeadline } from './deadline.ts';
import { reasonsOf, verdictOf } from './verdict.ts';

const isoTime = (at: number): string => new Date(at).toISOString();
const secondsBetween = (from: number, to: number): number => Math.max(0, to - from) / 1000;

/** The status of a run without tasks: it is still checking its input, or ended while doing so. */
export function emptyStatus({
  runId,
  startedAt,
  now,
  maxConcurrent = DEFAULT_MAX_CONCURRENT,
  ended = false,
}: {
  runId: string;
  startedAt: number;
  now: number;
  maxConcurrent?: number;
  ended?: boolean;
}): PipelineStatus {
  return {
    runId,
    paused: false,
    maxConcurrent,
    totalTasks: 0,
    completedTasks: 0,
    progress: 0,
    startedAt: isoTime(startedAt),
    finishedAt: ended ? isoTime(now) : null,
    durationSeconds: secondsBetween(startedAt, now),
    statusBreakdown: { pending: 0, running: 0, success: 0, failed: 0, skipped: 0, cancelled: 0 },
    stageStats: {},
    taskResults: {},
  };
}

/**
 * The status of a run and of its tasks at `now`; `fitStatus` shrinks it to one payload. In `symbol` detail `taskResults` has one entry
 * per symbol and per custom task; the counts always count tasks.
 *
 * @param wanted selects entries of `taskResults` by their index in `entriesOf` @default all
 */
export function statusOf(state: RunState, question: StatusQuestion, wanted?: (entry: number) => boolean): PipelineStatus {
  return { ...statusFrame(state, question), taskResults: entryResults(state, question, wanted) };
}

/** The status of a run without the results of its tasks. @internal */
export function statusFrame(state: RunState, { runId, now }: StatusQuestion): PipelineStatus {
  const { graph, counts } = state;
  const completedTasks = graph.size - counts[PENDING] - counts[RUNNING];
  const startedAt = state.startedAt ?? now;
  const leftOut = leftOutOf(state.details);
  return {
    runId,
    paused: state.paused,
    maxConcurrent: state.maxConcurrent,
    totalTasks: graph.size,
    completedTasks,
    progress: graph.size === 0 ? 1 : completedTasks / graph.size,
    startedAt: isoTime(startedAt),
    finishedAt: state.finishedAt === null ? null : isoTime(state.finishedAt),
    durationSeconds: secondsBetween(startedAt, state.finishedAt ?? now),
    statusBreakdown: Object.fromEntries(TASK_STATUSES.map((status, code) => [status, counts[code]])) as Record<TaskStatus, number>,
    ...(state.deadline === null ? {} : { deadline: deadlineOf(state, state.deadline, now) }),
    stageStats: stageStats(state),
    taskResults: {},
    ...(leftOut.length === 0 ? {} : { leftOut }),
  };
}

function deadlineOf(state: RunState, deadline: number, now: number): PipelineStatus['deadline'] {
  const end = state.finishedAt ?? expectedEnd(state, now).at;
  return { at: isoTime(deadline), expectedEnd: isoTime(end), warning: missedDeadline(state) ?? deadlineWarning(state, now) ?? null };
}

/** The result of a finished run: its status with how it ended and why. */
export function resultOf(state: RunState, question: StatusQuestion): PipelineResult {
  return { ...statusOf(state, question), result: verdictOf(state), reasons: reasonsOf(state) };
}

/** The run's tasks in topological order. */
export function graphOf({ graph }: Pick<RunState, 'graph'>): GraphTask[] {
  return graph.ids.map((taskId, task) => ({
    taskId,
    dependencies: dependencyIds(graph, task),
    priority: graph.priority[task],
    critical: graph.critical[task] === 1,
  }));
}

/** One task as users see it; `durationSeconds` counts from its first attempt's start and includes waits between attempts. */
function taskResult(state: RunState, task: number, now: number): TaskResult {
  const { status, started, ended, errors, outputs, degraded, flags, graph, skippedBecause } = state;
  const code = status[task];
  const result: { -readonly [Key in keyof TaskResult]: TaskResult[Key] } = { status: TASK_STATUSES[code] };
  if (code === SKIPPED) {
    result.skippedBecause = graph.ids[skippedBecause[task]];
    return result;
  }
  result.attempts = attemptsOf(state, task);
  const begun = !Number.isNaN(started[task]);
  result.startedAt = begun ? isoTime(started[task]) : null;
  const until = code === RUNNING ? now : ended[task];
  result.durationSeconds = begun && !Number.isNaN(until) ? secondsBetween(started[task], until) : null;
  result.error = errors.get(task) ?? null;
  const output = outputs.get(task);
  if (output !== undefined) result.output = output;
  const reasons = degraded.get(task);
  if (reasons !== undefined) result.degraded = reasons;
  if ((flags[task] & REUSED) !== 0) result.attempts = 0;
  return result;
}

/** The number of entries of `taskResults`, and the entry that each task belongs to. @internal */
export function entriesOf(graph: Graph, detail: StatusQuestion['detail']): { readonly size: number; readonly entryOf: Int32Array } {
  if (detail === 'stage') return { size: graph.size, entryOf: Int32Array.from(graph.ids, (_, task) => task) };
  let size = graph.symbols.length;
  const entryOf = Int32Array.from(graph.symbolOf, (symbol) => (symbol < 0 ? size++ : symbol));
  return { size, entryOf };
}

function entryResults(
  state: RunState,
  { now, detail }: StatusQuestion,
  wanted: (entry: number) => boolean = () => true,
): Record<string, TaskResult> {
  const { graph } = state;
  // Object.fromEntries also accepts ids such as `__proto__`, which an assignment would not set.
  const results: [string, TaskResult][] = [];
  if (detail === 'stage') {
    for (let task = 0; task < graph.size; task++) if (wanted(task)) results.push([graph.ids[task], taskResult(state, task, now)]);
    return Object.fromEntries(results);
  }
  for (let symbol = 0; symbol < graph.symbols.length; symbol++) {
    if (graph.firstTask[symbol] >= 0 && wanted(symbol)) results.push([graph.symbols[symbol], symbolResult(state, symbol, now)]);
  }
  for (let task = 0, entry = graph.symbols.length; task < graph.size; task++) {
    if (graph.symbolOf[task] >= 0) continue;
    if (wanted(entry++)) results.push([graph.ids[task], taskResult(state, task, now)]);
  }
  return Object.fromEntries(results);
}

function stageStats({ stageSums }: RunState): Partial<Record<Stage, StageStats>> {
  const stats: Partial<Record<Stage, StageStats>> = {};
  for (const [index, { count, succeeded, seconds, maxSeconds }] of stageSums.entries()) {
    if (count > 0) stats[STAGES[index]] = { count, successRate: succeeded / count, meanSeconds: seconds / count, maxSeconds };
  }
  return stats;
}

/** The number of a task's attempts that started. A running task has at least one, even if its start was not reported yet. */
export function attemptsOf({ graph, lanes, status, attempts }: RunState, task: number): number {
  if (status[task] !== RUNNING) return attempts[task];
  const symbol = graph.symbolOf[task];
  const lane = lanes.get(symbol < 0 ? graph.ids[task] : graph.symbols[symbol]);
  return Math.max(attempts[task], (lane?.tasks[0] === task ? lane.earlierAttempts : 0) + 1);
}

/** Order in which tasks decide their symbol's status: it is the first of these that any of its tasks has. */
const STRONGEST_FIRST = [RUNNING, FAILED, CANCELLED, SKIPPED, PENDING, SUCCESS];

/**
 * Combines one symbol's stages into a single result: status, sum of attempts, time from the first start to the last end, the
 * failed stage's error.
 */
function symbolResult(state: RunState, symbol: number, now: number): TaskResult {
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
