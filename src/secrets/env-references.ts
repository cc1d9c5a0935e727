import { PredictLabError } from '../contracts/errors.ts';
import type { Json } from '../contracts/run/pipeline-input.ts';
import { isReference, REFERENCE_FIELD } from './reference.ts';
import type { Secrets } from './secrets.ts';

/*
 * `{ "$env": "DESK_TOKEN" }` in the arguments of a custom task: the value of that variable of the worker, which never leaves it.
 * `{ "$env": "Bearer ${DESK_TOKEN}" }` puts it into a text.
 */

const NAME = /^[A-Za-z_]\w{0,200}$/;
const IN_TEXT = /\$\{([^}]*)\}/g;
/** A worker's own keys: whoever may start runs must not have them sent somewhere. */
const OWN = /^(?:DATABASE_URL|PG[A-Z]+|PREDICTLAB_PAYLOAD_KEY.*|PREDICT_API_KEY|TEMPORAL_.*)$/;

/** Whether a value has a reference in it anywhere. */
export function namesEnvironment(value: Json | undefined): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return isReference(value) || Object.values(value).some((inner: Json) => namesEnvironment(inner));
}

/** What is wrong with how references are written, wherever they are resolved later; each with its path. */
export function referenceProblems(value: Json | undefined, where: string, allowed?: string): string[] {
  if (typeof value !== 'object' || value === null) return [];
  if (!isReference(value)) {
    return Object.entries(value).flatMap(([key, inner]: [string, Json]) => referenceProblems(inner, `${where}.${key}`, allowed));
  }
  const problem = problemOf(value as Readonly<Record<string, Json>>, allowed);
  return problem === undefined ? [] : [`${where}: ${problem}`];
}

/**
 * Arguments with every reference replaced by what the worker's environment has; what was read counts as secret from then on.
 *
 * @throws PredictLabError BadInput that names the variable which is not set, or may not be read
 */
export function resolveReferences(value: Json, env: NodeJS.ProcessEnv, secrets: Secrets): Json {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((inner: Json) => resolveReferences(inner, env, secrets));
  const fields = value as Readonly<Record<string, Json>>;
  if (!isReference(fields)) {
    return Object.fromEntries(Object.entries(fields).map(([key, inner]) => [key, resolveReferences(inner, env, secrets)]));
  }
  const problem = problemOf(fields, env.PREDICTLAB_SECRETS);
  if (problem !== undefined) throw new PredictLabError('BadInput', problem);
  const read = (name: string): string => {
    const found = env[name];
    if (found === undefined || found === '') {
      throw new PredictLabError(
        'BadInput',
        `{ "$env": … } names ${name}, which is not set on this worker; set ${name} and start the worker anew`,
      );
    }
    secrets.learn(found);
    return found;
  };
  const written = fields[REFERENCE_FIELD] as string;
  return NAME.test(written) ? read(written) : written.replaceAll(IN_TEXT, (_, name: string) => read(name));
}

function problemOf(reference: Readonly<Record<string, Json>>, allowed: string | undefined): string | undefined {
  const written = reference[REFERENCE_FIELD];
  if (typeof written !== 'string' || Object.keys(reference).length > 1)
    return 'write { "$env": "NAME" }, or { "$env": "Bearer ${NAME}" }, and nothing beside it';
  const names = NAME.test(written) ? [written] : [...written.matchAll(IN_TEXT)].map(([, name]) => name);
  if (names.length === 0 || !names.every((name) => NAME.test(name)))
    return `{ "$env": ${JSON.stringify(written.slice(0, 80))} } names no variable; write { "$env": "NAME" }, or { "$env": "Bearer \${NAME}" }`;
  const list = allowed?.split(',').map((name) => name.trim());
  const refused = names.find((name) => (list === undefined ? OWN.test(name) : !list.includes(name)));
  if (refused === undefined) return undefined;
  return list === undefined
    ? `{ "$env": "${refused}" }: ${refused} is the worker's own and not for tasks; give the task a variable of its own, or list ${refused} in PREDICTLAB_SECRETS`
    : `{ "$env": "${refused}" }: ${refused} is not among PREDICTLAB_SECRETS, the variables that tasks may read; add it there`;
}
