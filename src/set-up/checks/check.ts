/** One line of `doctor`. */
export interface CheckResult {
  readonly name: string;
  readonly status: 'ok' | 'warn' | 'fail';
  readonly detail: string;
  /** What the user should do; only when the status is not `ok`. */
  readonly action?: string;
  /** Whether a failure means that a service cannot be reached (exit code 3) instead of a problem on this machine. */
  readonly service?: boolean;
}

/** Creates a line about something that works and needs no action. */
export const ok = (name: string, detail: string): CheckResult => ({ name, status: 'ok', detail });

/** Creates a line about something that works, but needs an action. */
export const warn = (name: string, detail: string, action: string): CheckResult => ({ name, status: 'warn', detail, action });

/** Creates a line about something that does not work. */
export const broken = (name: string, detail: string, action: string): CheckResult => ({ name, status: 'fail', detail, action });

/** Creates a line about a service that cannot be reached. */
export const away = (name: string, detail: string, action: string): CheckResult => ({ ...broken(name, detail, action), service: true });

/** Longest time to wait for a service's answer, in milliseconds. */
export const ANSWER_TIMEOUT_MS = 5_000;
