import type { PipelineInput } from '../../contracts/run/pipeline-input.ts';

export interface ScheduleOptions {
  /** @default "predictlab" */
  readonly scheduleId?: string;
  /** Cron expression of five fields. @default every four hours on the hour */
  readonly cron?: string;
  /** IANA name. @default "UTC" */
  readonly timeZone?: string;
  readonly input?: PipelineInput;
  /** For an update: replaces the whole input instead of merging its fields. @default false */
  readonly replaceInput?: boolean;
  /** How late a firing that was missed because the server was down may still start a run; at least 10 s. @default "1m" */
  readonly catchupWindow?: string;
  /** Longest random delay of a firing. It keeps many installations from calling a venue at the same moment. @default none */
  readonly jitter?: string;
  /** A note for people; `schedule show` prints it. */
  readonly note?: string;
  /** Number of failures in a row, up to 10, after which the schedule pauses; 0 for never. @default 0 */
  readonly pauseOnFailure?: number;
  /** Checks the whole input before anything is changed; if it throws, nothing is changed. @default none */
  readonly check?: (input: PipelineInput) => Promise<unknown>;
}

/** Defaults of a schedule. */
export const DEFAULT_SCHEDULE = {
  scheduleId: 'predictlab',
  cron: '0 */4 * * *',
  timeZone: 'UTC',
  catchupWindow: '1m',
  /** Retries if the input sets none: three, five minutes apart, so that a venue that is down for a while does not fail the whole run. */
  retry: { maxRetries: 3, retryDelay: '5m', backoff: 1 },
} as const;
