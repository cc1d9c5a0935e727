import type { TaskReport } from '../../contracts/task/stage-report.ts';
import { stopLane } from './lanes.ts';
import type { RunCommand } from './run-events.ts';
import { IMPLIED, type Lane, type RunState, STARTED, SUCCESS } from './run-state.ts';
import { endUnfinished, fail, keepSuccess, keepTimes, retryLater, succeed } from './task-ends.ts';

/**
 * Applies one report of an open lane. Reports are idempotent: one about a task that the lane has passed, or about attempts that are
 * known already, changes nothing. A report about a later stage implies that the stages before it succeeded.
 *
 * @param final whether the report came with the lane's own end, so that it cannot be a late one of an earlier lane
 */
export function applyReport(
  state: RunState,
  { lane, report, final, at }: { lane: Lane; report: TaskReport; final: boolean; at: number },
  commands: RunCommand[],
): void {
  const task = state.graph.indexOf.get(report.taskId);
  if (task === undefined) return;
  if (report.kind === 'succeeded' && (state.flags[task] & IMPLIED) !== 0) keepSuccess(state, task, report);
  if (!isAhead(state, lane, task)) return;
  const earlierAttempts = task === lane.first ? lane.earlierAttempts : 0;
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
      keepTimes(state, task, report);
      stopLane(state, lane);
      fail(state, { task, error: report.error, at: report.at }, commands);
      break;
    case 'retryLater':
      if (state.closing === null) {
        retryLater(state, lane, report);
      } else {
        keepTimes(state, task, report);
        stopLane(state, lane);
        endUnfinished(state, task, report.at);
      }
      break;
    case 'cancelled':
      if (report.attempts > 0) keepTimes(state, task, report);
      stopLane(state, lane);
      if (state.closing === null) fail(state, { task, error: cancelledOutside(report.taskId), at: report.at }, commands);
      else endUnfinished(state, task, report.at);
  }
}

/** Whether the report belongs to an earlier lane of the same id. A success never does: a task that succeeded does not run again. */
function isLate(lane: Lane, report: TaskReport, earlierAttempts: number): boolean {
  if (report.kind === 'succeeded') return false;
  return report.kind === 'started' ? report.at < lane.openedAt : report.attempts <= earlierAttempts;
}

/** Whether the lane is running the task or will run it later. */
function isAhead({ graph, status }: RunState, lane: Lane, task: number): boolean {
  if (lane.current < 0) return false;
  if (task === lane.current) return true;
  if (lane.symbol < 0 || graph.symbolOf[task] !== lane.symbol || status[task] === SUCCESS) return false;
  return graph.stageOf[task] > graph.stageOf[lane.current] && graph.stageOf[task] <= graph.stageOf[lane.last];
}

const cancelledOutside = (taskId: string) => ({
  type: 'Cancelled',
  message: `${taskId} was cancelled from outside this run; run it again with retryFailed or \`predictlab retry\``,
});
