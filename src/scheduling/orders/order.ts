/** What an order may look at to rank a ready task. */
export interface ReadyTask {
  readonly taskId: string;
  /** The task's own number, 1 = first … 5 = last. */
  readonly priority: number;
  /** When the task became ready; UTC epoch milliseconds. */
  readonly readyAt: number;
  /** Mean seconds of the longest chain that starts with this task (1 s per task where unknown). */
  readonly remainingSeconds: number;
}

/**
 * Decides which ready task gets the next slot. Plain data and pure functions: it runs inside the workflow.
 *
 * To add one, write a file here and a line in `orders.ts`; or pass an object of your own to `createRun`.
 *
 * @example
 * // shortest chain first
 * const shortestFirst: TaskOrder = { name: 'shortest-first', key: (task) => task.remainingSeconds };
 */
export interface TaskOrder {
  readonly name: string;
  /** The smallest key goes first; ties go by graph order. Computed once, when the task becomes ready. */
  key(task: ReadyTask): number;
  /**
   * Only for orders in which a running symbol gives its slot back to a more urgent task: how urgent the task is at `now`
   * (smaller = more urgent). Few distinct values at `now = readyAt`, please: they are counted apart.
   */
  urgency?(task: ReadyTask, now: number): number;
}
