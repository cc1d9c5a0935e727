import ms, { type StringValue } from 'ms';
import { z } from 'zod';
import { didYouMean } from '../contracts/text/nearest-name.ts';
import { DAY_MS } from '../contracts/words.ts';

/** Maximum duration of an attempt, a wait or a deadline. */
const MAX_DURATION_MS = 7 * DAY_MS;

/** Milliseconds of a duration such as `"5m"`, `"1s"` or `"250ms"`; NaN where the text is not a duration. */
export function durationMs(text: string): number {
  try {
    return ms(text.trim() as StringValue);
  } catch {
    return Number.NaN;
  }
}

/** A schema with one more check, which returns the problem of a value, or undefined for a valid value. */
export const checked = <Value>(schema: z.ZodType<Value>, problemOf: (value: Value) => string | undefined) =>
  schema.superRefine((value, context) => {
    const message = problemOf(value);
    if (message !== undefined) context.addIssue({ code: 'custom', message });
  });

/** Schema of a duration of at least `shortest` and at most a week. */
export const durationField = (shortest: 'zero' | 'positive') =>
  checked(z.string(), (text) => {
    const value = durationMs(text);
    if (Number.isNaN(value)) return `"${text}" is not a valid duration; write a number and a unit, like "30s", "5m" or "1h"`;
    if (value < 0 || (value === 0 && shortest === 'positive')) return `"${text}" must be longer than nothing, like "30s"`;
    return value > MAX_DURATION_MS ? `"${text}" is longer than a week; write at most "7d"` : undefined;
  });

/** Schema of one word of a list. For another word, the problem lists all allowed words and suggests the nearest. */
export const wordField = <Word extends string>(what: string, words: readonly Word[]) =>
  checked(z.string(), (text) =>
    (words as readonly string[]).includes(text)
      ? undefined
      : `unknown ${what} "${text}"; there are ${words.join(', ')}${didYouMean(text, words)}`,
  ).transform((text) => text as Word);

/** Maximum number of unknown names for which the nearest known name is searched. */
const NAMES_COMPARED = 20;

/** Schema of a name from a long list. For an unknown name, the problem suggests the nearest one and says where all are listed. */
export const nameField = (known: { what: string; names: readonly string[]; list: string }) => {
  const names = new Set(known.names);
  let unknown = 0;
  return checked(z.string(), (text) => {
    if (names.has(text)) return undefined;
    // Comparing many unknown names with many known ones would take too long.
    const nearest = unknown++ >= NAMES_COMPARED ? '' : didYouMean(text, known.names);
    return `unknown ${known.what} "${text}"; ${known.list}${nearest}`;
  });
};

/** Schema of a whole number in a range, both ends included. */
export const wholeField = (from: number, to: number) =>
  checked(z.number(), (value) =>
    Number.isInteger(value) && value >= from && value <= to
      ? undefined
      : `${value} is out of range; write a whole number from ${from} to ${to}`,
  );

/** Schema of a number in a range, both ends included. */
export const numberField = (from: number, to: number, wanted = `a number from ${from} to ${to}`) =>
  checked(z.number(), (value) => (value >= from && value <= to ? undefined : `${value} is out of range; write ${wanted}`));

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
  checked(z.string(), (text) =>
    isInstant(text) ? undefined : `"${text}" is not a valid instant; write ISO 8601 in UTC, like "2026-01-31T12:00:00Z"`,
  );

/** Schema of a custom task's id: at most 200 characters that a person can type and a log can show. */
export const taskIdField = () =>
  checked(z.string(), (text) =>
    // oxlint-disable-next-line no-control-regex
    text.trim() !== text || text.length === 0 || text.length > 200 || /[\u0000-\u001f]/.test(text)
      ? `"${text.slice(0, 40)}" is not a valid task id; write 1 to 200 characters without blanks around them`
      : undefined,
  );

const TIME_OF_DAY = /^([01]\d|2[0-3]):([0-5]\d)(?::([0-5]\d))?Z$/;

/** Schema of a deadline: `"30m"` after the start of the run, or the next `"12:15Z"`. */
export const deadlineField = () =>
  checked(z.string(), (text) =>
    TIME_OF_DAY.test(text) || (durationMs(text) > 0 && durationMs(text) <= MAX_DURATION_MS)
      ? undefined
      : `"${text}" is not a valid deadline; write a duration after the start of the run, like "30m" (at most "7d"), or a time of day in UTC, like "12:15Z"`,
  );

/** Resolves a deadline to an instant. @param start the run's start; UTC epoch milliseconds @returns UTC epoch milliseconds */
export function deadlineAt(text: string, start: number): number {
  const time = TIME_OF_DAY.exec(text);
  if (time === null) return start + Math.round(durationMs(text));
  const [, hours, minutes, seconds = '0'] = time;
  const today = Math.floor(start / DAY_MS) * DAY_MS + ((Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds)) * 1000;
  return today > start ? today : today + DAY_MS;
}
