import { Argument, InvalidArgumentError, Option } from 'commander';
import ms, { type StringValue } from 'ms';
import { didYouMean } from '../../contracts/text/nearest-name.ts';
import { DAY_MS, INTERVALS } from '../../contracts/words.ts';
import { parseTime } from '../../files/parse/parse-time.ts';
import { durationMs } from '../../input/field-schemas.ts';
import { usageError } from '../terminal/print.ts';

/** The numbers that an option takes; `wanted` describes the numbers in the error if the bounds alone are unclear. */
interface Range {
  readonly least?: number;
  readonly most?: number;
  readonly integer?: boolean;
  readonly wanted?: string;
}

/** The number given to an option or argument. @throws ExitError 2 when it is not a number, or outside the range */
export function numberOption(name: string, text: string, range?: Range): number;
export function numberOption(name: string, text: string | undefined, range?: Range): number | undefined;
export function numberOption(name: string, text: string | undefined, { least, most, integer, wanted }: Range = {}): number | undefined {
  if (text === undefined) return undefined;
  const value = text.trim() === '' ? Number.NaN : Number(text);
  if (Number.isFinite(value) && value >= (least ?? -Infinity) && value <= (most ?? Infinity) && (!integer || Number.isInteger(value)))
    return value;
  const bounds = most !== undefined ? ` from ${least} to ${most}` : least !== undefined ? ` of at least ${least}` : '';
  throw usageError(`${name} ${text}: write ${wanted ?? `${integer ? 'a whole number' : 'a number'}${bounds}`}`);
}

const option = (flags: string, description: string, parse: (name: string, text: string) => unknown): Option =>
  new Option(flags, description).argParser((text: string) => parse(flags.split(' ')[0], text));

/** An option that takes a number. */
export const takesNumber = (flags: string, description: string, range?: Range): Option =>
  option(flags, description, (name, text) => numberOption(name, text, range));

/** An option that takes a whole number, by default from 1 to 10,000. */
export const takesCount = (flags: string, description: string, least = 1, most = 10_000): Option =>
  takesNumber(flags, description, { least, most, integer: true });

/** The word given to an option, in any letter case. @throws ExitError 2 that lists all words and suggests the nearest */
export function wordOption<Word extends string>(name: string, text: string, words: readonly Word[]): Word {
  const found = words.find((known) => known.toLowerCase() === text.toLowerCase());
  if (found === undefined) throw usageError(`${name} ${text}: write one of ${words.join(', ')}${didYouMean(text, words)}`);
  return found;
}

/** An option that takes one of a list of words. */
export const takesWord = (flags: string, description: string, words: readonly string[]): Option =>
  option(flags, description, (name, text) => wordOption(name, text, words));

/** An argument that may be one of a list of words. */
export const wordArgument = (name: string, description: string, words: readonly string[]): Argument =>
  new Argument(`[${name}]`, description).choices(words).argParser((text: string) => wordOption(name, text, words));

/** The option `--interval`, which takes the length of candles. */
export const takesInterval = (description: string): Option => takesWord('--interval <interval>', description, INTERVALS);

/** UTC epoch milliseconds of a time in an option. A bare number has no unit and is refused. */
export function timeOption(name: string, text: string): number {
  const time = /^\d+$/.test(text) ? null : parseTime(text, 'ms');
  if (time === null || Number.isNaN(time)) throw usageError(`${name} ${text}: write a time such as 2026-11-24T10:00:00Z or 2026-11-24`);
  return time;
}

/** An option that takes a time, as UTC epoch milliseconds. */
export const takesTime = (flags: string, description: string): Option => option(flags, description, timeOption);

/** An option that takes a time, as ISO 8601. */
export const takesInstant = (flags: string, description: string): Option =>
  option(flags, description, (name, text) => new Date(timeOption(name, text)).toISOString());

/** The longest age accepted; older dates are outside the range of the database. */
const MAX_AGE_MS = 100 * 365.25 * DAY_MS;

/** An option that takes an age such as `90d`, as milliseconds. */
export const takesAge = (flags: string, description: string): Option =>
  option(flags, description, (name, text) => {
    const age = /[a-z]/i.test(text) && text.length <= 100 ? ms(text as StringValue) : Number.NaN;
    if (!(age > 0)) throw usageError(`${name} ${text}: write an age such as 90d, 12w or 1y`);
    if (age > MAX_AGE_MS) throw usageError(`${name} ${text}: write an age of at most 100y`);
    return age;
  });

/** The option `--keep`: how many runs of each symbol keep their pages. */
export const takesKeep = (): Option =>
  takesCount('--keep <n>', 'with --reports: number of last runs of each symbol that keep their pages', 0, 100_000).default(1);

/** An option that takes a length of time such as `60d`, as milliseconds. */
export const takesLength = (flags: string, description: string): Option =>
  option(flags, description, (name, text) => {
    const value = /[a-z]/i.test(text) ? durationMs(text) : Number.NaN;
    if (!(value > 0)) throw usageError(`${name} ${text}: write a duration such as 60d`);
    return value;
  });

/** Adds a value to those of an option that may be given several times. */
export const collect = (value: string, before: readonly string[] = []): string[] => [...before, value];

/** The default port of the live pages. */
export const LIVE_PAGES_PORT = 8270;

/** An option that takes a TCP port. */
export const takesPort = (flags: string, description: string, usual: number): Option =>
  new Option(flags, description).default(usual).argParser((text: string) => {
    const port = Number(text);
    if (!Number.isInteger(port) || port < 1 || port > 65_535) throw new InvalidArgumentError('a port is a whole number from 1 to 65535.');
    return port;
  });
