/** The unit of a file's numeric times. */
export type TimeUnit = 's' | 'ms' | 'us' | 'ns';

const DECIMALS: Readonly<Record<TimeUnit, number>> = { s: 0, ms: 3, us: 6, ns: 9 };
const NUMERIC = /^[+-]?(\d+)(?:\.(\d*))?$/;
const ISO = /^(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d+))?)?\s*(Z|UTC|GMT|[+-]\d{2}(?::?\d{2})?)?)?$/i;
const NAMED =
  /^([a-z]{3,9})\.?\s+(\d{1,2})(?:st|nd|rd|th)?,?\s+(\d{4})(?:,?\s+(\d{1,2}):(\d{2})(?::(\d{2}))?\s*(am|pm)?)?\s*(?:Z|UTC|GMT)?$/i;
const MONTHS = ['january', 'february', 'march', 'april', 'may', 'june', 'july', 'august', 'september', 'october', 'november', 'december'];
const MINUTE = 60_000;

/** The unit in which a number is a time between 1973 and 5138; the ranges do not overlap. */
const unitOfMagnitude = (value: number): TimeUnit => {
  const size = Math.abs(value);
  if (size < 1e11) return 's';
  if (size < 1e14) return 'ms';
  return size < 1e17 ? 'us' : 'ns';
};

/**
 * The unit of a file's numeric times: that of most of its first times. One unit per file, so that a row in seconds in a file of
 * milliseconds lands in 1970 and is quarantined instead of being read as a good one.
 */
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
 * The time in a field, in UTC epoch milliseconds, with finer digits cut off: a number in the file's unit, ISO 8601 (`T` or blank, any
 * fraction, `Z`, `±hh:mm`, or no zone, which is UTC), or `November 8 2022 3:45 PM`.
 *
 * @returns null when the field is empty or not a time; NaN for NaN and infinities
 */
export function parseTime(field: string, unit: TimeUnit): number | null {
  const text = field.trim();
  const numeric = NUMERIC.exec(text);
  if (numeric !== null) return numericTime(text, numeric[1], numeric[2] ?? '', unit);
  const iso = ISO.exec(text);
  if (iso !== null) return isoTime(iso);
  const named = NAMED.exec(text);
  if (named !== null) return namedTime(named);
  if (/^[+-]?(nan|inf|infinity)$/i.test(text)) return Number.NaN;
  // 1.6e9, as spreadsheets write it
  const value = /^[+-]?\d+(\.\d+)?e[+-]?\d+$/i.test(text) ? Number(text) : Number.NaN;
  return Number.isNaN(value) ? null : Math.floor(value * 10 ** (3 - DECIMALS[unit]));
}

/** Moves the decimal point in the text: 1570752011.62 s is exactly 1570752011620 ms. */
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

function namedTime([, name, day, year, hour = '0', minute = '0', second = '0', half = '']: readonly string[]): number | null {
  const month = MONTHS.findIndex((month) => month.startsWith(name.toLowerCase())) + 1;
  const clock = Number(hour);
  if (month === 0 || (half !== '' && (clock < 1 || clock > 12))) return null;
  const hours = half === '' ? clock : (clock % 12) + (half.toLowerCase() === 'pm' ? 12 : 0);
  return utc([Number(year), month, Number(day)], [hours, Number(minute), Number(second)], 0);
}

/** Date.UTC that refuses days like the 31st of February. A leap second counts as the second after. */
function utc([year, month, day]: readonly number[], [hour, minute, second]: readonly number[], milliseconds: number): number | null {
  if (month < 1 || month > 12 || day < 1 || hour > 23 || minute > 59 || second > 60) return null;
  const time = Date.UTC(year, month - 1, day, hour, minute, second, milliseconds);
  return new Date(Date.UTC(year, month - 1, day)).getUTCDate() === day ? time : null;
}
