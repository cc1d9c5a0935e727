import type { TimeRange } from '../../contracts/market-data.ts';
import type { CoverageEvidence, TickKind } from '../../contracts/words.ts';
import { kindCode } from '../database/codes.ts';
import type { Queryable } from '../database/database.ts';

interface RangeRow {
  readonly from: number;
  readonly to: number;
}

/**
 * SQL that sets the columns of coverage, or of staged coverage, without a multirange.
 *
 * @param prefix of the columns that are read, `c.`, where the statement has more than one table
 */
export const withoutRange = (range: string, prefix = ''): string =>
  ['ranges', 'confirmed', 'inferred'].map((column) => `${column} = ${prefix}${column} - ${range}`).join(', ');

/** SQL that merges an inserted row of coverage, or of staged coverage, into the one that is there. What was walked once is not inferred. */
export const withExcluded = (table: 'coverage' | 'staged_coverage'): string =>
  `ranges = ${table}.ranges + excluded.ranges, confirmed = ${table}.confirmed + excluded.confirmed,
   inferred = ${table}.inferred + excluded.inferred - (${table}.ranges - ${table}.inferred) - (excluded.ranges - excluded.inferred)`;

/** The ranges `[from, to)` of an instrument that were really collected; merged, oldest first. */
export async function coverageOf(queryable: Queryable, instrumentKey: number, kind: TickKind): Promise<readonly TimeRange[]> {
  const { rows } = await queryable.query<RangeRow>(
    `select lower(r) as "from", upper(r) as "to" from coverage, unnest(ranges) as r where instrument = $1 and kind = $2 order by 1`,
    [instrumentKey, kindCode(kind)],
  );
  return rows;
}

/** Until when a walk has looked for an instrument's ticks, covered or not; null when none has. */
export async function lookedUntil(queryable: Queryable, instrumentKey: number, kind: TickKind): Promise<number | null> {
  const { rows } = await queryable.query<{ looked: number | null }>('select looked from coverage where instrument = $1 and kind = $2', [
    instrumentKey,
    kindCode(kind),
  ]);
  return rows[0]?.looked ?? null;
}

/** The parts of `[window.from, window.to)` that were not collected, oldest first. */
export async function gapsOf(
  queryable: Queryable,
  instrumentKey: number,
  kind: TickKind,
  window: TimeRange,
): Promise<readonly TimeRange[]> {
  if (window.to <= window.from) return [];
  const { rows } = await queryable.query<RangeRow>(
    `select lower(r) as "from", upper(r) as "to" from unnest(int8multirange(int8range($3, $4))
       - coalesce((select ranges from coverage where instrument = $1 and kind = $2), '{}')) as r order by 1`,
    [instrumentKey, kindCode(kind), window.from, window.to],
  );
  return rows;
}

/** Coverage of a symbol's instruments with the ticks inside each range; for `export coverage`. */
export interface CoverageRecord {
  readonly symbol: string;
  readonly source: string;
  readonly instrument: string;
  readonly kind: TickKind;
  readonly from: number;
  readonly to: number;
  readonly ticks: number;
  readonly evidence: CoverageEvidence;
}

/** Every range that is covered by one kind of evidence, by symbol, instrument, kind and time. @param filter all symbols when absent */
export async function coverageRecords(queryable: Queryable, filter: { symbol?: string } = {}): Promise<readonly CoverageRecord[]> {
  const { rows } = await queryable.query<Omit<CoverageRecord, 'kind'> & { kind: number }>(
    `select s.symbol, i.source, i.id as instrument, c.kind, lower(r) as "from", upper(r) as "to",
       (select count(*) from ticks t where t.instrument = c.instrument and t.kind = c.kind and t.time >= lower(r) and t.time < upper(r)) as ticks, e.evidence
     from symbol_instruments s join instruments i on i.key = s.instrument join coverage c on c.instrument = i.key
     cross join lateral (values ('walked', c.ranges - c.confirmed - c.inferred), ('confirmed', c.confirmed), ('inferred', c.inferred)) as e(evidence, ranges)
     cross join lateral unnest(e.ranges) as r
     where $1::text is null or s.symbol = $1 order by s.symbol collate "C", i.id collate "C", c.kind, 5`,
    [filter.symbol ?? null],
  );
  return rows.map((row) => ({ ...row, kind: row.kind === 0 ? 'trade' : 'price' }));
}
