import type { TaskOrder } from './order.ts';

/** Waiting this long is worth one priority, so the last priority overtakes fresh tasks of the first after 20 minutes. */
export const AGEING_MS = 5 * 60_000;

/**
 * Smallest priority number first, then as fifo; waiting ages a task.
 *
 * Effective priority is `priority − waited / AGEING_MS`. All waiting tasks age at the same speed, so which of two is more
 * urgent never changes while they wait: `priority · AGEING_MS + readyAt` ranks them without a clock and without re-sorting.
 */
export const priority: TaskOrder = {
  name: 'priority',
  key: (task) => task.priority * AGEING_MS + task.readyAt,
  urgency: (task, now) => task.priority - (now - task.readyAt) / AGEING_MS,
};
