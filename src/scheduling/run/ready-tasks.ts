import { PENDING, type RunState, readyTask } from './run-state.ts';

/** Puts a task into the queue of ready tasks if it waits for nothing but a slot. */
export function enqueueIfReady(state: RunState, task: number, at: number): void {
  if (state.status[task] !== PENDING || state.waiting[task] > 0 || state.closing !== null || state.startedAt === null) return;
  if (state.retryAt.has(task) || !Number.isNaN(state.readyAt[task])) return;
  const symbol = state.graph.symbolOf[task];
  if (symbol >= 0 && state.symbolHasLane[symbol] === 1) return;
  enqueue(state, task, at);
}

/** Puts a task into the queue. @internal */
export function enqueue(state: RunState, task: number, readyAt: number): void {
  state.readyAt[task] = readyAt;
  const ready = readyTask(state, task, readyAt);
  state.ready.push(state.order.key(ready), task);
  if (state.order.urgency !== undefined) countUrgency(state, state.order.urgency(ready, readyAt), 1);
}

/** Removes the first task from the queue and returns it. The queue must not be empty. */
export function takeReady(state: RunState): number {
  const task = state.ready.pop();
  const readyAt = state.readyAt[task];
  if (state.order.urgency !== undefined) countUrgency(state, state.order.urgency(readyTask(state, task, readyAt), readyAt), -1);
  state.readyAt[task] = Number.NaN;
  return task;
}

/** The number of ready tasks more urgent than `urgency`, by their own priority: waiting moves a task up the queue but displaces no other. */
export function readyMoreUrgentThan(state: RunState, urgency: number): number {
  let count = 0;
  for (const [own, tasks] of state.readyByUrgency) if (own < urgency) count += tasks;
  return count;
}

/** Empties the queue of ready tasks when the run ends. */
export function clearReady(state: RunState): void {
  for (const [, task] of state.ready.entries()) state.readyAt[task] = Number.NaN;
  state.ready.clear();
  state.readyByUrgency.clear();
}

function countUrgency(state: RunState, urgency: number, change: number): void {
  const count = (state.readyByUrgency.get(urgency) ?? 0) + change;
  if (count === 0) state.readyByUrgency.delete(urgency);
  else state.readyByUrgency.set(urgency, count);
}
