/** The unit of a file's numeric times. */
export type TimeUnit = 's' | 'ms' | 'us' | 'ns';

const DECIMALS: Readonly<Record<TimeUnit, number>> = { s: 0, ms: 3, us: 6, ns: 9 };
const NUMERIC = /^[+-]?(\d+)(?:\.(\d*))?$/;
const ISO = /^(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d+))?)?\s*(Z|UTC|GMT|[+-]\d{2}(?::?\d{2})?)?)?$/i;
const NAMED =
  /^([a-z]{3,9})\.?\s+(\d{1,2})(?:st|nd|rd|th)?,?\s+(\d{4})(?:,?\s+(\d{1,2}):(\d{2})(?::(\d{2}))?\s*(am|pm)?)?\s*(?:Z|UTC|GMT)?$/i;
/** Matches 24.11.2026, 11/24/2026, 24-11-2026 or 2026/11/24, perhaps with a time of day. */
const NUMBERED =
  /^(\d{1,4})([./-])(\d{1,2})\2(\d{1,4})(?:,?[T ]\s*(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,]\d+)?)?\s*(am|pm)?)?\s*(?:Z|UTC|GMT)?$/i;
const MONTHS = ['january', 'february', 'march', 'april', 'may', 'june', 'july', 'august', 'september', 'october', 'november', 'december'];
const MINUTE = 60_000;

/** Whether dates such as 03/04/2026 have the day or the month first. */
export type DateOrder = 'dmy' | 'mdy';

/** The forms in which a file may write times, for error messages. */
export const TIME_FORMS =
  'times are ISO 8601 (2026-11-24T15:45:00Z), numbers (seconds to nanoseconds since 1970), 24.11.2026 15:45, 11/24/2026 3:45 PM, or November 24 2026 3:45 PM, all in UTC';

/**
 * The order of day and month in dates with slashes or hyphens, which a number above 12 decides. Dates with points have the day first.
 * @returns 'unknown' when no number decides, 'none' when there are no dates with slashes or hyphens
 */
export function dateOrderOf(times: Iterable<string>): DateOrder | 'unknown' | 'none' {
  let seen: 'unknown' | 'none' = 'none';
  for (const text of times) {
    const [, first = '', separator, second, year = ''] = NUMBERED.exec(text.trim()) ?? [];
    if (separator === undefined || separator === '.' || first.length === 4 || year.length !== 4) continue;
    if (Number(first) > 12) return 'dmy';
    if (Number(second) > 12) return 'mdy';
    seen = 'unknown';
  }
  return seen;
}

/** The unit in which a number is a time between the years 1973 and 5138; there is only one such unit. */
const unitOfMagnitude = (value: number): TimeUnit => {
  const size = Math.abs(value);
  if (size < 1e11) return 's';
  if (size < 1e14) return 'ms';
  return size < 1e17 ? 'us' : 'ns';
};

/** The unit that most of a file's first times have. A row in another unit gets an implausible time, such as 1970, and is quarantined. */
export function timeUnitOf(sample: readonly string[]): TimeUnit {
  const votes = new Map<TimeUnit, number>();
  for (const text of sample) {
    if (!NUMERIC.test(text.trim())) continue;
    const unit = unitOfMagnitude(Number(text));
    votes.set(unit, (votes.get(unit) ?? 0) + 1);
  }
  return [...votes].reduce<readonly [TimeUnit, number]>((best, vote) => (vote[1] > best[1] ? vote : best), ['ms', 0])[0];
}

/**
 * The time in a field, in UTC epoch milliseconds, with finer digits cut off: a number in the file's unit, ISO 8601 (without a zone: UTC),
 * `November 8 2022 3:45 PM`, `8.11.2022 15:45`, `2022/11/08`, or a date with slashes or hyphens in the given order.
 * @returns null when the field is empty or not a time; NaN for NaN and infinities
 */
