import { DAY_MS } from '../../../contracts/words.ts';
import type { Queryable } from '../../database/database.ts';
import { jsonb } from '../../database/jsonb.ts';

/** A part of time; UTC epoch milliseconds. */
export interface TimeSpan {
  readonly from: number;
  readonly to: number;
}

/**
 * Which intervals need no run any more: those that lie in the window of a run that ended as `success`, which it does only when nothing of its
 * window is missing, with all of the symbols.
 *
 * @returns one answer an interval, in their order
 */
export async function goodIntervals(
  queryable: Queryable,
  { symbols, intervals }: { readonly symbols: readonly string[]; readonly intervals: readonly TimeSpan[] },
): Promise<readonly boolean[]> {
  const { rows } = await queryable.query<{ from: number; to: number }>(
    `select (as_of - (config->>'daysBack')::float8 * ${DAY_MS})::float8 as from, as_of::float8 as to from runs
     where result = 'success' and as_of is not null and config->'symbols' @> $1::jsonb`,
    [jsonb(symbols.map((symbol) => ({ symbol })))],
  );
  return intervals.map(({ from, to }) => rows.some((window) => window.from <= from && to <= window.to));
}
