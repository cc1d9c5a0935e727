/** An error as a log line has it. */
export interface DescribedError {
  readonly type: string;
  readonly message: string;
  readonly code?: string | number;
  readonly stack?: string;
  readonly cause?: DescribedError;
}

/** Causes of causes are told this far. */
const DEEPEST = 5;
const MAX_STACK_LENGTH = 4_000;

/** What an error says, and what lies behind it; JSON of an error is `{}`. */
export function describeError(error: Error, depth = 1): DescribedError {
  const { name, message, stack, cause } = error;
  const { code, type } = error as { readonly code?: unknown; readonly type?: unknown };
  return {
    type: typeof type === 'string' && type !== '' ? type : name,
    message,
    ...(typeof code === 'string' || typeof code === 'number' ? { code } : {}),
    ...(stack === undefined ? {} : { stack: stack.slice(0, MAX_STACK_LENGTH) }),
    ...(cause instanceof Error && depth < DEEPEST ? { cause: describeError(cause, depth + 1) } : {}),
  };
}
