import type { TaskOrder } from './order.ts';

/** First ready, first served. */
export const fifo: TaskOrder = { name: 'fifo', key: (task) => task.readyAt };
