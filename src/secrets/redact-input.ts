import { isReference, REDACTED, redactBySurroundings, SECRET_FIELD } from './secret-values.ts';

/** Headers that carry no secret. */
const HARMLESS_HEADERS = new Set(['accept', 'accept-language', 'content-type', 'content-language', 'user-agent', 'idempotency-key']);
const ADDRESS = /^[a-z][a-z0-9+.-]{0,20}:\/\//i;

/**
 * Redacts a run's input so that it may be stored and shown: in custom tasks' arguments, the values of headers, bodies and fields named like
 * a secret, and all parts of addresses except host and path. Names and `{ "$env": … }` stay.
 * @returns the same object where nothing was replaced
 */
export function redactInput<T>(input: T): T {
  const tasks = isRecord(input) ? input.tasks : undefined;
  if (!Array.isArray(tasks)) return input;
  let changed = false;
  const redacted = tasks.map((task: unknown) => {
    if (!isRecord(task) || task.args === undefined) return task;
    const args = redactArgument(task.args);
    if (args === task.args) return task;
    changed = true;
    return { ...task, args };
  });
  return changed ? { ...input, tasks: redacted } : input;
}

/** The first place of a stored input where a value was redacted; undefined where it is complete. */
export function redactedPlace(input: unknown): string | undefined {
  const tasks = isRecord(input) && Array.isArray(input.tasks) ? (input.tasks as unknown[]) : [];
  for (const [index, task] of tasks.entries()) {
    const place = isRecord(task) ? placeOf(task.args, `tasks[${index}].args`) : undefined;
    if (place !== undefined) return place;
  }
  return undefined;
}

function placeOf(value: unknown, path: string): string | undefined {
  if (typeof value === 'string') return value.includes(REDACTED) ? path : undefined;
  if (typeof value !== 'object' || value === null) return undefined;
  for (const [key, inner] of Object.entries(value)) {
    const place = placeOf(inner, Array.isArray(value) ? `${path}[${key}]` : `${path}.${key}`);
    if (place !== undefined) return place;
  }
  return undefined;
}

/** Redacts an argument; returns the same value where nothing was replaced. */
function redactArgument(value: unknown, field = ''): unknown {
  if (isReference(value)) return value;
  if (field === 'body') return redactLeaves(value);
  if (SECRET_FIELD.test(field) && (typeof value === 'string' || typeof value === 'number')) return REDACTED;
  if (typeof value === 'string') return ADDRESS.test(value) ? redactAddress(value) : redactBySurroundings(value);
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value))
    return unchanged(
      value,
      value.map((item: unknown) => redactArgument(item)),
    );
  const entries = Object.entries(value);
  const redacted = entries.map(([key, inner]: [string, unknown]) =>
    field === 'headers' && !isReference(inner) && !HARMLESS_HEADERS.has(key.toLowerCase())
      ? REDACTED
      : redactArgument(inner, key.toLowerCase()),
  );
  return redacted.some((inner, i) => inner !== entries[i][1]) ? Object.fromEntries(entries.map(([key], i) => [key, redacted[i]])) : value;
}

/**
 * The secrets in a custom task's arguments: values of headers and of fields named like a secret, user info and query values of addresses.
 * Bodies are left out, since they are mostly ordinary text.
 */
export function inlineSecrets(value: unknown, field = '', inHeaders = false): string[] {
  if (isReference(value) || value === null || field === 'body') return [];
  if (typeof value === 'string' || typeof value === 'number') {
    if (inHeaders || SECRET_FIELD.test(field)) return String(value).split(/\s+/);
    return typeof value === 'string' && ADDRESS.test(value) && URL.canParse(value) ? secretsOfAddress(new URL(value)) : [];
  }
  if (typeof value !== 'object') return [];
  if (Array.isArray(value)) return value.flatMap((item: unknown) => inlineSecrets(item));
  return Object.entries(value).flatMap(([key, inner]: [string, unknown]) =>
    inlineSecrets(inner, key.toLowerCase(), field === 'headers' && !HARMLESS_HEADERS.has(key.toLowerCase())),
  );
}

const secretsOfAddress = ({ username, password, searchParams }: URL): string[] => [username, password, ...searchParams.values()];

const unchanged = (before: readonly unknown[], after: readonly unknown[]): readonly unknown[] =>
  after.some((item, i) => item !== before[i]) ? after : before;

/** Redacts every value inside a body; names and references stay. */
function redactLeaves(value: unknown): unknown {
  if (value === undefined || value === null || value === REDACTED || isReference(value)) return value;
  if (typeof value !== 'object') return REDACTED;
  if (Array.isArray(value)) return unchanged(value, value.map(redactLeaves));
  const entries = Object.entries(value);
  const redacted = entries.map(([, inner]: [string, unknown]) => redactLeaves(inner));
  return redacted.some((inner, i) => inner !== entries[i][1]) ? Object.fromEntries(entries.map(([key], i) => [key, redacted[i]])) : value;
}

/** Redacts the user info and the values of the query of an address; the names of the parameters stay. */
function redactAddress(address: string): string {
  const [, head, query = '', fragment = ''] = /^([^?#]*)(\?[^#]*)?(#.*)?$/s.exec(address) ?? [undefined, address];
  const values = query.replaceAll(/([?&])([^=&]*)(=?)([^&]*)/g, (whole, mark: string, name: string, equals: string, value: string) =>
    equals === '' ? (name === '' ? whole : `${mark}${REDACTED}`) : value === '' ? whole : `${mark}${name}=${REDACTED}`,
  );
  return redactBySurroundings(head ?? '') + values + (fragment === '' ? '' : `#${REDACTED}`);
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);
