import ms, { type StringValue } from 'ms';
import { z } from 'zod';
import { didYouMean } from '../contracts/text/nearest-name.ts';
import { DAY_MS } from '../contracts/words.ts';

/** Longest duration that makes sense for one attempt or one wait. */
const LONGEST_MS = 7 * DAY_MS;

/** Milliseconds of `"5m"`, `"1s"`, `"250ms"`; NaN when it is no duration. */
export function durationMs(text: string): number {
  try {
    return ms(text.trim() as StringValue);
  } catch {
    return Number.NaN;
  }
}

/** A duration as users write it, at least `shortest` and at most a week. */
export const durationField = (shortest: 'zero' | 'positive') =>
  z.string().superRefine((text, context) => {
    const value = durationMs(text);
    if (Number.isNaN(value)) problem(context, `"${text}" is no duration; write a number and a unit, like "30s", "5m" or "1h"`);
    else if (value < 0 || (value === 0 && shortest === 'positive')) problem(context, `"${text}" must be longer than nothing, like "30s"`);
    else if (value > LONGEST_MS) problem(context, `"${text}" is longer than a week; write at most "7d"`);
  });

/** One word of a list; another one gets the list and the nearest of it. */
export const wordField = <Word extends string>(what: string, words: readonly Word[]) =>
  z
    .string()
    .superRefine((text, context) => {
      if (!(words as readonly string[]).includes(text)) {
        problem(context, `unknown ${what} "${text}"; there are ${words.join(', ')}${didYouMean(text, words)}`);
      }
    })
    .transform((text) => text as Word);

/** So many unknown names are compared with all known ones. */
const NAMES_COMPARED = 20;

/** A name out of many: only the nearest is told, and where to find the others. */
export const nameField = (known: { what: string; names: readonly string[]; list: string }) => {
  const names = new Set(known.names);
  let unknown = 0;
  return z.string().superRefine((text, context) => {
    // A catalogue may be large, and so may a wrong list.
    if (!names.has(text) && unknown++ >= NAMES_COMPARED) problem(context, `unknown ${known.what} "${text}"; ${known.list}`);
    else if (!names.has(text)) problem(context, `unknown ${known.what} "${text}"; ${known.list}${didYouMean(text, known.names)}`);
  });
};

/** A whole number in a range. */
export const wholeField = (from: number, to: number) =>
  z.number().superRefine((value, context) => {
    if (!Number.isInteger(value) || value < from || value > to)
      problem(context, `${value} is out of range; write a whole number from ${from} to ${to}`);
  });

/** A number in a range. */
export const numberField = (from: number, to: number, wanted = `a number from ${from} to ${to}`) =>
  z.number().superRefine((value, context) => {
    if (!(value >= from && value <= to)) problem(context, `${value} is out of range; write ${wanted}`);
  });

/** 1 goes first, 5 last. */
export const priorityField = () => wholeField(1, 5);

const INSTANT = /^(\d{4}-\d{2}-\d{2})(T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2}))?$/;

/** Whether a text is an instant in ISO 8601 with a time zone, or a day, that exists. */
export function isInstant(text: string): boolean {
  const day = INSTANT.exec(text)?.[1];
  return day !== undefined && !Number.isNaN(Date.parse(text)) && new Date(`${day}T00:00:00Z`).toISOString().startsWith(day);
}

/** An instant in ISO 8601 with a time zone, or a day (its midnight UTC). */
export const instantField = () =>
  z.string().superRefine((text, context) => {
    if (!isInstant(text)) problem(context, `"${text}" is no instant; write ISO 8601 in UTC, like "2026-01-31T12:00:00Z"`);
  });

/** A custom task's id: something a person can type and a log can show. */
export const taskIdField = () =>
  z.string().superRefine((text, context) => {
    // oxlint-disable-next-line no-control-regex
    if (text.trim() !== text || text.length === 0 || text.length > 200 || /[\u0000-\u001f]/.test(text)) {
      problem(context, `"${text.slice(0, 40)}" is no task id; write 1 to 200 characters without blanks around them`);
    }
  });

function problem(context: { addIssue(issue: { code: 'custom'; message: string }): void }, message: string): void {
  context.addIssue({ code: 'custom', message });
}
