import { proxySinks, type Sinks } from '@temporalio/workflow';

/** How many tasks of a run wait for a slot, and how many run: for the worker's metrics. */
export interface QueueSinks extends Sinks {
  queue: { length(state: { ready: number; running: number }): void };
}

/** Tells the worker of one run's queue; nothing comes back to the workflow. */
export const { queue } = proxySinks<QueueSinks>();
