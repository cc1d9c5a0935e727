/** One line of `doctor`. */
export interface CheckResult {
  readonly name: string;
  readonly status: 'ok' | 'warn' | 'fail';
  readonly detail: string;
  /** What to do about it; only when the status is not `ok`. */
  readonly action?: string;
  /** Whether a failure means that a service cannot be reached (exit code 3) instead of a problem on this machine. */
  readonly service?: boolean;
}

/** Longest time to wait for a service's answer. */
export const ANSWER_TIMEOUT_MS = 5_000;
