import type { Log } from '../contracts/log.ts';
import type { Secrets } from './secrets.ts';

/** Wraps a log so that secrets are redacted, and errors among the fields are written with their causes, which JSON would drop. */
export function redactedLog(log: Log, secrets: Secrets): Log {
  const at =
    (level: keyof Log) =>
    (message: string, fields?: Record<string, unknown>): void =>
      log[level](secrets.text(message), fields === undefined ? undefined : secrets.json(loggedFields(fields)));
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}

function loggedFields(fields: Record<string, unknown>): Record<string, unknown> {
  if (!Object.values(fields).some((value) => typeof value === 'object' && value !== null)) return fields;
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, loggedValue(value)]));
}

/** The JSON form of a field; a value without one (a circle, a BigInt) loses that field, not the line. */
function loggedValue(value: unknown): unknown {
  if (value instanceof Error) return describeError(value);
  if (typeof value !== 'object' || value === null) return value;
  try {
    return JSON.parse(JSON.stringify(value, (_, inner: unknown) => (inner instanceof Error ? describeError(inner) : inner))) as unknown;
  } catch {
    return '(cannot be written as JSON)';
  }
}

/** An error in the form of a log field. */
interface DescribedError {
  readonly type: string;
  readonly message: string;
  readonly code?: string | number;
  readonly stack?: string;
  readonly cause?: DescribedError;
}

/** Most causes that are described. */
const MAX_CAUSES = 5;
const MAX_STACK_LENGTH = 4_000;

/** Describes an error and its causes as an object, because JSON.stringify of an error is `{}`. */
function describeError(error: Error, depth = 1): DescribedError {
  const { name, message, stack, cause } = error;
  const { code, type } = error as { readonly code?: unknown; readonly type?: unknown };
  return {
    type: typeof type === 'string' && type !== '' ? type : name,
    message,
    ...(typeof code === 'string' || typeof code === 'number' ? { code } : {}),
    ...(stack === undefined ? {} : { stack: stack.slice(0, MAX_STACK_LENGTH) }),
    ...(cause instanceof Error && depth < MAX_CAUSES ? { cause: describeError(cause, depth + 1) } : {}),
  };
}
