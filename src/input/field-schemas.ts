import ms, { type StringValue } from 'ms';
import { z } from 'zod';
import { didYouMean } from '../contracts/text/nearest-name.ts';
import { DAY_MS } from '../contracts/words.ts';

/** Longest duration that makes sense for one attempt or one wait. */
const MAX_DURATION_MS = 7 * DAY_MS;

/** Milliseconds of a duration such as `"5m"`, `"1s"` or `"250ms"`; NaN where the text is not a duration. */
export function durationMs(text: string): number {
  try {
    return ms(text.trim() as StringValue);
  } catch {
    return Number.NaN;
  }
}

/** Schema of a duration of at least `shortest` and at most a week. */
export const durationField = (shortest: 'zero' | 'positive') =>
  z.string().superRefine((text, context) => {
    const value = durationMs(text);
    if (Number.isNaN(value)) problem(context, `"${text}" is not a valid duration; write a number and a unit, like "30s", "5m" or "1h"`);
    else if (value < 0 || (value === 0 && shortest === 'positive')) problem(context, `"${text}" must be longer than nothing, like "30s"`);
    else if (value > MAX_DURATION_MS) problem(context, `"${text}" is longer than a week; write at most "7d"`);
  });

/** Schema of one word of a list; the problem of another word lists all and suggests the nearest. */
export const wordField = <Word extends string>(what: string, words: readonly Word[]) =>
  z
    .string()
    .superRefine((text, context) => {
      if (!(words as readonly string[]).includes(text)) {
        problem(context, `unknown ${what} "${text}"; there are ${words.join(', ')}${didYouMean(text, words)}`);
      }
    })
    .transform((text) => text as Word);

/** Number of unknown names that are compared with all known names for a suggestion. */
const NAMES_COMPARED = 20;

/** Schema of a name out of many; the problem of an unknown name suggests the nearest and says where the others are listed. */
export const nameField = (known: { what: string; names: readonly string[]; list: string }) => {
  const names = new Set(known.names);
  let unknown = 0;
  return z.string().superRefine((text, context) => {
    // Both the catalogue and a wrong list may be large.
    if (!names.has(text) && unknown++ >= NAMES_COMPARED) problem(context, `unknown ${known.what} "${text}"; ${known.list}`);
    else if (!names.has(text)) problem(context, `unknown ${known.what} "${text}"; ${known.list}${didYouMean(text, known.names)}`);
  });
};

/** Schema of a whole number in a range. */
export const wholeField = (from: number, to: number) =>
  z.number().superRefine((value, context) => {
    if (!Number.isInteger(value) || value < from || value > to)
      problem(context, `${value} is out of range; write a whole number from ${from} to ${to}`);
  });

/** Schema of a number in a range. */
export const numberField = (from: number, to: number, wanted = `a number from ${from} to ${to}`) =>
  z.number().superRefine((value, context) => {
    if (!(value >= from && value <= to)) problem(context, `${value} is out of range; write ${wanted}`);
  });

/** Schema of a priority: 1 goes first, 5 last. */
export const priorityField = () => wholeField(1, 5);

const INSTANT = /^(\d{4}-\d{2}-\d{2})(T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2}))?$/;

/** Whether a text is an existing instant in ISO 8601 with a time zone, or an existing day. */
export function isInstant(text: string): boolean {
  const day = INSTANT.exec(text)?.[1];
  return day !== undefined && !Number.isNaN(Date.parse(text)) && new Date(`${day}T00:00:00Z`).toISOString().startsWith(day);
}

/** Schema of an instant in ISO 8601 with a time zone, or a day (its midnight UTC). */
export const instantField = () =>
  z.string().superRefine((text, context) => {
    if (!isInstant(text)) problem(context, `"${text}" is not a valid instant; write ISO 8601 in UTC, like "2026-01-31T12:00:00Z"`);
  });

/** Schema of a custom task's id: a person can type it and a log can show it. */
export const taskIdField = () =>
  z.string().superRefine((text, context) => {
    // oxlint-disable-next-line no-control-regex
    if (text.trim() !== text || text.length === 0 || text.length > 200 || /[\u0000-\u001f]/.test(text)) {
      problem(context, `"${text.slice(0, 40)}" is not a valid task id; write 1 to 200 characters without blanks around them`);
    }
  });

function problem(context: { addIssue(issue: { code: 'custom'; message: string }): void }, message: string): void {
  context.addIssue({ code: 'custom', message });
}
