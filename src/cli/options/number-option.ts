import { InvalidArgumentError } from 'commander';
import ms, { type StringValue } from 'ms';
import { DAY_MS } from '../../contracts/words.ts';
import { usageError } from '../terminal/exit.ts';

/**
 * The number given to an option.
 *
 * @param range.wanted a description of valid values for the error, where the bounds alone read badly
 * @throws ExitError 2 when it is not a number, or outside [least, most]
 */
export function numberOption(
  name: string,
  text: string | undefined,
  range: { least?: number; most?: number; integer?: boolean; wanted?: string } = {},
): number | undefined {
  if (text === undefined) return undefined;
  const value = text.trim() === '' ? Number.NaN : Number(text);
  const { least = Number.NEGATIVE_INFINITY, most = Number.POSITIVE_INFINITY, integer = false } = range;
  const fits = Number.isFinite(value) && value >= least && value <= most && (!integer || Number.isInteger(value));
  if (!fits) {
    const bounds =
      most === Number.POSITIVE_INFINITY ? (least === Number.NEGATIVE_INFINITY ? '' : ` of at least ${least}`) : ` from ${least} to ${most}`;
    throw usageError(`${name} ${text}: write ${range.wanted ?? `${integer ? 'a whole number' : 'a number'}${bounds}`}`);
  }
  return value;
}

/** The longest age accepted; older dates are outside the range of the database. */
const MAX_AGE_MS = 100 * 365.25 * DAY_MS;

/** Milliseconds of an age such as `90d`. @throws ExitError 2 that names the option */
export function ageOption(what: string, age: string): number {
  const duration = /[a-z]/i.test(age) && age.length <= 100 ? ms(age as StringValue) : Number.NaN;
  if (!(duration > 0)) throw usageError(`--${what} ${age}: write an age such as 90d, 12w or 1y`);
  if (duration > MAX_AGE_MS) throw usageError(`--${what} ${age}: write an age of at most 100y`);
  return duration;
}

/** The default port of the live pages. */
export const LIVE_PAGES_PORT = 8270;

/** A TCP port given as an option. */
export function parsePort(text: string): number {
  const port = Number(text);
  if (!Number.isInteger(port) || port < 1 || port > 65_535) throw new InvalidArgumentError('a port is a whole number from 1 to 65535.');
  return port;
}
