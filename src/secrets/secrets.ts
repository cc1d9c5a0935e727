import { REDACTED, redactPlaces } from './redact-text.ts';
import { isReference } from './reference.ts';
import { isDistinctive, secretValues } from './secret-values.ts';

/**
 * The secrets that a process knows. Every text on its way to a log, the database, a page or Temporal passes through it to be redacted.
 */
export class Secrets {
  readonly #values: Set<string>;
  #pattern: RegExp | undefined;

  /** @param values see `secretValues` */
  constructor(values: Iterable<string>) {
    this.#values = new Set(values);
    this.#pattern = patternOf(this.#values);
  }

  /** Adds a secret: a variable that an input named, a key that was read from a file. */
  learn(value: string): void {
    if (this.#values.has(value) || !isDistinctive(value)) return;
    this.#values.add(value);
    this.#pattern = patternOf(this.#values);
  }

  readonly #withoutValues = (text: string): string => (this.#pattern === undefined ? text : text.replace(this.#pattern, REDACTED));

  /** Redacts a text: known secrets wherever they are, and unknown ones in addresses and authorizations. */
  readonly text = (text: string): string => redactPlaces(this.#withoutValues(text));

  /** Redacts a JSON value, keys included; returns the same object where it contains no secret. */
  readonly json = <T>(value: T): T => {
    if (typeof value === 'string') return this.text(value) as T;
    if (typeof value !== 'object' || value === null) return value;
    // A reference only names variables, possibly inside an address, and contains no secret there.
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

/** The secrets of each environment, including those learnt later, shared by all callers with the same environment object. */
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

/** Longer ones first: a secret may be a part of another one. Each also as addresses and JSON write it. */
function patternOf(values: ReadonlySet<string>): RegExp | undefined {
  const forms = new Set([...values].flatMap((value) => [value, encodeURIComponent(wellFormed(value)), JSON.stringify(value).slice(1, -1)]));
  if (forms.size === 0) return undefined;
  const sorted = [...forms].sort((a, b) => b.length - a.length);
  return new RegExp(sorted.map((form) => form.replaceAll(/[\\^$.*+?()[\]{}|/-]/g, '\\$&')).join('|'), 'g');
}

const wellFormed = (text: string): string => text.replaceAll(/\p{Surrogate}/gu, '\ufffd');
