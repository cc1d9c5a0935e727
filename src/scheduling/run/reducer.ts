import type { TaskError } from '../../contracts/run/pipeline-status.ts';
import type { TaskReport } from '../../contracts/task/stage-report.ts';
import {
  closeLane,
  enqueueIfReady,
  slotsOf,
  startLane,
  stopLane,
  tasksAhead,
  yieldAboveLimit,
  yieldAll,
  yieldToMoreUrgent,
} from './lanes.ts';
import type { LaneEndedEvent, RunCommand, RunEvent } from './run-events.ts';
import {
  FAILED,
  IMPLIED,
  type Lane,
  PENDING,
  RUNNING,
  type RunState,
  SKIPPED,
  STARTED,
  SUCCESS,
  setStatus,
  unmetDependencies,
} from './run-state.ts';
import { runFailureOf, verdictOf } from './status/verdict.ts';
import { copyTimes, endUnfinished, fail, keepSuccess, removeFromTotals, retryLater, stopRun, succeed } from './task-ends.ts';

/**
 * The scheduler: takes one event, updates `state` in place and returns the commands to carry out, in order.
 *
 * It is deterministic: the same state and event give the same commands. The state that is passed in is modified, so keep no copy of
 * it. Each report is applied on its own, so it makes no difference how reports are batched into events. An event costs O(log n) of
 * the ready tasks plus the dependants it releases.
 *
 * @example
 * const state = createRun({ graph, config });
 * for (const command of reduce(state, { type: 'start', at: 0 })) carryOut(command);
 */
export function reduce(state: RunState, event: RunEvent): readonly RunCommand[] {
  const commands: RunCommand[] = [];
  const { at } = event;
  if (state.finishedAt !== null) return commands;
  switch (event.type) {
    case 'start':
      if (state.startedAt === null) {
        state.startedAt = at;
        for (let task = 0; task < state.graph.size; task++) enqueueIfReady(state, task, at);
      }
      break;
    case 'reports':
      applyReports(state, event, false, commands);
      break;
    case 'laneEnded':
      laneEnded(state, event, commands);
      break;
    case 'setMaxConcurrent':
      if (Number.isInteger(event.value) && event.value >= 1) {
        state.maxConcurrent = event.value;
        yieldAboveLimit(state, commands);
      }
      break;
    case 'pause':
      state.paused = true;
      yieldAll(state, commands);
      break;
    case 'resume':
      state.paused = false;
      break;
    case 'retryFailed':
      if (state.closing === null) retryFailed(state, at);
      break;
    case 'cancel':
      stopRun(state, { kind: 'cancel', reason: event.reason ?? null }, at, commands);
      break;
    case 'drain':
      state.draining = true;
      break;
    case 'wake':
      // The timer has fired, so none is pending; `settle` requests a new one for the next retry.
      state.wakeAt = null;
  }
  settle(state, at, commands);
  return commands;
}

function applyReports(
  state: RunState,
  { lane: id, reports, at }: Pick<LaneEndedEvent, 'lane' | 'reports' | 'at'>,
  final: boolean,
  commands: RunCommand[],
): void {
  for (const report of reports) {
    const lane = state.lanes.get(id);
    if (lane === undefined) return;
    applyReport(state, { lane, report, final, at }, commands);
    settle(state, at, commands);
  }
}

function laneEnded(state: RunState, event: LaneEndedEvent, commands: RunCommand[]): void {
  const lane = state.lanes.get(event.lane);
  if (lane === undefined) return;
  applyReports(state, event, true, commands);
  closeLane(state, lane);
  if (lane.current >= 0) endWithoutReport(state, lane, event, commands);
  const { tasks } = lane;
  if (state.closing !== null) {
    for (const task of tasks) if (state.status[task] === PENDING) endUnfinished(state, task, event.at);
  }
  for (const task of tasks) enqueueIfReady(state, task, event.at);
  const next = state.graph.nextStage[tasks[tasks.length - 1]];
  if (next >= 0) enqueueIfReady(state, next, event.at);
}

/** Sets the status of a lane's current task if the lane ended without a report about that task. */
function endWithoutReport(state: RunState, lane: Lane, { end, error, at }: LaneEndedEvent, commands: RunCommand[]): void {
  const task = lane.current;
  lane.current = -1;
  if (state.closing !== null) {
    endUnfinished(state, task, at);
  } else if (end === 'yielded' || (end === 'completed' && task !== lane.tasks[0])) {
    setStatus(state, task, PENDING);
    if ((state.flags[task] & STARTED) === 0) state.started[task] = Number.NaN;
  } else {
    fail(state, { task, error: error ?? lostLane(lane.id, end), at }, commands);
  }
}

const lostLane = (lane: string, end: string): TaskError => ({
  type: end === 'not-started' ? 'NotStarted' : end === 'cancelled' ? 'Cancelled' : 'Terminated',
  message: `${lane} ended (${end}) without saying how; look at its workflow or activity in Temporal, then run it again with retryFailed`,
});

