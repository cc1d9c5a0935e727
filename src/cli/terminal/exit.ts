/** Exit codes of every command: 0 ok, 1 the run failed, 2 wrong usage, 3 cannot reach a service; more than 128 when a signal ended it. */
export type ExitCode = 0 | 1 | 2 | 3 | 129 | 130 | 143;

/** Ends the command with a code and one sentence on standard error (what, where, what to do). */
export class ExitError extends Error {
  override readonly name = 'ExitError';
  readonly exitCode: ExitCode;

  constructor(exitCode: ExitCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.exitCode = exitCode;
  }
}

/** Wrong usage, which only the user can fix: exit code 2. */
export const usageError = (message: string): ExitError => new ExitError(2, message);
