import type { TimeRange } from '../../contracts/market-data.ts';
import type { SourceType, TickKind } from '../../contracts/words.ts';
import { tickKindOf } from '../database/codes.ts';
import type { Queryable } from '../database/database.ts';

/** What of an instrument's part of a window was not collected. */
export interface InstrumentGaps {
  readonly instrument: string;
  readonly kind: TickKind;
  readonly gaps: number;
  /** Uncovered share of the part of the window in which the instrument was open, in [0, 1]. */
  readonly share: number;
}

/**
 * Gaps of a symbol's open instruments inside a window: from when the instrument opened (if inside the window) to the window's
 * end. Only kinds of ticks that were ever collected, only instruments that still trade (what closed is complete once it was
 * collected after its end), and no files: a file holds what it holds.
 */
export async function symbolGaps(
  queryable: Queryable,
  { symbol, sourceTypes, window }: { symbol: string; sourceTypes: readonly SourceType[]; window: TimeRange },
): Promise<readonly InstrumentGaps[]> {
  const { rows } = await queryable.query<{ instrument: string; kind: number; gaps: number; share: number }>(
    `select i.id as instrument, c.kind, count(g) as gaps, sum(upper(g) - lower(g))::float8 / ($4::bigint - w.opened)::float8 as share
     from symbol_instruments s join instruments i on i.key = s.instrument join coverage c on c.instrument = i.key
     cross join lateral (select greatest($3::bigint, (i.facts->>'opensAt')::float8::bigint) as opened) w
     cross join lateral unnest(int8multirange(int8range(least(w.opened, $4::bigint), $4::bigint)) - c.ranges) as g
     where s.symbol = $1 and i.source = any($2) and i.source <> 'file' and not (i.facts->>'closed')::boolean and w.opened < $4::bigint
     group by i.id, c.kind, w.opened order by share desc, i.id`,
    [symbol, sourceTypes, Math.floor(window.from), Math.floor(window.to)],
  );
  return rows.map((row) => ({ ...row, kind: tickKindOf(row.kind) }));
}