/** Makes failed and skipped tasks pending again with a fresh retry budget. Their attempts and last errors stay, and so do successes. */
function retryFailed(state: RunState, at: number): void {
  const again: number[] = [];
  for (let task = 0; task < state.graph.size; task++) {
    const status = state.status[task];
    if (status !== FAILED && status !== SKIPPED) continue;
    if (status === FAILED) removeFromTotals(state, task);
    setStatus(state, task, PENDING);
    state.flags[task] &= ~STARTED;
    state.started[task] = Number.NaN;
    state.ended[task] = Number.NaN;
    state.failures[task] = 0;
    state.spent.delete(task);
    state.skippedBecause[task] = -1;
    again.push(task);
  }
  for (const task of again) state.waiting[task] = unmetDependencies(state, task);
  for (const task of again) enqueueIfReady(state, task, at);
}

function settle(state: RunState, at: number, commands: RunCommand[]): void {
  if (state.startedAt === null) return;
  while (state.retries.size > 0 && state.retries.topKey <= at) {
    const task = state.retries.pop();
    state.retryAt.delete(task);
    enqueueIfReady(state, task, at);
  }
  if (!state.paused && !state.draining && state.closing === null && state.ready.size > 0) {
    while (state.lanes.size < slotsOf(state) && state.ready.size > 0) startLane(state, at, commands);
    yieldToMoreUrgent(state, commands);
  }
  if (state.retries.size > 0 && state.retries.topKey !== state.wakeAt) {
    state.wakeAt = state.retries.topKey;
    commands.push({ type: 'wakeAt', at: state.wakeAt });
  }
  if (state.counts[PENDING] + state.counts[RUNNING] === 0 && state.lanes.size === 0) {
    state.finishedAt = at;
    commands.push(finish(state));
  }
}

function finish(state: RunState): RunCommand {
  const result = verdictOf(state);
  const failure = runFailureOf(state);
  return failure === undefined ? { type: 'finish', result } : { type: 'finish', result, failure };
}

/**
 * Applies one report of an open lane. A report about a task before the lane's current one, or about attempts that are known already,
 * changes nothing. A report about a later stage implies that the stages before it succeeded.
 *
 * @param final whether the report came with the end of this lane; any other report may be a late one of an earlier lane
 */
function applyReport(
  state: RunState,
  { lane, report, final, at }: { lane: Lane; report: TaskReport; final: boolean; at: number },
  commands: RunCommand[],
): void {
  const task = state.graph.indexOf.get(report.taskId);
  if (task === undefined) return;
  if (report.kind === 'succeeded' && (state.flags[task] & IMPLIED) !== 0) keepSuccess(state, task, report);
  if (!isAhead(state, lane, task)) return;
  const earlierAttempts = task === lane.tasks[0] ? lane.earlierAttempts : 0;
  if (!final && isLate(lane, report, earlierAttempts)) return;

  while (lane.current !== task) {
    state.flags[lane.current] |= IMPLIED;
    succeed(state, lane, at);
    if (lane.current < 0) return;
  }
  switch (report.kind) {
    case 'started':
      state.attempts[task] = Math.max(state.attempts[task], earlierAttempts + 1);
      if ((state.flags[task] & STARTED) === 0) state.started[task] = report.at;
      state.flags[task] |= STARTED;
      break;
    case 'succeeded':
      succeed(state, lane, at);
      keepSuccess(state, task, report);
      break;
    case 'failed':
      copyTimes(state, task, report);
      stopLane(state, lane);
      fail(state, { task, error: report.error, at: report.at }, commands);
      break;
    case 'retryLater':
      if (state.closing === null) {
        retryLater(state, lane, report);
      } else {
        copyTimes(state, task, report);
        stopLane(state, lane);
        endUnfinished(state, task, report.at);
      }
      break;
    case 'cancelled':
      if (report.attempts > 0) copyTimes(state, task, report);
      stopLane(state, lane);
      if (state.closing === null) fail(state, { task, error: cancelledOutside(report.taskId), at: report.at }, commands);
      else endUnfinished(state, task, report.at);
  }
}

/** Whether a report belongs to an earlier lane of the same id. Reports of success never do: a task that succeeded does not run again. */
function isLate(lane: Lane, report: TaskReport, earlierAttempts: number): boolean {
  if (report.kind === 'succeeded') return false;
  return report.kind === 'started' ? report.at < lane.openedAt : report.attempts <= earlierAttempts;
}

/** Whether the lane is running the task or will run it later. */
function isAhead({ status }: RunState, lane: Lane, task: number): boolean {
  if (lane.current < 0) return false;
  return task === lane.current || (status[task] !== SUCCESS && tasksAhead(lane).includes(task));
}

const cancelledOutside = (taskId: string) => ({
  type: 'Cancelled',
  message: `${taskId} was cancelled from outside this run; run it again with retryFailed or \`predictlab retry\``,
});
