import type { Log } from '../contracts/log.ts';
import { describeError } from './describe-error.ts';
import type { Secrets } from './secrets.ts';

/** The same log, told nothing that is secret; errors among the fields are told with what caused them, which JSON would drop. */
export function redactedLog(log: Log, secrets: Secrets): Log {
  const at =
    (level: keyof Log) =>
    (message: string, fields?: Record<string, unknown>): void =>
      log[level](secrets.text(message), fields === undefined ? undefined : secrets.json(toldFields(fields)));
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}

function toldFields(fields: Record<string, unknown>): Record<string, unknown> {
  if (!Object.values(fields).some((value) => typeof value === 'object' && value !== null)) return fields;
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, told(value)]));
}

/** As JSON has it; what it cannot hold (a circle, a BigInt) costs that field, not the line. */
function told(value: unknown): unknown {
  if (value instanceof Error) return describeError(value);
  if (typeof value !== 'object' || value === null) return value;
  try {
    return JSON.parse(JSON.stringify(value, (_, inner: unknown) => (inner instanceof Error ? describeError(inner) : inner))) as unknown;
  } catch {
    return '(cannot be written as JSON)';
  }
}