export function parseTime(field: string, unit: TimeUnit, order?: DateOrder): number | null {
  const text = field.trim();
  const numeric = NUMERIC.exec(text);
  if (numeric !== null) return numericTime(text, numeric[1], numeric[2] ?? '', unit);
  const iso = ISO.exec(text);
  if (iso !== null) return isoTime(iso);
  const named = NAMED.exec(text);
  if (named !== null) return namedTime(named);
  const numbered = NUMBERED.exec(text);
  if (numbered !== null) return numberedTime(numbered, order);
  if (/^[+-]?(nan|inf|infinity)$/i.test(text)) return Number.NaN;
  // A time such as 1.6e9, as spreadsheets write large numbers.
  const value = /^[+-]?\d+(\.\d+)?e[+-]?\d+$/i.test(text) ? Number(text) : Number.NaN;
  return Number.isNaN(value) ? null : Math.floor(value * 10 ** (3 - DECIMALS[unit]));
}

/** Converts a time to milliseconds by moving the decimal point in its text, so that 1570752011.62 s is exactly 1570752011620 ms. */
function numericTime(text: string, whole: string, fraction: string, unit: TimeUnit): number {
  const places = 3 - DECIMALS[unit];
  const digits = places >= 0 ? whole + fraction.slice(0, places).padEnd(places, '0') : whole.slice(0, places);
  const value = Number(digits);
  return text.startsWith('-') ? -value : value;
}

function isoTime([, year, month, day, hour = '0', minute = '0', second = '0', fraction = '', zone = '']: readonly string[]): number | null {
  const milliseconds = Number(fraction.slice(0, 3).padEnd(3, '0'));
  const time = utc([Number(year), Number(month), Number(day)], [Number(hour), Number(minute), Number(second)], milliseconds);
  if (time === null || !/^[+-]/.test(zone)) return time;
  const offset = Number(zone.slice(1, 3)) * 60 + Number(zone.slice(3).replace(':', '') || 0);
  return zone.startsWith('-') ? time + offset * MINUTE : time - offset * MINUTE;
}

function namedTime([, name, day, year, ...clock]: readonly string[]): number | null {
  const month = MONTHS.findIndex((month) => month.startsWith(name.toLowerCase())) + 1;
  return month === 0 ? null : clockTime([Number(year), month, Number(day)], clock);
}

function numberedTime([, first, separator, second, last, ...clock]: readonly string[], order?: DateOrder): number | null {
  const [a, b, c] = [Number(first), Number(second), Number(last)];
  if (first.length === 4) return last.length > 2 ? null : clockTime([a, b, c], clock);
  if (first.length > 2 || last.length !== 4) return null;
  if (separator === '.' || order === 'dmy') return clockTime([c, b, a], clock);
  return order === 'mdy' ? clockTime([c, a, b], clock) : null;
}

/** The time of a day and a time of day, in 24 hours or in 12 hours with am and pm; UTC epoch milliseconds, null if not valid. */
function clockTime(day: readonly number[], [hour = '0', minute = '0', second = '0', half = '']: readonly string[]): number | null {
  const clock = Number(hour);
  if (half !== '' && (clock < 1 || clock > 12)) return null;
  const hours = half === '' ? clock : (clock % 12) + (half.toLowerCase() === 'pm' ? 12 : 0);
  return utc(day, [hours, Number(minute), Number(second)], 0);
}

/** Like Date.UTC, but null for days that do not exist, such as the 31st of February. A leap second counts as the second after it. */
function utc([year, month, day]: readonly number[], [hour, minute, second]: readonly number[], milliseconds: number): number | null {
  if (month < 1 || month > 12 || day < 1 || hour > 23 || minute > 59 || second > 60) return null;
  const time = Date.UTC(year, month - 1, day, hour, minute, second, milliseconds);
  return new Date(Date.UTC(year, month - 1, day)).getUTCDate() === day ? time : null;
}
