import type { TaskOrder } from './order.ts';

/** The task with the longest chain of work behind it first: what bounds the run's length starts earliest. */
export const criticalPath: TaskOrder = { name: 'critical-path', key: (task) => -task.remainingSeconds };
