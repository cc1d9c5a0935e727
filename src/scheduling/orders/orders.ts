import type { ReadyOrder } from '../../contracts/words.ts';
import { criticalPath } from './critical-path.ts';
import { fifo } from './fifo.ts';
import type { TaskOrder } from './order.ts';
import { priority } from './priority.ts';

/** The orders that a run's input can name: one line each. */
export const TASK_ORDERS: Readonly<Record<ReadyOrder, TaskOrder>> = {
  fifo,
  priority,
  'critical-path': criticalPath,
};
