import { PredictLabError } from '../../contracts/errors.ts';

export type JsonObject = { readonly [key: string]: unknown };

/** Whether a value is an object with fields, neither null nor a list. */
export const isObject = (value: unknown): value is JsonObject => typeof value === 'object' && value !== null && !Array.isArray(value);

const SAMPLE_LENGTH = 200;

const typeOf = (value: unknown): string =>
  value === null ? 'null' : Array.isArray(value) ? 'array' : typeof value === 'undefined' ? 'nothing' : typeof value;

/** An answer that lost or renamed something we use: where, what was expected, what came, and a piece of it. */
export function schemaChanged(at: {
  venue: string;
  where: string;
  path: string;
  expected: string;
  got: unknown;
  sample: unknown;
}): PredictLabError {
  const sample = (JSON.stringify(at.sample) ?? 'nothing').slice(0, SAMPLE_LENGTH);
  return new PredictLabError(
    'SourceSchemaChanged',
    `${at.venue} changed its answer on ${at.where}: expected ${at.expected} at ${at.path}, got ${typeOf(at.got)}; sample: ${sample}. ` +
      'Nothing of it was stored; PredictLab needs an update',
  );
}

/** An answer that must be an object. */
export function objectAt(json: unknown, at: { venue: string; where: string }): JsonObject {
  if (isObject(json)) return json;
  throw schemaChanged({ ...at, path: '$', expected: 'an object', got: json, sample: json });
}

/** A list inside an answer (`path` is its key, `$` the answer itself). */
export function listInAnswer(json: unknown, path: string, at: { venue: string; where: string }): readonly unknown[] {
  const value = path === '$' ? json : objectAt(json, at)[path];
  if (Array.isArray(value)) return value as readonly unknown[];
  throw schemaChanged({ ...at, path, expected: 'a list', got: value, sample: json });
}

/** Fields a row must have, each under one of its names; dots go into nested objects. */
export type RequiredFields = readonly (readonly string[])[];

const SCALAR = new Set(['string', 'number', 'boolean']);

/** The value at a dotted path; undefined where the way ends early. */
export function valueAt(row: unknown, path: string): unknown {
  let value: unknown = row;
  for (const key of path.split('.')) {
    if (!isObject(value)) return undefined;
    value = value[key];
  }
  return value;
}

/**
 * Where a bad row ends and a changed schema begins: a field that **every** row of a non-empty page lacks (or has as a list
 * or an object) was renamed, and the page is refused as a whole. A field that only some rows lack makes those rows
 * `malformed`. `null` is a value that a row may have: it is never drift.
 *
 * @param seen fields that earlier pages of the same walk had; few rows without one of them are bad rows. Grows.
 */
export function refuseRenamedFields(
  rows: readonly unknown[],
  required: RequiredFields,
  at: { venue: string; where: string; list: string },
  seen = new Set<string>(),
): void {
  if (rows.length === 0) return;
  for (const names of required) {
    const lacks = (row: unknown): boolean => names.every((name) => presenceAt(row, name) === 'absent');
    const key = names[0] ?? '';
    if (rows.some((row) => names.some((name) => presenceAt(row, name) === 'present'))) {
      seen.add(key);
      continue;
    }
    if (rows.length < FEW && seen.has(key)) continue;
    const sample = rows.find(lacks);
    // nothing but null branches says nothing about names
    if (sample === undefined) continue;
    throw schemaChanged({ ...at, path: `${at.list}[].${key}`, expected: 'a value', got: valueAt(sample, key), sample });
  }
}

/** Pages shorter than this prove little by themselves. */
const FEW = 10;

function presenceAt(row: unknown, path: string): 'present' | 'absent' | 'unknown' {
  let value: unknown = row;
  for (const key of path.split('.')) {
    // a whole branch that is null (`taker: null`) is one bad row, and says nothing about the fields in it
    if (value === null) return 'unknown';
    if (!isObject(value)) return 'absent';
    value = value[key];
  }
  return value === null || SCALAR.has(typeof value) ? 'present' : 'absent';
}
