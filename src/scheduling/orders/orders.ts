import type { ReadyOrder } from '../../contracts/words.ts';

/** First ready, first served. */
const fifo: TaskOrder = { name: 'fifo', key: (task) => task.readyAt };

/** Starts the task with the longest chain of dependent work first, because that chain bounds the run's length. */
const criticalPath: TaskOrder = { name: 'critical-path', key: (task) => -task.remainingSeconds };

/** Wait that is worth one priority number: a task of priority 5 that has waited for 20 minutes ranks like a new one of priority 1. */
export const AGEING_MS = 5 * 60_000;

/**
 * The smallest priority number first, then the order in which tasks became ready; waiting makes a task more urgent.
 *
 * Effective priority is `priority − waited / AGEING_MS`. All waiting tasks age at the same speed, so which of two is more
 * urgent never changes while they wait: `priority · AGEING_MS + readyAt` ranks them without a clock and without re-sorting.
 */
const priority: TaskOrder = {
  name: 'priority',
  key: (task) => task.priority * AGEING_MS + task.readyAt,
  urgency: (task, now) => task.priority - (now - task.readyAt) / AGEING_MS,
};

/** The orders that a run's input can name. */
export const TASK_ORDERS: Readonly<Record<ReadyOrder, TaskOrder>> = { fifo, priority, 'critical-path': criticalPath };

/** The facts about a ready task by which an order ranks it. */
interface ReadyTask {
  readonly taskId: string;
  /** The task's priority, 1 = first … 5 = last. */
  readonly priority: number;
  /** When the task became ready; UTC epoch milliseconds. */
  readonly readyAt: number;
  /** Mean seconds of the longest chain of tasks that starts with this one; 1 s for each task without a measured mean. */
  readonly remainingSeconds: number;
}

/**
 * Decides which ready task gets the next slot. It consists of plain data and pure functions, because it runs inside the workflow.
 *
 * To add one, write a line in `orders.ts`, or pass a custom object to `createRun`.
 *
 * @example
 * // shortest chain first
 * const shortestFirst: TaskOrder = { name: 'shortest-first', key: (task) => task.remainingSeconds };
 */
export interface TaskOrder {
  readonly name: string;
  /** Rank of a ready task: the smallest key goes first, ties go by graph order. Computed once, when the task becomes ready. */
  key(task: ReadyTask): number;
  /**
   * Urgency of the task at `now`; smaller is more urgent. Only for orders in which a running symbol gives its slot back to a more
   * urgent task. Return few distinct values at `now = readyAt`: ready tasks are counted by this value.
   */
  urgency?(task: ReadyTask, now: number): number;
}

/** A run whose `asOf` lies further back than this is a backfill. */
const PAST_MS = 3_600_000;
const URGENT = 2;

/**
 * Temporal's `priorityKey` of a task, 1 (first) to 5 (last): the order in which workers take tasks of all runs on a task queue. Live runs
 * go before backfills, since data they miss is gone for good; in both, priorities 1 and 2 go first. All other workflows have 3.
 *
 * @param asOf the run's `asOf`; `startedAt` is when the run started; both UTC epoch milliseconds
 * @param priority priority of the symbol or custom task, 1 to 5
 */
export function queuePriority({ asOf, startedAt, priority }: { asOf: number; startedAt: number; priority: number }): number {
  const isUrgent = priority <= URGENT;
  if (asOf < startedAt - PAST_MS) return isUrgent ? 4 : 5;
  return isUrgent ? 1 : 2;
}
