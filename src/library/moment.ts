import { badInput } from '../contracts/errors.ts';
import { parseTime } from '../files/parse/parse-time.ts';

/** A time as a program gives it: UTC epoch milliseconds, ISO 8601 text (UTC unless it names a zone), or a Date. */
export type Moment = number | string | Date;

/**
 * Converts a time to UTC epoch milliseconds.
 * @param where name of the value in the message: `candles[3].openTime`
 * @throws PredictLabError BadInput when the value is not a time
 */
export function momentOf(value: Moment, where: string): number {
  const time = typeof value === 'string' ? parseTime(value, 'ms') : Number(value);
  if (time === null || !Number.isFinite(time))
    throw badInput(`${where}: ${String(value)} is not a valid time; give epoch milliseconds, ISO 8601 or a Date`);
  return time;
}

/** Returns a finite number unchanged. @throws PredictLabError BadInput when the value is not a finite number */
export function numberAt(value: number, where: string): number {
  if (typeof value !== 'number' || !Number.isFinite(value))
    throw badInput(`${where}: ${String(value)} is not a number; repair or remove it`);
  return value;
}
