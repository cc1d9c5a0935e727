import type { Json } from '../../contracts/run/pipeline-input.ts';

/**
 * Formats of values for people: a typographic minus, narrow no-break spaces between thousands. Data tables and exports keep full
 * precision.
 */

/** The dash that stands for an unknown value. */
export const DASH = '–';

const THOUSANDS = '\u202f';
const MINUS = '−';

/** A number as text: `1234567.8` with one digit → `1 234 567.8`; a dash if it is unknown or not finite. */
export const formatNumber = (value: number | null | undefined, digits = 0): string => {
  if (value === null || value === undefined || !Number.isFinite(value)) return DASH;
  const [whole = '0', fraction] = Math.abs(value).toFixed(digits).split('.');
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, THOUSANDS);
  const text = fraction === undefined ? grouped : `${grouped}.${fraction}`;
  return value < 0 && Number(text.replaceAll(THOUSANDS, '')) !== 0 ? MINUS + text : text;
};

/** A difference of prices with its sign and four decimals: `+0.0125`. */
export const formatSigned = (value: number): string =>
  `${value >= 0.000_05 ? '+' : ''}${formatNumber(Math.abs(value) < 0.000_05 ? 0 : value, 4)}`;

/** A fraction as percent: `−0.081` → `−8.1 %`. @param digits decimals. @default 1, or as many as show two digits of a value below 1 % */
export const formatPercent = (fraction: number | null | undefined, digits = percentDigits(fraction)): string => {
  const text = formatNumber(fraction === null || fraction === undefined ? fraction : fraction * 100, digits);
  return text === DASH ? text : `${text}${THOUSANDS}%`;
};

const MAX_PERCENT_DIGITS = 4;

const percentDigits = (fraction: number | null | undefined): number => {
  const size = Math.abs(fraction ?? 0) * 100;
  return size === 0 || size >= 1 ? 1 : Math.min(MAX_PERCENT_DIGITS, 1 - Math.floor(Math.log10(size)));
};

/** The exact number without an exponent, for data tables; below 0.000001 with at most 20 decimals. */
export const tableNumber = (value: number | null | undefined): string => {
  if (value === null || value === undefined || !Number.isFinite(value)) return DASH;
  const text = String(value);
  return /e-/.test(text) ? value.toFixed(20).replace(/0+$/, '') : text;
};

/** A time as text: `2026-11-24 08:00Z`, or `2026-11-24 08:00:00Z` with precision `second`. */
export const formatTime = (time: number | null | undefined, precision: 'minute' | 'second' = 'minute'): string => {
  const date = new Date(time ?? Number.NaN);
  if (Number.isNaN(date.getTime())) return DASH;
  const iso = date.toISOString().replace('T', ' ');
  return `${iso.slice(0, precision === 'minute' ? -8 : -5)}Z`;
};

/** The UTC date of a time: `2026-11-24`. */
export const formatDay = (time: number): string => formatTime(time).slice(0, 10);

/** The UTC time of day: `02:10`. */
export const formatClock = (time: number): string => formatTime(time).slice(11, 16);

/** A range of time: `2026-11-24 02:10–05:40Z` inside one day, else both times in full. */
export const formatRange = (from: number, to: number): string =>
  formatDay(from) === formatDay(to)
    ? `${formatDay(from)} ${formatClock(from)}–${formatClock(to)}Z`
    : `${formatTime(from)} – ${formatTime(to)}`;

/** A measured duration: `320 ms`, `1.2 s`, `2 m 10 s`, `3 h 05 m`, `6 d 2 h`. */
export const formatDuration = (seconds: number | null | undefined): string => {
  if (typeof seconds !== 'number' || !Number.isFinite(seconds)) return DASH;
  if (seconds < 0) return MINUS + formatDuration(-seconds);
  if (seconds < 0.9995) return `${Math.round(seconds * 1000)} ms`;
  if (seconds < 59.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 3600) return `${Math.floor(whole / 60)} m ${String(whole % 60).padStart(2, '0')} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 1440) return `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, '0')} m`;
  const hours = Math.round(seconds / 3600);
  return `${Math.floor(hours / 24)} d ${hours % 24} h`;
};

/** An age or a distance in one unit, to show next to an absolute time: `4 m`, `6 d`. */
export const formatAge = (seconds: number | null | undefined): string => {
  if (typeof seconds !== 'number' || !Number.isFinite(seconds)) return DASH;
  const distance = Math.max(0, seconds);
  if (distance < 60) return `${Math.floor(distance)} s`;
  if (distance < 3600) return `${Math.floor(distance / 60)} m`;
  if (distance < 86_400) return `${Math.floor(distance / 3600)} h`;
  return `${Math.floor(distance / 86_400)} d`;
};

/** A duration as `mm:ss`, or `h:mm:ss` from an hour on. */
export const formatStopwatch = (seconds: number): string => {
  const whole = Math.max(0, Math.floor(seconds));
  const two = (n: number): string => String(n).padStart(2, '0');
  const minutes = `${two(Math.floor(whole / 60) % 60)}:${two(whole % 60)}`;
  return whole < 3600 ? minutes : `${Math.floor(whole / 3600)}:${minutes}`;
};

/** A count with its noun: `1 task`, `2 tasks`, `2 retries`. */
export const plural = (count: number, one: string, many = `${one}s`): string => `${formatNumber(count)} ${count === 1 ? one : many}`;

/** Parameters as text: `{ fast: 10, slow: 30 }` → `10/30`; with names where the values alone would be unclear. */
export const paramsText = (params: Readonly<Record<string, Json>>): string => {
  const entries = Object.entries(params);
  const plain = entries.length <= 3 && entries.every(([, value]) => typeof value === 'number');
  return plain
    ? entries.map(([, value]) => JSON.stringify(value)).join('/')
    : entries.map(([key, value]) => `${key} ${JSON.stringify(value)}`).join(', ');
};
