import type { StageEffect } from './stage-effect.ts';

/** How an attempt ended, as a metric label. */
export type AttemptStatus = 'success' | 'retried' | 'failed' | 'cancelled';

/** Receives the attempts that the task runner makes; the worker connects it to Prometheus. */
export interface TaskMetrics {
  begin(stage: string): { end(status: AttemptStatus, effect?: StageEffect, errorType?: string): void };
}
