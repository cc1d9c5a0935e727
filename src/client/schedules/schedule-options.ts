import type { PipelineInput } from '../../contracts/run/pipeline-input.ts';

/** What a schedule is made with. */
export interface ScheduleOptions {
  /** @default "predictlab" */
  readonly scheduleId?: string;
  /** Five fields. @default every four hours on the hour */
  readonly cron?: string;
  /** IANA name. @default "UTC" */
  readonly timeZone?: string;
  readonly input?: PipelineInput;
  /** For an update: the input is the whole of it, earlier fields go. @default false */
  readonly replaceInput?: boolean;
  /** A run missed for longer than this (no server, no worker) is not caught up; at least 10 s. @default "1m" */
  readonly catchupWindow?: string;
  /** Each firing waits for a random part of this, so that many desks do not ask a venue at once. @default none */
  readonly jitter?: string;
  /** For people; `schedule show` prints it. */
  readonly note?: string;
  /** The schedule pauses itself when so many runs of it have failed in a row, up to 10; 0: it never does. @default 0 */
  readonly pauseOnFailure?: number;
  /** Given the whole input before anything is changed; what it throws refuses the schedule. @default none */
  readonly check?: (input: PipelineInput) => Promise<unknown>;
}

/** A schedule as it is, and what it did and will do. */
export interface ScheduleView {
  readonly scheduleId: string;
  readonly cron: string;
  readonly timeZone: string;
  readonly overlap: string;
  readonly catchupWindow: string;
  readonly paused: boolean;
  readonly note: string | null;
  readonly jitter: string | null;
  /** Runs that fail in a row until it pauses itself; 0: never. */
  readonly pauseOnFailure: number;
  readonly nextRuns: readonly string[];
  readonly lastRuns: readonly { readonly runId: string; readonly result: string }[];
  readonly input: PipelineInput;
}
