import type { Log } from '../contracts/log.ts';
import { isDistinctive, isReference, REDACTED, redactBySurroundings, secretValues } from './secret-values.ts';

const MAX_INLINE = 500;

/** The secrets that a process knows. Every text on its way to a log, the database, a page or Temporal passes through it to be redacted. */
export class Secrets {
  readonly #values: Set<string>;
  readonly #inline = new Set<string>();
  #pattern: RegExp | undefined;

  constructor(values: Iterable<string>) {
    this.#values = new Set(values);
    this.#pattern = patternOf(this.#values);
  }

  /** Adds a secret that became known later, such as a variable that an input names or a key that is read from a file. */
  learn(value: string): void {
    if (this.#values.has(value) || !isDistinctive(value)) return;
    this.#values.add(value);
    this.#pattern = patternOf([...this.#values, ...this.#inline]);
  }

  /** Adds secrets that are written into the arguments of a task. Only the last 500 are kept, since a worker handles any number of runs. */
  learnInline(values: readonly string[]): void {
    const unknown = values.filter((value) => isDistinctive(value) && !this.#values.has(value) && !this.#inline.has(value));
    if (unknown.length === 0) return;
    for (const value of unknown) this.#inline.add(value);
    for (const oldest of this.#inline) {
      if (this.#inline.size <= MAX_INLINE) break;
      this.#inline.delete(oldest);
    }
    this.#pattern = patternOf([...this.#values, ...this.#inline]);
  }

  readonly #withoutValues = (text: string): string => (this.#pattern === undefined ? text : text.replace(this.#pattern, REDACTED));

  /** Redacts a text: known secrets wherever they are, and unknown ones in addresses and authorizations. */
  readonly text = (text: string): string => redactBySurroundings(this.#withoutValues(text));

  /** Redacts a JSON value, keys included; returns the same object where it contains no secret. */
  readonly json = <T>(value: T): T => {
    if (typeof value === 'string') return this.text(value) as T;
    if (typeof value !== 'object' || value === null) return value;
    // In a reference, `${NAME}` stands where an address would have a secret, so only known secrets are redacted in it.
    const text = isReference(value) ? this.#withoutValues : this.text;
    if (Array.isArray(value)) {
      const items = value.map((item: unknown) => this.json(item));
      return items.some((item, i) => item !== value[i]) ? (items as T) : value;
    }
    let changed = false;
    const entries = Object.entries(value).map(([key, inner]): [string, unknown] => {
      const redacted = typeof inner === 'string' ? text(inner) : this.json(inner as unknown);
      const name = this.text(key);
      changed ||= redacted !== inner || name !== key;
      return [name, redacted];
    });
    return changed ? (Object.fromEntries(entries) as T) : value;
  };
}

/** The `Secrets` of each environment object. All callers share them, so that a secret learnt by one is redacted by all. */
const known = new WeakMap<NodeJS.ProcessEnv, Secrets>();

/** The secrets of an environment; the same object for the same environment. */
export function secretsOf(env: NodeJS.ProcessEnv): Secrets {
  let secrets = known.get(env);
  if (secrets === undefined) {
    secrets = new Secrets(secretValues(env));
    known.set(env, secrets);
  }
  return secrets;
}

/** A pattern that matches any of the values in any form. Longer forms come first, since a secret may be part of another one. */
function patternOf(values: Iterable<string>): RegExp | undefined {
  const forms = new Set([...values].flatMap(formsOf));
  if (forms.size === 0) return undefined;
  const sorted = [...forms].sort((a, b) => b.length - a.length);
  return new RegExp(sorted.map((form) => form.replaceAll(/[\\^$.*+?()[\]{}|/-]/g, '\\$&')).join('|'), 'g');
}

/** Shortest encoded form that is searched for; a shorter one would match ordinary text. */
const MIN_FORM_LENGTH = 8;

/** All forms of a value: unchanged, and as addresses, JSON, hex and base64 write it. */
function formsOf(value: string): string[] {
  const bytes = Buffer.from(value);
  const percent = encodeURIComponent(wellFormed(value));
  const everyByte = [...bytes].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join('');
  const encoded = [
    percent.replaceAll(/%[0-9A-F]{2}/g, (escape) => escape.toLowerCase()),
    everyByte,
    everyByte.toUpperCase(),
    bytes.toString('hex'),
    bytes.toString('hex').toUpperCase(),
    ...['base64', 'base64url'].flatMap((encoding) => [0, 1, 2].map((offset) => inBase64(bytes, offset, encoding as BufferEncoding))),
  ];
  return [value, percent, JSON.stringify(value).slice(1, -1), ...encoded.filter((form) => form.length >= MIN_FORM_LENGTH)];
}

/** The characters of a value in the base64 of any longer text, where the value starts `offset` bytes after a group of three bytes. */
function inBase64(bytes: Buffer, offset: number, encoding: BufferEncoding): string {
  const end = Math.floor(((offset + bytes.length) * 8) / 6);
  return Buffer.concat([Buffer.alloc(offset), bytes])
    .toString(encoding)
    .slice(Math.ceil((offset * 8) / 6), end);
}

const wellFormed = (text: string): string => text.replaceAll(/\p{Surrogate}/gu, '\ufffd');

/** Wraps a log so that secrets are redacted, and errors among the fields are written with their causes, which JSON would drop. */
export function redactedLog(log: Log, secrets: Secrets): Log {
  const at =
    (level: keyof Log) =>
    (message: string, fields?: Record<string, unknown>): void =>
      log[level](secrets.text(message), fields === undefined ? undefined : secrets.json(loggedFields(fields)));
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}

function loggedFields(fields: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, loggedValue(value)]));
}

/** The value of a log field as JSON. A note replaces one that has none (a circular reference, a BigInt). */
function loggedValue(value: unknown): unknown {
  if (value instanceof Error) return describeError(value);
  if (typeof value !== 'object' || value === null) return value;
  try {
    return JSON.parse(JSON.stringify(value, (_, inner: unknown) => (inner instanceof Error ? describeError(inner) : inner))) as unknown;
  } catch {
    return '(cannot be written as JSON)';
  }
}

interface DescribedError {
  readonly type: string;
  readonly message: string;
  readonly code?: string | number;
  readonly stack?: string;
  readonly cause?: DescribedError;
}

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
