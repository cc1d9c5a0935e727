import ms, { type StringValue } from 'ms';
import { DAY_MS } from '../../../contracts/words.ts';
import { usageError } from '../../terminal/exit.ts';

/** Dates before that are none of a database's. */
const LONGEST_MS = 100 * 365.25 * DAY_MS;

/** Milliseconds of an age such as `90d`. @throws ExitError 2 that names the option */
export function ageOption(what: string, age: string): number {
  const duration = /[a-z]/i.test(age) && age.length <= 100 ? ms(age as StringValue) : Number.NaN;
  if (!(duration > 0)) throw usageError(`--${what} ${age}: write an age such as 90d, 12w or 1y`);
  if (duration > LONGEST_MS) throw usageError(`--${what} ${age}: write an age of at most 100y`);
  return duration;
}
