import { proxySinks, type Sinks } from '@temporalio/workflow';

/** The number of a run's tasks that wait for a slot and that run, for the worker's metrics. */
export interface QueueSinks extends Sinks {
  queue: { length(state: { ready: number; running: number }): void };
}

/** Reports one run's queue to the worker; the workflow gets nothing back. */
export const { queue } = proxySinks<QueueSinks>();
