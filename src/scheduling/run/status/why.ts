import { valueIn } from '../../../contracts/task/task-output.ts';
import { didYouMean } from '../../../contracts/text/nearest-name.ts';
import { noTaskInRun, TASK_STATUSES } from '../../../contracts/words.ts';
import { dependencyIds } from '../../graph/graph.ts';
import { laneTask, slotsOf } from '../lanes.ts';
import { CANCELLED, FAILED, REUSED, RUNNING, type RunState, SKIPPED, SUCCESS } from '../run-state.ts';
import { deadlineWarning } from './deadline.ts';

const NAMED = 5;

/**
 * One line that says what a task is waiting for, or why it was skipped, failed or cancelled. A symbol stands for its first stage that
 * has not succeeded. Never empty.
 */
export function whyOf(state: RunState, taskId: string, now: number): string {
  const task = taskNamed(state, taskId);
  if (task === undefined) return `${noTaskInRun(taskId)}${didYouMean(taskId, state.graph.ids)}`;
  const id = state.graph.ids[task];
  switch (state.status[task]) {
    case SUCCESS:
      return (state.flags[task] & REUSED) !== 0 ? whyReused(state, task) : `${id} succeeded`;
    case RUNNING:
      return `${whyRunning(state, task, now)}${deadlineNote(state, now)}`;
    case FAILED:
      return `${id} failed after ${attempts(state, task)}: ${errorOf(state, task)}`;
    case SKIPPED:
      return whySkipped(state, task);
    case CANCELLED:
      return whyCancelled(state, task);
    default:
      return `${id} is ${whyPending(state, task, now)}${deadlineNote(state, now)}`;
  }
}

function whyReused({ graph, outputs }: RunState, task: number): string {
  const since = valueIn(outputs.get(task) ?? null, 'nothingNewSince');
  return `${graph.ids[task]} is reused from an earlier run${typeof since === 'string' ? `: its venue states nothing new since ${since}` : ''}`;
}

function deadlineNote(state: RunState, now: number): string {
  const warning = deadlineWarning(state, now);
  return warning === undefined ? '' : `; ${warning}`;
}

function taskNamed({ graph, status }: RunState, name: string): number | undefined {
  const task = graph.indexOf.get(name);
  const symbol = graph.symbolIndex.get(name);
  if (task !== undefined || symbol === undefined || graph.firstTask[symbol] < 0) return task;
  let unfinished = graph.firstTask[symbol];
  while (status[unfinished] === SUCCESS && graph.nextStage[unfinished] >= 0) unfinished = graph.nextStage[unfinished];
  return unfinished;
}

function whyPending(state: RunState, task: number, now: number): string {
  const paused = state.paused ? '; the run is paused' : '';
  if (state.startedAt === null) return 'waiting for the run to start';
  if (state.closing !== null) return 'waiting for the task before it to end; the run is ending';
  if (state.waiting[task] > 0) {
    const unmet = dependencyIds(state.graph, task).filter((id) => state.status[state.graph.indexOf.get(id) ?? task] !== SUCCESS);
    return `waiting for ${listed(unmet.map((id) => `${id} (${TASK_STATUSES[state.status[state.graph.indexOf.get(id) ?? task]]})`))}${paused}`;
  }
  const retryAt = state.retryAt.get(task);
  if (retryAt !== undefined) {
    return `waiting for its retry at ${new Date(retryAt).toISOString()} after ${attempts(state, task)}: ${errorOf(state, task)}${paused}`;
  }
  if (state.paused) return 'ready, but the run is paused; resume it to continue';
  if (state.draining) return 'waiting for a slot: the run is being carried over to a new execution and continues at once after that';
  const holders = [...state.lanes.values()].map((lane) => laneTask(state, lane));
  const slots = `all ${slotsOf(state)} slots are held by ${listed(holders)}`;
  const queued = queuePlace(state, task);
  if (queued === undefined) return `waiting for its symbol’s slot to be released; ${slots}`;
  return `waiting for a slot: number ${queued} of ${state.ready.size} in the queue (${state.order.name}) for ${waited(state, task, now)}; ${slots}`;
}

/** The task's place in the queue; 1 is next. Linear in the queue's length, which is fine for `why` and too slow for the reducer. */
function queuePlace({ ready, readyAt, order, graph, remaining }: RunState, task: number): number | undefined {
  if (Number.isNaN(readyAt[task])) return undefined;
  const own = order.key({
    taskId: graph.ids[task],
    priority: graph.priority[task],
    readyAt: readyAt[task],
    remainingSeconds: remaining[task],
  });
  let place = 1;
  for (const [key, other] of ready.entries()) if (key < own || (key === own && other < task)) place++;
  return place;
}

function whyRunning(state: RunState, task: number, now: number): string {
  const retried = state.attempts[task] > 1 ? `, attempt ${state.attempts[task]}` : '';
  return `${state.graph.ids[task]} is running for ${seconds(now - state.started[task])}${retried}`;
}

function whySkipped(state: RunState, task: number): string {
  const root = state.skippedBecause[task];
  const rootId = state.graph.ids[root];
  const stopped = state.closing?.kind === 'critical' && state.closing.task === root;
  const how = stopped ? `the critical task ${rootId} failed and stopped the run` : `${rootId} failed, and it depends on that`;
  return `${state.graph.ids[task]} was skipped because ${how}: ${errorOf(state, root)}`;
}

function whyCancelled({ graph, closing, errors }: RunState, task: number): string {
  const id = graph.ids[task];
  if (closing?.kind !== 'critical')
    return `${id} was cancelled with the run${closing === null || closing.reason === null ? '' : `: ${closing.reason}`}`;
  return `${id} was cancelled because the critical task ${graph.ids[closing.task]} failed: ${errors.get(closing.task)?.message ?? 'no message'}`;
}

function errorOf({ errors }: RunState, task: number): string {
  const error = errors.get(task);
  return error === undefined ? 'no message' : `${error.type}: ${error.message}`.replaceAll(/\s*\n\s*/g, ' ');
}

const attempts = (state: RunState, task: number): string => (state.attempts[task] === 1 ? '1 attempt' : `${state.attempts[task]} attempts`);
const seconds = (ms: number): string => `${Math.max(0, Math.round(ms / 1000))} s`;
const waited = (state: RunState, task: number, now: number): string => seconds(now - state.readyAt[task]);

function listed(names: readonly string[]): string {
  const more = names.length - NAMED;
  return more > 0 ? `${names.slice(0, NAMED).join(', ')} and ${more} more` : names.join(', ');
}
