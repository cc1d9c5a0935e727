import type { RunState } from './run-state.ts';

/** The only place where a task's status changes once a run is under way: the counts follow. */
export function setStatus(state: RunState, task: number, status: number): void {
  state.counts[state.status[task]]--;
  state.counts[status]++;
  state.status[task] = status;
}
