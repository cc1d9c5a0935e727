import { badInput } from '../contracts/errors.ts';
import type { Json } from '../contracts/run/pipeline-input.ts';
import { isReference, REFERENCE_FIELD } from './secret-values.ts';
import type { Secrets } from './secrets.ts';

/** Name of a variable. An argument of a custom task refers to it by `{ "$env": "DESK_TOKEN" }` or `{ "$env": "Bearer ${DESK_TOKEN}" }`. */
const NAME = /^[A-Za-z_]\w{0,200}$/;
const IN_TEXT = /\$\{([^}]*)\}/g;

/**
 * The variables that a task's arguments may name: those of `PREDICTLAB_ENV_ALLOW` and those that its activity declares. All others are
 * refused, because otherwise everyone who can start a run could send the worker's secrets to any host.
 * @param declared the `env` of a plugin's activity
 */
export function allowedNames(env: NodeJS.ProcessEnv, declared: readonly string[] = []): ReadonlySet<string> {
  const listed = (env.PREDICTLAB_ENV_ALLOW ?? '').split(',').map((name) => name.trim());
  return new Set([...listed.filter((name) => name !== ''), ...declared]);
}

/** Whether a value contains a reference to a variable of the environment. */
export function namesEnvironment(value: Json | undefined): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return isReference(value) || Object.values(value).some((inner: Json) => namesEnvironment(inner));
}

/**
 * The problems of the references to variables in a value, each with its path.
 * @param allowed the variables that may be named @default any: the worker that resolves the references decides
 */
export function referenceProblems(value: Json | undefined, where: string, allowed?: ReadonlySet<string>): string[] {
  if (typeof value !== 'object' || value === null) return [];
  if (!isReference(value)) {
    return Object.entries(value).flatMap(([key, inner]: [string, Json]) => referenceProblems(inner, `${where}.${key}`, allowed));
  }
  const problem = problemOf(value as Readonly<Record<string, Json>>, allowed);
  return problem === undefined ? [] : [`${where}: ${problem}`];
}

export interface ReferenceSource {
  readonly env: NodeJS.ProcessEnv;
  /** The set of secrets to which the values of the variables are added. */
  readonly secrets: Secrets;
  /** Names of the variables that references may use. */
  readonly allowed: ReadonlySet<string>;
}

/**
 * Replaces every reference in a task's arguments by the variable's value, which is a secret from then on.
 * @throws PredictLabError BadInput that names the variable that is not set or not allowed
 */
export function resolveReferences(value: Json, source: ReferenceSource): Json {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((inner: Json) => resolveReferences(inner, source));
  const fields = value as Readonly<Record<string, Json>>;
  if (!isReference(fields)) {
    return Object.fromEntries(Object.entries(fields).map(([key, inner]) => [key, resolveReferences(inner, source)]));
  }
  const problem = problemOf(fields, source.allowed);
  if (problem !== undefined) throw badInput(problem);
  const read = (name: string): string => {
    const found = source.env[name];
    if (found === undefined || found === '') {
      throw badInput(`{ "$env": … } names ${name}, which is not set on this worker; set ${name} and restart the worker`);
    }
    source.secrets.learn(found);
    return found;
  };
  const written = fields[REFERENCE_FIELD] as string;
  return NAME.test(written) ? read(written) : written.replaceAll(IN_TEXT, (_, name: string) => read(name));
}

function problemOf(reference: Readonly<Record<string, Json>>, allowed: ReadonlySet<string> | undefined): string | undefined {
  const written = reference[REFERENCE_FIELD];
  if (typeof written !== 'string' || Object.keys(reference).length > 1)
    return 'write { "$env": "NAME" }, or { "$env": "Bearer ${NAME}" }, without other fields';
  const names = NAME.test(written) ? [written] : [...written.matchAll(IN_TEXT)].map(([, name]) => name);
  if (names.length === 0 || !names.every((name) => NAME.test(name)))
    return `{ "$env": ${JSON.stringify(written.slice(0, 80))} } names no variable; write { "$env": "NAME" }, or { "$env": "Bearer \${NAME}" }`;
  const refused = allowed === undefined ? undefined : names.find((name) => !allowed.has(name));
  return refused === undefined
    ? undefined
    : `{ "$env": "${refused}" }: tasks may not read ${refused}; add it to PREDICTLAB_ENV_ALLOW of the worker if they may`;
}
