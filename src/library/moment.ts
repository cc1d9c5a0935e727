import { PredictLabError } from '../contracts/errors.ts';
import { parseTime } from '../files/parse/parse-time.ts';

/** A time as a program has it: UTC epoch milliseconds, ISO 8601 text (without a zone it is UTC), or a Date. */
export type Moment = number | string | Date;

/**
 * UTC epoch milliseconds.
 *
 * @param where what the message calls it: `candles[3].openTime`
 * @throws PredictLabError BadInput when it is no time
 */
export function momentOf(value: Moment, where: string): number {
  const time = typeof value === 'string' ? parseTime(value, 'ms') : Number(value);
  if (time === null || !Number.isFinite(time))
    throw new PredictLabError('BadInput', `${where}: ${String(value)} is no time; give epoch milliseconds, ISO 8601 or a Date`);
  return time;
}

/** @throws PredictLabError BadInput unless it is a finite number */
export function numberAt(value: number, where: string): number {
  if (typeof value !== 'number' || !Number.isFinite(value))
    throw new PredictLabError('BadInput', `${where}: ${String(value)} is not a number; repair or remove it`);
  return value;
}
