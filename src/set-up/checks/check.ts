/** One line of `doctor`. */
export interface CheckResult {
  readonly name: string;
  readonly status: 'ok' | 'warn' | 'fail';
  /** What was found, where. */
  readonly detail: string;
  /** What to do about it; only when it is not ok. */
  readonly action?: string;
  /** Whether a failure means that a service cannot be reached (exit code 3) rather than that something here is wrong. */
  readonly service?: boolean;
}

/** How long a service may take to answer. */
export const ANSWER_TIMEOUT_MS = 5_000;
