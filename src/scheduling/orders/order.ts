/** What an order may use to rank a ready task. */
export interface ReadyTask {
  readonly taskId: string;
  /** The task's own number, 1 = first … 5 = last. */
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
