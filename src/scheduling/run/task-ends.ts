import type { TaskError } from '../../contracts/run/pipeline-status.ts';
import type { TaskReport } from '../../contracts/task/stage-report.ts';
import { targetsOf } from '../graph/graph.ts';
import { keepDegraded, keepError, keepOutput } from './kept-details.ts';
import { advanceLane, clearReady, enqueueIfReady, stopLane, tasksAhead } from './lanes.ts';
import type { RunCommand } from './run-events.ts';
import {
  CANCELLED,
  type Closing,
  FAILED,
  IMPLIED,
  type Lane,
  PENDING,
  type RunState,
  SKIPPED,
  STARTED,
  SUCCESS,
  setStatus,
} from './run-state.ts';

type Ended = Exclude<TaskReport, { kind: 'started' }>;

/** Marks a lane's current task as succeeded, advances the lane and releases the task's dependants. */
export function succeed(state: RunState, lane: Lane, at: number): void {
  const task = lane.current;
  setStatus(state, task, SUCCESS);
  state.ended[task] = at;
  advanceLane(state, lane, at);
  for (const dependant of targetsOf(state.graph.dependants, task)) {
    if (--state.waiting[dependant] === 0) enqueueIfReady(state, dependant, at);
  }
}

/** Marks a task as failed, skips what depends on it, and ends the run if the task is critical. */
export function fail(state: RunState, failed: { task: number; error: TaskError; at: number }, commands: RunCommand[]): void {
  const { task, error, at } = failed;
  setStatus(state, task, FAILED);
  state.ended[task] = at;
  keepError(state, task, error);
  countEnd(state, task);
  skipDependants(state, task);
  if (state.graph.critical[task] === 1) stopRun(state, { kind: 'critical', task }, at, commands);
}

/**
 * Ends the run early: no further task starts, and running tasks are cancelled and end with their lanes. After a critical failure the
 * tasks that never started are skipped because of it; after a cancel all unfinished tasks are cancelled.
 */
export function stopRun(state: RunState, closing: Closing, at: number, commands: RunCommand[]): void {
  if (state.closing !== null) return;
  state.closing = closing;
  clearReady(state);
  state.retries.clear();
  state.wakeAt = null;
  const inLane = new Set<number>();
  for (const lane of state.lanes.values()) {
    if (lane.current < 0) continue;
    for (const task of [lane.current, ...tasksAhead(lane)]) inLane.add(task);
    commands.push({ type: 'cancelLane', lane: lane.id });
  }
  for (let task = 0; task < state.graph.size; task++) {
    if (state.status[task] === PENDING && !inLane.has(task)) endUnfinished(state, task, at);
  }
}

/** Sets the final status of an unfinished task of a run that is closing: skipped or cancelled. */
export function endUnfinished(state: RunState, task: number, at: number): void {
  const { closing } = state;
  const ran = state.attempts[task] > 0 || (state.flags[task] & STARTED) !== 0;
  state.retryAt.delete(task);
  if (ran) state.ended[task] = Math.max(at, state.started[task]);
  else state.started[task] = Number.NaN;
  if (closing?.kind === 'critical' && !ran) {
    setStatus(state, task, SKIPPED);
    state.skippedBecause[task] = closing.task;
  } else {
    setStatus(state, task, CANCELLED);
  }
}

function skipDependants(state: RunState, root: number): void {
  const found = [root];
  for (let task = found.pop(); task !== undefined; task = found.pop()) {
    for (const dependant of targetsOf(state.graph.dependants, task)) {
      if (state.status[dependant] !== PENDING) continue;
      if (state.closing?.kind === 'cancel') {
        setStatus(state, dependant, CANCELLED);
      } else {
        setStatus(state, dependant, SKIPPED);
        state.skippedBecause[dependant] = root;
      }
      found.push(dependant);
    }
  }
}

/** Copies attempts and times from a report. The start of the first attempt is kept if it is known. */
export function copyTimes(state: RunState, task: number, report: Ended): void {
  state.attempts[task] = Math.max(state.attempts[task], report.attempts);
  if ((state.flags[task] & STARTED) === 0) state.started[task] = report.startedAt;
  state.flags[task] |= STARTED;
}

/** Copies the times, output and degraded reasons from the report of a success. */
export function keepSuccess(state: RunState, task: number, report: Extract<TaskReport, { kind: 'succeeded' }>): void {
  copyTimes(state, task, report);
  state.ended[task] = Math.max(report.at, state.started[task]);
  state.flags[task] &= ~IMPLIED;
  state.errors.delete(task);
  keepOutput(state, task, report.output);
  if (report.degraded !== undefined) keepDegraded(state, task, report.degraded);
  countEnd(state, task);
}

/** Records a failed attempt with a long wait until the next one: releases the slot; the task becomes ready again when the wait ends. */
export function retryLater(state: RunState, lane: Lane, report: Extract<TaskReport, { kind: 'retryLater' }>): void {
  const task = lane.current;
  setStatus(state, task, PENDING);
  copyTimes(state, task, report);
  keepError(state, task, report.error);
  state.failures[task] = report.failures;
  if (report.spent !== undefined) state.spent.set(task, report.spent);
  state.retryAt.set(task, report.retryAt);
  state.retries.push(report.retryAt, task);
  stopLane(state, lane);
}

function countEnd(state: RunState, task: number): void {
  const stage = state.graph.stageOf[task];
  if (stage < 0) return;
  const sums = state.stageSums[stage];
  const seconds = Math.max(0, (state.ended[task] - state.started[task]) / 1000);
  sums.count++;
  if (state.status[task] === SUCCESS) sums.succeeded++;
  sums.seconds += seconds;
  sums.maxSeconds = Math.max(sums.maxSeconds, seconds);
}

/** Removes a failed task from the totals, because it will run again. */
export function removeFromTotals(state: RunState, task: number): void {
  const stage = state.graph.stageOf[task];
  if (stage < 0) return;
  const sums = state.stageSums[stage];
  sums.count--;
  sums.seconds -= Math.max(0, (state.ended[task] - state.started[task]) / 1000);
  if (sums.count === 0) Object.assign(sums, { seconds: 0, maxSeconds: 0 });
}
