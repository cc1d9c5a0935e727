import { createWriteStream } from 'node:fs';
import path from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { INTERVAL_MS, type Interval } from '../../contracts/words.ts';
import { openDuckDb, sqlText } from '../../files/duckdb.ts';
import type { CandleColumns } from '../../market/candles/candle-columns.ts';
import { MAX_LATENESS_MS } from '../../market/lateness.ts';
import { buildRegion, candleRegions } from '../candles/build-series.ts';
import { tickHours } from '../candles/candle-plan.ts';
import { readCandles } from '../candles/candles.ts';
import { intervalOf, tickKindOf } from '../database/codes.ts';
import { type Database, onSnapshot, type Queryable, type Transaction } from '../database/database.ts';
import { lakeTicks, movedRanges } from '../lake/lake-ticks.ts';
import { suspiciousGroups, suspiciousTwins } from './suspicious-groups.ts';
import { type DataWarning, unusuallyQuiet } from './unusual-quiet.ts';

export interface DataReport {
  /** Number of series (instrument and price type) whose candles were built again from their ticks and compared. */
  readonly series: number;
  readonly candles: number;
  /** Number of ticks from which the candles were built again. */
  readonly ticks: number;
  /** One sentence per difference, with what differs and where. Empty when everything agrees. */
  readonly findings: readonly string[];
  /** Suspicious data without a contradiction: twins with opposite prices, groups with impossible sums, markets that fell silent. */
  readonly warnings: readonly DataWarning[];
  /** One sentence for each thing that could be checked only in part; none of them is an error. */
  readonly notes: readonly string[];
}

export interface VerifyOptions {
  /** Number of series to check, evenly spread over all, with the hourly counts of their instruments. @default all */
  readonly sample?: number;
  readonly onProgress?: (done: number, all: number) => void;
}

/** Maximum number of differences listed per kind; further ones are only counted. */
const NAMED = 5;

/**
 * Compares stored data with itself: candles and hourly counts with their ticks, coverage with the ticks, prices of related markets; finds
 * rows left in staging. Reads only.
 */
export async function verifyData(database: Database, { sample, onProgress }: VerifyOptions = {}): Promise<DataReport> {
  const findings: string[] = [];
  const series = await builtSeries(database);
  const groups = spread(series, sample);
  const keys = sample === undefined ? null : [...new Set(groups.map(({ instrumentKey }) => instrumentKey))];
  let candles = 0;
  let ticks = 0;
  for (const [done, group] of groups.entries()) {
    const checked = await onSnapshot(database, (transaction) => verifyCandles(transaction, group));
    candles += checked.candles;
    ticks += checked.ticks;
    findings.push(...named(checked.findings));
    onProgress?.(done + 1, groups.length);
  }
  const hours = await onSnapshot(database, (transaction) => verifyHours(transaction, keys));
  findings.push(...named(hours), ...named(await verifyCoverage(database)));
  const exclusive = await suspiciousGroups(database);
  const warnings = [
    await suspiciousTwins(database),
    exclusive.warnings,
    await unusuallyQuiet(database),
    await leftInStaging(database),
  ].flatMap(namedWarnings);
  return { series: groups.length, candles, ticks, findings, warnings, notes: named(exclusive.notes) };
}

interface BuiltSeries {
  readonly instrumentKey: number;
  readonly instrument: string;
  readonly kind: 'trade' | 'price';
  readonly intervals: readonly Interval[];
  readonly horizon: PruneHorizon;
}

/** Instants before which ticks and candles were pruned: candles there may be missing, or rest on more ticks than are left. */
interface PruneHorizon {
  readonly ticks: number;
  readonly candles: number;
}

/** Lists the series that are up to date; the next run builds the others. */
async function builtSeries(queryable: Queryable): Promise<readonly BuiltSeries[]> {
  const { rows } = await queryable.query<{
    key: number;
    id: string;
    kind: number;
    minutes: number[];
    ticks: number | null;
    candles: number | null;
  }>(
    `select i.key, i.id, s.kind, st.ticks_pruned_before as ticks, st.candles_pruned_before as candles, array_agg(s.interval_minutes::int order by s.interval_minutes) as minutes
     from candle_series s join instruments i on i.key = s.instrument join instrument_state st on st.instrument = s.instrument and st.version = s.version
     group by i.key, i.id, s.kind, st.instrument order by i.key, s.kind`,
  );
  return rows.map(({ key, id, kind, minutes, ticks, candles }) => ({
    instrumentKey: key,
    instrument: id,
    kind: tickKindOf(kind),
    intervals: minutes.map(intervalOf),
    horizon: { ticks: ticks ?? Number.NEGATIVE_INFINITY, candles: candles ?? Number.NEGATIVE_INFINITY },
  }));
}

