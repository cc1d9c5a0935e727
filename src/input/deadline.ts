import { z } from 'zod';
import { DAY_MS } from '../contracts/words.ts';
import { durationMs } from './field-schemas.ts';

const TIME_OF_DAY = /^([01]\d|2[0-3]):([0-5]\d)(?::([0-5]\d))?Z$/;
const MAX_DEADLINE_MS = 7 * DAY_MS;

/** Schema of a deadline: `"30m"` after the start of the run, or the next `"12:15Z"`. */
export const deadlineField = () =>
  z.string().superRefine((text, context) => {
    if (TIME_OF_DAY.test(text)) return;
    const ms = durationMs(text);
    if (ms > 0 && ms <= MAX_DEADLINE_MS) return;
    const message = `"${text}" is not a valid deadline; write a duration after the start of the run, like "30m" (at most "7d"), or a time of day in UTC, like "12:15Z"`;
    context.addIssue({ code: 'custom', message });
  });

/**
 * Resolves a deadline to an instant.
 *
 * @param start the run's start; UTC epoch milliseconds
 * @returns UTC epoch milliseconds
 */
export function deadlineAt(text: string, start: number): number {
  const time = TIME_OF_DAY.exec(text);
  if (time === null) return start + Math.round(durationMs(text));
  const [, hours, minutes, seconds = '0'] = time;
  const today = Math.floor(start / DAY_MS) * DAY_MS + ((Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds)) * 1000;
  return today > start ? today : today + DAY_MS;
}
