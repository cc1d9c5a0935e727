import type { TimeRange } from '../../contracts/market-data.ts';
import type { CoverageEvidence, SourceType, TickKind } from '../../contracts/words.ts';
import { MAX_LATENESS_MS, UNSEEN_LATENESS_MS } from '../../market/lateness.ts';
import { kindCode, tickKindOf } from '../database/codes.ts';
import type { PreparedStatement, Queryable, Transaction } from '../database/database.ts';
import { lakeRows, lakeTicks, movedRanges } from '../lake/lake-ticks.ts';
import { lockInstruments } from '../markets/instrument-lock.ts';
import { coverableUntil } from './lateness.ts';

/**
 * SQL assignments that remove a multirange from the columns of coverage or staged coverage.
 * @param prefix prefix of the columns that are read, such as `c.`, where the statement has more than one table
 */
export const withoutRange = (range: string, prefix = ''): string =>
  ['ranges', 'confirmed', 'inferred'].map((column) => `${column} = ${prefix}${column} - ${range}`).join(', ');

/** SQL that merges an inserted row of coverage, or of staged coverage, into the stored one. A range that was walked stays walked. */
export const withExcluded = (table: 'coverage' | 'staged_coverage'): string =>
  `ranges = ${table}.ranges + excluded.ranges, confirmed = ${table}.confirmed + excluded.confirmed,
   inferred = ${table}.inferred + excluded.inferred - (${table}.ranges - ${table}.inferred) - (excluded.ranges - excluded.inferred)`;

/** The ranges `[from, to)` of an instrument that were really collected; merged, oldest first. */
export async function coverageOf(queryable: Queryable, instrumentKey: number, kind: TickKind): Promise<readonly TimeRange[]> {
  const { rows } = await queryable.query<TimeRange>(
    `select lower(r) as "from", upper(r) as "to" from coverage, unnest(ranges) as r where instrument = $1 and kind = $2 order by 1`,
    [instrumentKey, kindCode(kind)],
  );
  return rows;
}

const COLLECTED: PreparedStatement = {
  name: 'collected-ranges',
  text: `select kind, looked, (select coalesce(json_agg(json_build_object('from', lower(r), 'to', upper(r)) order by r), '[]') from unnest(ranges) as r) as covered
    from coverage where instrument = $1`,
};

/** What earlier walks found out about an instrument's ticks of one kind. */
interface Collected {
  /** Collected ranges `[from, to)`, merged, oldest first. */
  readonly covered: readonly TimeRange[];
  /** Time until which a walk has looked, covered or not; null when none has. */
  readonly looked: number | null;
}

/** What earlier walks found out about an instrument's ticks, by kind. */
export async function collectedOf(queryable: Queryable, instrumentKey: number): Promise<Readonly<Record<TickKind, Collected>>> {
  const { rows } = await queryable.query<Collected & { kind: number }>(COLLECTED, [instrumentKey]);
  const of = (kind: TickKind): Collected => rows.find((row) => row.kind === kindCode(kind)) ?? { covered: [], looked: null };
  return { trade: of('trade'), price: of('price') };
}

/** Times of the latest look at the trades of a symbol's open markets, one per source, less `MAX_LATENESS_MS`. */
export async function lastLooks(
  queryable: Queryable,
  symbol: string,
  { sourceTypes, asOf }: { readonly sourceTypes: readonly SourceType[]; readonly asOf: number },
): Promise<readonly number[]> {
  const { rows } = await queryable.query<{ looked: number }>(
    `select max(c.looked) as looked from coverage c join symbol_instruments s on s.instrument = c.instrument join instruments i on i.key = c.instrument
     where s.symbol = $1 and i.source = any($2) and i.source <> 'file' and not (i.facts->>'closed')::boolean
       and c.kind = 0 and c.looked is not null
     group by i.source having min(lower(c.ranges)) < $3`,
    [symbol, sourceTypes, Math.floor(asOf)],
  );
  return rows.map(({ looked }) => looked - MAX_LATENESS_MS);
}