async function verifyCandles(
  database: Queryable,
  group: BuiltSeries,
): Promise<{ readonly candles: number; readonly ticks: number; readonly findings: readonly string[] }> {
  const { instrumentKey, kind, intervals, instrument, horizon } = group;
  const findings: string[] = [];
  let candles = 0;
  let ticks = 0;
  const neverBuilt = intervals.map((interval) => ({ interval, builtVersion: -1, asOf: 0, covered: [] }));
  const hours = await tickHours(database, instrumentKey, kind);
  const regions = candleRegions(neverBuilt, hours);
  for (const region of regions) {
    const built = await buildRegion(database, group, region);
    // each interval has candles of all ticks of the region
    ticks += [...built.values()][0].trades.reduce((sum, count) => sum + count, 0);
    for (const [interval, wanted] of built) {
      const stored = await readCandles(database, { instrumentKey, priceType: kind, interval, ...region.range });
      candles += wanted.length;
      findings.push(
        ...differences(wanted, stored, { length: INTERVAL_MS[interval], horizon }).map(
          (what) => `${instrument} ${kind} ${interval} ${what}`,
        ),
      );
    }
  }
  return { candles, ticks, findings };
}

const COLUMNS = ['open', 'high', 'low', 'close', 'volume', 'quoteVolume', 'buyVolume', 'trades'] as const;

function differences(
  wanted: CandleColumns,
  stored: CandleColumns,
  { length, horizon }: { readonly length: number; readonly horizon: PruneHorizon },
): readonly string[] {
  const found: string[] = [];
  const at = new Map(Array.from(stored.openTime, (time, k) => [time, k]));
  for (let k = 0; k < wanted.length; k++) {
    const when = new Date(wanted.openTime[k]).toISOString();
    const s = at.get(wanted.openTime[k]);
    at.delete(wanted.openTime[k]);
    if (s === undefined && wanted.openTime[k] + length <= horizon.candles) continue;
    if (s === undefined) {
      found.push(`${when}: the candle is missing`);
      continue;
    }
    if (wanted.openTime[k] < horizon.ticks && stored.trades[s] !== wanted.trades[k]) continue;
    const column = COLUMNS.find((name) => !Object.is(wanted[name][k], stored[name][s]));
    if (column !== undefined) found.push(`${when}: ${column} is ${stored[column][s]}, its ticks say ${wanted[column][k]}`);
  }
  for (const time of at.keys()) if (time >= horizon.ticks) found.push(`${new Date(time).toISOString()}: there is a candle without ticks`);
  return found;
}

interface WrongHour {
  readonly instrument: string;
  readonly hour: number;
  readonly counted: number;
  readonly noted: number;
}

/** SQL condition: whether the ticks of an hour `h` were moved to the lake. */
const IS_MOVED = 'exists (select from instrument_state m where m.instrument = h.instrument and m.moved @> h.hour * 3600000::bigint)';

/** Compares the recorded hourly numbers of ticks with the ticks. @param keys the instruments to check; all when null */
async function verifyHours(queryable: Transaction, keys: readonly number[] | null): Promise<readonly string[]> {
  const isChecked = '($1::int[] is null or instrument = any($1))';
  const { rows } = await queryable.query<WrongHour>(
    `select i.id as instrument, hour, coalesce(t.ticks, 0) as counted, coalesce(h.ticks, 0) as noted
     from (select instrument, kind, (time / 3600000)::int as hour, count(*)::int as ticks from ticks where ${isChecked} group by 1, 2, 3) t
     full join (select * from tick_hours h where ${isChecked} and not ${IS_MOVED}) h using (instrument, kind, hour) join instruments i on i.key = instrument
     where t.ticks is distinct from h.ticks order by 1, 2`,
    [keys],
  );
  return [...rows, ...(await wrongMovedHours(queryable, keys))].map(
    ({ instrument, hour, counted, noted }) =>
      `${instrument} ${new Date(hour * 3_600_000).toISOString()}: ${counted} ticks, ${noted} were noted`,
  );
}

