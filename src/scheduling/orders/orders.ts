import type { ReadyOrder } from '../../contracts/words.ts';
import type { TaskOrder } from './order.ts';

/** First ready, first served. */
const fifo: TaskOrder = { name: 'fifo', key: (task) => task.readyAt };

/** The task with the longest chain of work behind it first: what bounds the run's length starts earliest. */
const criticalPath: TaskOrder = { name: 'critical-path', key: (task) => -task.remainingSeconds };

/** Waiting this long is worth one priority number, so the last priority overtakes fresh tasks of the first after 20 minutes. */
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
