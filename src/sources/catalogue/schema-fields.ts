import { z } from 'zod';
import { parseIsoTime, readNumber } from './scalars.ts';

/** A text that a venue may leave out. */
export const text = z.string().nullish();
/** An ISO time in UTC epoch milliseconds; null where it is absent or unreadable. */
export const time = text.transform((value) => (value ? parseIsoTime(value) : null)).catch(null);
/** A number, or a decimal number as text. */
export const decimal = z
  .unknown()
  .transform((value) => readNumber(value).value)
  .optional();
