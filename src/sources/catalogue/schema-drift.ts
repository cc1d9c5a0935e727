import type { z } from 'zod';
import { PredictLabError } from '../../contracts/errors.ts';
import { readTime } from './scalars.ts';

export type JsonObject = { readonly [key: string]: unknown };

/** Whether a value is an object with fields, neither null nor a list. */
export const isObject = (value: unknown): value is JsonObject => typeof value === 'object' && value !== null && !Array.isArray(value);

const SAMPLE_LENGTH = 200;

const typeOf = (value: unknown): string =>
  value === null ? 'null' : Array.isArray(value) ? 'array' : typeof value === 'undefined' ? 'nothing' : typeof value;

/** The error for an answer that lacks a field that PredictLab reads. It names the route and both types, and shows a sample. */
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

/** Reads a part of an answer by its schema. @throws PredictLabError SourceSchemaChanged */
export function parsedBy<Value>(schema: z.ZodType<Value>, item: unknown, at: { venue: string; where: string }): Value {
  const parsed = schema.safeParse(item);
  if (parsed.success) return parsed.data;
  const [{ path, message }] = parsed.error.issues;
  const got = path.reduce<unknown>((value, key) => (value as Record<PropertyKey, unknown> | undefined)?.[key], item);
  throw schemaChanged({ ...at, path: path.map(String).join('.') || '$', expected: message, got, sample: item });
}

/** Returns an answer that must be an object. @throws PredictLabError SourceSchemaChanged */
export function objectAt(json: unknown, at: { venue: string; where: string }): JsonObject {
  if (isObject(json)) return json;
  throw schemaChanged({ ...at, path: '$', expected: 'an object', got: json, sample: json });
}

/** Returns the times of an answer's fields, in epoch milliseconds. @throws PredictLabError SourceSchemaChanged */
export function timesIn(json: unknown, names: readonly string[], at: { venue: string; where: string }): readonly number[] {
  const fields = objectAt(json, at);
  return names.map((path) => {
    const { value } = readTime(fields[path]);
    if (value === null) throw schemaChanged({ ...at, path, expected: 'a time', got: fields[path], sample: fields });
    return value;
  });
}

/** Returns a list in an answer; `path` is its key, or `$` for the answer itself. @throws PredictLabError SourceSchemaChanged */
export function listInAnswer(json: unknown, path: string, at: { venue: string; where: string }): readonly unknown[] {
  const value = path === '$' ? json : objectAt(json, at)[path];
  if (Array.isArray(value)) return value as readonly unknown[];
  throw schemaChanged({ ...at, path, expected: 'a list', got: value, sample: json });
}

/** Fields that a row must have. Each is a list of possible names; dots in a name lead into nested objects. */
export type RequiredFields = readonly (readonly string[])[];

const SCALAR = new Set(['string', 'number', 'boolean']);

/** The value at a dotted path; undefined where a part of the path is missing. */
export function valueAt(row: unknown, path: string): unknown {
  let value: unknown = row;
  for (const key of path.split('.')) {
    if (!isObject(value)) return undefined;
    value = value[key];
  }
  return value;
}

/**
 * Refuses a page with a changed schema: a field that **every** row lacks (or has as a list or an object) was renamed. A field that only
 * some rows lack makes those rows `malformed`; `null` is a possible value.
 * @param seen fields that earlier pages of the same walk had; is updated. A short page without such a field has bad rows, not a new schema
 * @throws PredictLabError SourceSchemaChanged
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
    if (rows.length < MIN_ROWS_OF_PROOF && seen.has(key)) continue;
    const sample = rows.find(lacks);
    // Where a parent object is null in every row, the page does not show whether the field still exists.
    if (sample === undefined) continue;
    throw schemaChanged({ ...at, path: `${at.list}[].${key}`, expected: 'a value', got: valueAt(sample, key), sample });
  }
}

/** Number of rows below which a page alone does not prove a changed schema. */
const MIN_ROWS_OF_PROOF = 10;

function presenceAt(row: unknown, path: string): 'present' | 'absent' | 'unknown' {
  let value: unknown = row;
  for (const key of path.split('.')) {
    // A null parent object (`taker: null`) makes one bad row, but does not show that its fields were renamed.
    if (value === null) return 'unknown';
    if (!isObject(value)) return 'absent';
    value = value[key];
  }
  return value === null || SCALAR.has(typeof value) ? 'present' : 'absent';
}
