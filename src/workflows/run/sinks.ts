import { proxySinks, type Sinks } from '@temporalio/workflow';

/** Reports for the worker's metrics how many tasks of a run wait for a slot and how many run. */
export interface QueueSinks extends Sinks {
  queue: { length(state: { ready: number; running: number }): void };
}

/** Reports the queue length of one run to the worker; returns nothing to the workflow. */
export const { queue } = proxySinks<QueueSinks>();
