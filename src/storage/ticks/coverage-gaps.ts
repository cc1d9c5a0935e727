import type { TimeRange } from '../../contracts/market-data.ts';
import type { SourceType, TickKind } from '../../contracts/words.ts';
import { UNSEEN_LATENESS_MS } from '../../market/lateness.ts';
import { tickKindOf } from '../database/codes.ts';
import type { Queryable } from '../database/database.ts';
import { coverableUntil } from './lateness.ts';

/** The gaps of an instrument in a window. */
export interface InstrumentGaps {
  readonly instrument: string;
  readonly kind: TickKind;
  readonly gaps: number;
  /** Uncovered share of the part of the window in which the instrument was open, in [0, 1]. */
  readonly share: number;
}

/**
 * Finds the gaps of open instruments inside a window: from when the instrument opened (if inside the window) to the window's end less the lateness
 * of its source, since nothing younger counts as collected. What a first look did not claim of the last hour is not a gap yet. Only kinds of ticks
 * that were ever collected count, only instruments that still trade (a closed one is complete once it was collected after its end), and no files.
 *
 * @param instrumentKeys instruments that the run collected; those that are no longer selected, or ended before the window, do not count
 */
export async function gapsOfInstruments(
  queryable: Queryable,
  { instrumentKeys, sourceTypes, window }: { instrumentKeys: readonly number[]; sourceTypes: readonly SourceType[]; window: TimeRange },
): Promise<readonly InstrumentGaps[]> {
  const [sources, until] = await coverableUntil(queryable, sourceTypes, window.to);
  const { rows } = await queryable.query<{ instrument: string; kind: number; gaps: number; share: number }>(
    `select i.id as instrument, c.kind, count(g) as gaps, sum(upper(g) - lower(g))::float8 / (w.until - w.opened)::float8 as share
     from instruments i join coverage c on c.instrument = i.key join unnest($2::text[], $3::bigint[]) as u(source, until) on u.source = i.source
     cross join lateral (select greatest($4::bigint, (i.facts->>'opensAt')::float8::bigint) as opened,
       least(u.until, greatest(upper(c.ranges), $5::bigint)) as until) w
     cross join lateral unnest(int8multirange(int8range(least(w.opened, w.until), w.until)) - c.ranges) as g
     where i.key = any($1) and i.source <> 'file' and not (i.facts->>'closed')::boolean and w.opened < w.until
     group by i.id, c.kind, w.opened, w.until order by share desc, i.id`,
    [instrumentKeys, sources, until, Math.floor(window.from), Math.floor(window.to - UNSEEN_LATENESS_MS)],
  );
  return rows.map((row) => ({ ...row, kind: tickKindOf(row.kind) }));
}
