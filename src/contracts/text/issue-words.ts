import { cutText } from './cut-text.ts';

/** An issue of a zod schema, possibly of another zod version that a plugin brings along. */
export interface SchemaIssue {
  readonly code?: string;
  readonly message: string;
  readonly path: readonly PropertyKey[];
  readonly expected?: unknown;
  readonly origin?: unknown;
  readonly minimum?: unknown;
  readonly maximum?: unknown;
  readonly inclusive?: boolean;
  readonly exact?: boolean;
  readonly divisor?: unknown;
  readonly format?: unknown;
  readonly values?: readonly unknown[];
  readonly keys?: readonly string[];
}

/** Matches zod's default messages; a custom message of a schema stays as it is. */
const DEFAULT_MESSAGE = /^(?:Invalid|Too (?:big|small)|Unrecognized|expected )/;
const KINDS: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
  record: 'an object',
  date: 'a date',
  null: 'null',
};

/** Describes an issue in the user's words, to follow the field's name: what is wrong and what to write. */
export function issueWords(issue: SchemaIssue): string {
  if (!DEFAULT_MESSAGE.test(issue.message)) return issue.message;
  const { code, expected, origin, minimum, maximum, divisor, format, values = [], keys = [], inclusive = true } = issue;
  switch (code) {
    case 'invalid_type': {
      const wanted = KINDS[String(expected)] ?? String(expected);
      return issue.message.endsWith('received undefined') ? `is missing; write ${wanted}` : `must be ${wanted}`;
    }
    case 'too_small':
    case 'too_big': {
      const [atLimit, beyond, limit] = code === 'too_small' ? ['at least', 'more than', minimum] : ['at most', 'less than', maximum];
      const words = `${inclusive ? atLimit : beyond} ${String(limit)}`;
      if (origin === 'string') return `must have ${words} characters`;
      return origin === 'array' || origin === 'set' ? `must have ${words} entries` : `must be ${words}`;
    }
    case 'not_multiple_of':
      return `must be a multiple of ${String(divisor)}`;
    case 'invalid_format':
      return `is not a valid ${String(format)}`;
    case 'invalid_value':
    case 'invalid_enum_value':
      return `must be ${values.map((value) => cutText(JSON.stringify(value) ?? '', 40)).join(' or ') || 'another value'}`;
    case 'unrecognized_keys':
      return `takes no ${keys.map((key) => cutText(key, 60)).join(', ')}`;
    case 'invalid_union':
      return 'has none of the allowed forms';
    default:
      return cutText(issue.message.replace(/^Invalid input: ?/, '').replace(/^expected /, 'must be '), 200);
  }
}