/** Compares the recorded hourly numbers of ticks in the lake with its files, in DuckDB, since there may be millions of hours. */
async function wrongMovedHours(transaction: Transaction, keys: readonly number[] | null): Promise<readonly WrongHour[]> {
  const moved = await movedRanges(transaction, {}, keys ?? undefined);
  if (moved.length === 0) return [];
  const ticks = await lakeTicks(transaction, moved);
  const duckDb = await openDuckDb();
  try {
    const file = path.join(duckDb.folder, 'hours.csv');
    const select = `select h.instrument, h.kind, h.hour, h.ticks from tick_hours h where ${IS_MOVED}${keys === null ? '' : ` and h.instrument in (${keys.join(', ')})`}`;
    await pipeline(
      Readable.from(transaction.copyOut(`copy (${select}) to stdout (format csv)`), { objectMode: false }),
      createWriteStream(file),
    );
    const wrong: WrongHour[] = [];
    const ids = new Map(moved.map(({ key, id }) => [key, id]));
    const chunks = duckDb.chunks(
      `select instrument::double, hour::double, coalesce(c.ticks, 0)::double, coalesce(n.ticks, 0)::double
       from (select instrument, kind, time // 3600000 as hour, count(*) as ticks from ${ticks} group by all) c
       full join read_csv(${sqlText(file)}, header = false, auto_detect = false, delim = ',',
         columns = {'instrument': 'bigint', 'kind': 'bigint', 'hour': 'bigint', 'ticks': 'bigint'}) n using (instrument, kind, hour)
       where c.ticks is distinct from n.ticks order by 1, 2`,
    );
    for await (const columns of chunks)
      for (const i of columns[0].keys()) {
        const [key, hour, counted, noted] = columns.map((column) => column[i] as number);
        wrong.push({ instrument: ids.get(key) ?? String(key), hour, counted, noted });
      }
    return wrong;
  } finally {
    await duckDb.close();
  }
}

/**
 * Checks that ticks lie in covered time (ends included), or after it within a venue's lateness, since recent ticks are stored but not yet
 * claimed. Ticks from where coverage was once withdrawn (a venue that cut or changed its history) are valid too.
 */
async function verifyCoverage(queryable: Queryable): Promise<readonly string[]> {
  const { rows } = await queryable.query<{ instrument: string; outside: number }>(
    // the query looks for hours in gaps, since almost all of the hours, which may be millions, are covered
    `select i.id as instrument, sum(h.ticks) as outside from coverage c join instruments i on i.key = c.instrument
     cross join lateral unnest('{(,)}'::int8multirange - coalesce(
       (select range_agg(int8range(floor(lower(r) / 3600000.0)::bigint, floor((upper(r) + $1::bigint) / 3600000.0)::bigint, '[]')) from unnest(c.ranges) as r), '{}')) as gap
     cross join lateral (select h.hour * 3600000::bigint as start, h.ticks from tick_hours h where h.instrument = c.instrument and h.kind = c.kind
       and h.hour >= coalesce(lower(gap), -2147483648) and h.hour < coalesce(upper(gap), 2147483647) offset 0) h
     where h.start + 3600000 <= coalesce((select min(w.withdrawn_from) from coverage_withdrawals w where w.instrument = c.instrument), 9e18)
       and not coalesce(c.looked between h.start and h.start + 3600000 + $1::bigint, false)
     group by i.id order by i.id`,
    [MAX_LATENESS_MS],
  );
  return rows.map(({ instrument, outside }) => `${instrument}: ${outside} ticks lie in hours that count as not collected`);
}

/** Warnings about staged rows that are no longer needed: a workflow that was reset collected a symbol again after it was stored. */
async function leftInStaging(queryable: Queryable): Promise<readonly DataWarning[]> {
  const { rows } = await queryable.query<{ run_id: string; symbol: string; rows: number }>(
    `select l.run_id, b.symbol, sum((select count(*) from staged_rows s where s.batch = b.id))::float8 as rows
     from staging_batches b join ledger l on l.execution_id = b.execution_id and l.symbol = b.symbol and l.stage = 'store' and l.finished_at is not null
     group by 1, 2 order by 1, 2`,
  );
  return rows.map(({ run_id, symbol, rows: left }) => ({
    detail: `${run_id}: ${symbol} is stored, and ${left} rows of a repeated collection are left in staging`,
    action: 'no data is missing; the workers remove them when the run has ended, or `predictlab prune --staging 1h` does',
  }));
}

function named(findings: readonly string[]): readonly string[] {
  if (findings.length <= NAMED) return findings;
  return [...findings.slice(0, NAMED), `… and ${findings.length - NAMED} more like these`];
}

function namedWarnings(warnings: readonly DataWarning[]): readonly DataWarning[] {
  const details = named(warnings.map(({ detail }) => detail));
  return details.map((detail, k) => ({ detail, action: warnings[k].action }));
}

/** Picks `sample` items, evenly spread over the list; the whole list if `sample` is undefined or not smaller. */
function spread<T>(all: readonly T[], sample: number | undefined): readonly T[] {
  if (sample === undefined || sample >= all.length) return all;
  return Array.from({ length: sample }, (_, k) => all[Math.floor((k * all.length) / sample)]);
}
