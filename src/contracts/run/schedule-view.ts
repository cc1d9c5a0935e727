import type { PipelineInput } from './pipeline-input.ts';

/** A schedule as commands and pages show it. Times are ISO 8601. */
export interface ScheduleView {
  readonly scheduleId: string;
  readonly cron: string;
  readonly timeZone: string;
  readonly overlap: string;
  readonly catchupWindow: string;
  readonly paused: boolean;
  readonly note: string | null;
  readonly jitter: string | null;
  /** Number of failures in a row after which the schedule pauses; 0 for never. */
  readonly pauseOnFailure: number;
  readonly nextRuns: readonly string[];
  readonly lastRuns: readonly { readonly runId: string; readonly result: string }[];
  readonly input: PipelineInput;
}
