import { z } from 'zod';
import type { QuarantineReason } from '../../contracts/market-data.ts';

export interface ReadNumber {
  readonly value: number | null;
  readonly defect: QuarantineReason | null;
}

const MALFORMED: ReadNumber = { value: null, defect: 'malformed' };
const NOT_FINITE: ReadNumber = { value: null, defect: 'not-finite' };
const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;
const WORDS_FOR_NOT_FINITE = /^[+-]?(nan|inf|infinity)$/i;

/** Reads a JSON number or a string with one. `NaN` and `Infinity` in any spelling are `not-finite`, everything else is `malformed`. */
export function readNumber(value: unknown): ReadNumber {
  if (typeof value === 'number') return Number.isFinite(value) ? { value, defect: null } : NOT_FINITE;
  if (typeof value !== 'string') return MALFORMED;
  const text = value.trim();
  if (NUMBER.test(text)) {
    const parsed = Number(text);
    return Number.isFinite(parsed) ? { value: parsed, defect: null } : NOT_FINITE;
  }
  return WORDS_FOR_NOT_FINITE.test(text) ? NOT_FINITE : MALFORMED;
}

/** Smallest epoch number that is read as milliseconds: as seconds it would lie after the year 5000. */
const FIRST_MILLISECONDS = 1e11;

/** Reads a time as UTC epoch milliseconds: epoch seconds or milliseconds (number or string), or ISO 8601 and Postgres spellings. */
export function readTime(value: unknown): ReadNumber {
  if (typeof value === 'string' && /[-:]/.test(value.slice(1))) {
    const time = parseIsoTime(value);
    return time === null ? MALFORMED : { value: time, defect: null };
  }
  const read = readNumber(value);
  if (read.value === null) return read;
  return { value: Math.round(Math.abs(read.value) < FIRST_MILLISECONDS ? read.value * 1000 : read.value), defect: null };
}

/** Parses a time such as `2026-07-24T00:00:00Z`, `2026-07-24 00:00:16+00` or `2026-07-24` (UTC without a zone). Null when unreadable. */
export function parseIsoTime(text: string): number | null {
  const match = /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?) ?(Z|[+-]\d{2}(?::?\d{2})?)?)?$/i.exec(text.trim());
  if (match === null) return null;
  const [, date, clock = '00:00:00', zone = 'Z'] = match;
  const offset = /^[+-]\d{2}$/.test(zone) ? `${zone}:00` : zone.replace(/^([+-]\d{2})(\d{2})$/, '$1:$2');
  const time = Date.parse(`${date}T${clock}${offset.toUpperCase()}`);
  return Number.isNaN(time) ? null : time;
}

const SCALED = /^-?\d+$/;

const DIGITS = { useGrouping: false, maximumFractionDigits: 20 } as const;

/** Reads an integer scaled by 10^18 (`"111200000000000000"`) as the double nearest to its exact value (0.1112). */
export function readScaled(value: unknown): ReadNumber {
  if (typeof value !== 'string' && typeof value !== 'number') return MALFORMED;
  // A JSON number is written out without an exponent, so that it has the digits that a string would have.
  const text = Number.isFinite(value) ? value.toLocaleString('en-US', DIGITS) : String(value).trim();
  if (WORDS_FOR_NOT_FINITE.test(text)) return NOT_FINITE;
  return SCALED.test(text) ? { value: Number(`${text}e-18`), defect: null } : MALFORMED;
}

/** Reads a name or id: a string that is not empty, or a number. */
export function readName(value: unknown): string | null {
  if (typeof value === 'string') return value === '' ? null : value;
  return typeof value === 'number' ? String(value) : null;
}

/** Reads a side: `BUY` and `Bid` are buy, `SELL` and `Ask` are sell, in upper or lower case. */
export function readSide(value: unknown): 'buy' | 'sell' | null {
  if (typeof value !== 'string') return null;
  const word = value.toLowerCase();
  if (word === 'buy' || word === 'bid') return 'buy';
  return word === 'sell' || word === 'ask' ? 'sell' : null;
}

/** Schema of a text that a venue may leave out. */
export const text = z.string().nullish();
/** Schema of an ISO time; the result is UTC epoch milliseconds, or null where the time is absent or unreadable. */
export const time = text.transform((value) => (value ? parseIsoTime(value) : null)).catch(null);
/** Schema of a number, or of a decimal number as text. */
export const decimal = z
  .unknown()
  .transform((value) => readNumber(value).value)
  .optional();
