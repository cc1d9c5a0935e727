import { DAY_MS } from '../../../contracts/words.ts';
import type { Queryable } from '../../database/database.ts';
import { jsonb } from '../../database/jsonb.ts';

/** A range of time; UTC epoch milliseconds. */
export interface TimeSpan {
  readonly from: number;
  readonly to: number;
}

/**
 * Whether each interval needs no run any more: it lies in the window of a run of all these symbols that ended as `success`, which means that
 * nothing of that window is missing.
 *
 * @returns one answer per interval, in the same order
 */
export async function successfulIntervals(
  queryable: Queryable,
  { symbols, intervals }: { readonly symbols: readonly string[]; readonly intervals: readonly TimeSpan[] },
): Promise<readonly boolean[]> {
  const { rows } = await queryable.query<{ from: number; to: number }>(
    `select (as_of - (config->>'daysBack')::float8 * ${DAY_MS})::float8 as from, as_of::float8 as to from runs
     where result = 'success' and as_of is not null and config->'symbols' @> $1::jsonb`,
    [jsonb(symbols.map((symbol) => ({ symbol })))],
  );
  return intervals.map((interval) => isInside(interval, rows));
}

/** Whether one of the windows contains the interval; touching pieces of two windows do not. */
export const isInside = ({ from, to }: TimeSpan, windows: readonly TimeSpan[]): boolean =>
  windows.some((window) => window.from <= from && to <= window.to);