/** The parts of `[window.from, window.to)` that were not collected, oldest first. */
export async function gapsOf(
  queryable: Queryable,
  instrumentKey: number,
  kind: TickKind,
  window: TimeRange,
): Promise<readonly TimeRange[]> {
  if (window.to <= window.from) return [];
  const { rows } = await queryable.query<TimeRange>(
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
  const { rows } = await queryable.query<Omit<CoverageRecord, 'kind'> & { kind: number; key: number }>(
    `select s.symbol, i.source, i.id as instrument, i.key, c.kind, lower(r) as "from", upper(r) as "to",
       (select count(*) from ticks t where t.instrument = c.instrument and t.kind = c.kind and t.time >= lower(r) and t.time < upper(r)) as ticks, e.evidence
     from symbol_instruments s join instruments i on i.key = s.instrument join coverage c on c.instrument = i.key
     cross join lateral (values ('walked', c.ranges - c.confirmed - c.inferred), ('confirmed', c.confirmed), ('inferred', c.inferred)) as e(evidence, ranges)
     cross join lateral unnest(e.ranges) as r
     where $1::text is null or s.symbol = $1 order by s.symbol collate "C", i.id collate "C", c.kind, lower(r)`,
    [filter.symbol ?? null],
  );
  const moved = await movedCounts(queryable, rows);
  return rows.map(({ key: _key, ...row }, i) => ({ ...row, ticks: row.ticks + (moved.get(i) ?? 0), kind: tickKindOf(row.kind) }));
}

/** Numbers of ticks in the lake within ranges, by the index of the range. */
async function movedCounts(
  queryable: Queryable,
  ranges: readonly (TimeRange & { readonly key: number; readonly kind: number })[],
): Promise<ReadonlyMap<number, number>> {
  const moved = await movedRanges(queryable, {}, [...new Set(ranges.map(({ key }) => key))]);
  if (moved.length === 0) return new Map();
  const values = ranges.map(({ key, kind, from, to }, i) => `(${i}, ${key}, ${kind}, ${from}, ${to})`);
  return new Map(
    await lakeRows<[number, number]>(
      `select n, count(*)::double from ${await lakeTicks(queryable, moved)} t join (values ${values.join(', ')}) v(n, instrument, kind, begins, ends)
         on t.instrument = v.instrument and t.kind = v.kind and t.time >= v.begins and t.time < v.ends group by 1`,
    ),
  );
}

export interface InstrumentGaps {
  readonly instrument: string;
  readonly kind: TickKind;
  readonly gaps: number;
  /** Uncovered share of the part of the window in which the instrument was open, in [0, 1]. */
  readonly share: number;
}

/**
 * Finds gaps of open instruments in a window: from the opening of the instrument to the window's end less its source's lateness, since
 * nothing more recent counts as collected. The part of the last hour that a first look did not claim is not a gap yet. Leaves out kinds of
 * ticks that were never collected, files, and instruments that no longer trade.
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
       least(u.until, greatest(upper(c.ranges), case c.kind when 1 then $6::bigint else $5::bigint end)) as until) w
     cross join lateral unnest(int8multirange(int8range(least(w.opened, w.until), w.until)) - c.ranges) as g
     where i.key = any($1) and i.source <> 'file' and not (i.facts->>'closed')::boolean and w.opened < w.until
     group by i.id, c.kind, w.opened, w.until order by share desc, i.id`,
    [
      instrumentKeys,
      sources,
      until,
      Math.floor(window.from),
      Math.floor(window.to - UNSEEN_LATENESS_MS),
      // a quiet market's time is claimed for price points only once it is older than the largest lateness
      Math.floor(window.to - MAX_LATENESS_MS),
    ],
  );
  return rows.map((row) => ({ ...row, kind: tickKindOf(row.kind) }));
}

/** Withdraws coverage of both kinds of ticks from `from` (UTC epoch milliseconds) on, also from walks that are already planned. */
export async function withdrawCoverage(transaction: Transaction, instrumentKey: number, from: number): Promise<void> {
  await lockInstruments(transaction, [instrumentKey]);
  await transaction.query(`update coverage set ${withoutRange('int8multirange(int8range($2, null))')} where instrument = $1`, [
    instrumentKey,
    Math.floor(from),
  ]);
  await noteWithdrawal(transaction, instrumentKey, from);
}

/** Records a withdrawal, so that walks planned and runs finished before it can take it into account. Lock the instrument first. */
export async function noteWithdrawal(transaction: Transaction, instrumentKey: number, from: number): Promise<void> {
  await transaction.query(
    `insert into coverage_withdrawals (instrument, number, withdrawn_from)
     select $1, coalesce(max(number), 0) + 1, $2 from coverage_withdrawals where instrument = $1`,
    [instrumentKey, Math.floor(from)],
  );
  // a later withdrawal that starts at the same time or earlier includes an earlier withdrawal, which can be deleted
  await transaction.query(
    `delete from coverage_withdrawals where instrument = $1 and withdrawn_from >= $2
       and number < (select max(number) from coverage_withdrawals where instrument = $1)`,
    [instrumentKey, Math.floor(from)],
  );
}

/** How many withdrawals of coverage each of a symbol's instruments has had, by key; absent where there were none. */
export async function withdrawalsOf(queryable: Queryable, symbol: string): Promise<ReadonlyMap<number, number>> {
  const { rows } = await queryable.query<{ instrument: number; number: number }>(
    `select w.instrument, max(w.number) as number from coverage_withdrawals w join symbol_instruments s on s.instrument = w.instrument
     where s.symbol = $1 group by w.instrument`,
    [symbol],
  );
  return new Map(rows.map(({ instrument, number }) => [instrument, number]));
}
