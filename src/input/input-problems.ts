import { z } from 'zod';
import type { Problem } from '../contracts/errors.ts';
import { issueWords } from '../contracts/text/issue-words.ts';
import { didYouMean } from '../contracts/text/nearest-name.ts';
import { STAGES } from '../contracts/words.ts';
import { durationMs } from './field-schemas.ts';
import { describeValue, fieldPath, isRecord, listAt, recordOf } from './raw-input.ts';

const EXPECTED: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
  record: 'an object',
};

/** Translates zod's issues into the user's words: the field, what is wrong with it, what to write instead. */
export function inputProblems(issues: readonly z.core.$ZodIssue[], given: unknown, schema: z.ZodType): Problem[] {
  return issues.flatMap((issue): Problem[] => {
    const where = fieldPath(issue.path);
    switch (issue.code) {
      case 'unrecognized_keys': {
        const known = keysAt(schema, issue.path);
        const what = issue.path.at(-1) === 'byError' ? 'error type' : 'field';
        return issue.keys.map((key) => ({
          where: fieldPath([...issue.path, key]),
          message: `unknown ${what}${didYouMean(key, known) || `; the ${what}s here are ${known.join(', ')}`}`,
        }));
      }
      case 'invalid_type': {
        const value = valueAt(given, issue.path);
        const expected = EXPECTED[issue.expected] ?? issue.expected;
        return [
          { where, message: value === undefined ? `is missing; write ${expected}` : `must be ${expected}, not ${describeValue(value)}` },
        ];
      }
      default:
        return [{ where, message: issueWords(issue) }];
    }
  });
}

/** Finds retries whose longest wait is shorter than their first wait. */
export function retryProblems(given: unknown): Problem[] {
  const places: [where: string, retry: unknown][] = [['retry', recordOf(given).retry]];
  for (const stage of STAGES) places.push([`stages.${stage}.retry`, recordOf(recordOf(recordOf(given).stages)[stage]).retry]);
  for (const [index, task] of listAt(given, 'tasks').entries()) places.push([`tasks[${index}]`, task]);
  const rules = places.flatMap(([where, retry]) =>
    Object.entries(recordOf(recordOf(retry).byError)).map(([type, rule]): [string, unknown] => [`${where}.byError.${type}`, rule]),
  );
  return [...places, ...rules].flatMap(([where, retry]): Problem[] => {
    const { retryDelay, maxDelay } = recordOf(retry);
    if (typeof retryDelay !== 'string' || typeof maxDelay !== 'string' || !(durationMs(maxDelay) < durationMs(retryDelay))) return [];
    return [{ where: `${where}.maxDelay`, message: `${maxDelay} is shorter than retryDelay ${retryDelay}; make it at least as long` }];
  });
}

function valueAt(given: unknown, path: readonly PropertyKey[]): unknown {
  let value = given;
  for (const part of path) {
    if (Array.isArray(value)) value = value[Number(part)];
    else value = isRecord(value) ? value[String(part)] : undefined;
  }
  return value;
}

/** Names of the fields that the object at a path of the input may have. */
function keysAt(schema: z.ZodType, path: readonly PropertyKey[]): string[] {
  let at: unknown = unwrapped(schema);
  for (const part of path) {
    if (at instanceof z.ZodObject) at = unwrapped(at.shape[String(part)]);
    else if (at instanceof z.ZodArray) at = unwrapped(at.element);
  }
  return at instanceof z.ZodObject ? Object.keys(at.shape) : [];
}

function unwrapped(schema: unknown): unknown {
  return schema instanceof z.ZodOptional || schema instanceof z.ZodNullable ? unwrapped(schema.unwrap()) : schema;
}
