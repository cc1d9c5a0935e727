import type { PastError } from '../../contracts/errors.ts';
import type { Json } from '../../contracts/run/pipeline-input.ts';
import type { PipelineResult } from '../../contracts/run/pipeline-status.ts';
import type { SourceType, TickKind } from '../../contracts/words.ts';
import { UNSEEN_LATENESS_MS } from '../../market/lateness.ts';
import { type BacktestRecord, rankedSharpeSql } from '../backtests/backtests.ts';
import { kindCode, tickKindOf } from '../database/codes.ts';
import type { Queryable } from '../database/database.ts';
import { coverableUntil } from '../ticks/lateness.ts';
import type { StoredRun } from './runs.ts';

const HOUR = 3_600_000;

export interface LedgerTask {
  readonly taskId: string;
  readonly symbol: string | null;
  readonly stage: string | null;
  readonly output: Json;
  readonly degraded: readonly string[] | null;
  readonly attempts: number;
  readonly startedAt: Date;
  readonly durationSeconds: number;
}

/** The tasks of an execution that have taken effect: all of them, or only those of `symbols`. */
export async function ledgerTasks(
  queryable: Queryable,
  { executionId, symbols }: { executionId: string; symbols?: readonly string[] },
): Promise<readonly LedgerTask[]> {
  const { rows } = await queryable.query<LedgerTask>(
    `select task_id as "taskId", symbol, stage, output, degraded, attempts, started_at as "startedAt", duration_seconds as "durationSeconds"
     from ledger where execution_id = $1 and finished_at is not null and ($2::text[] is null or symbol = any($2)) order by started_at, task_id`,
    [executionId, symbols ?? null],
  );
  return rows;
}

/** The error of the last failed attempt of each task that then succeeded, by task id. */
export async function lastErrors(queryable: Queryable, executionId: string): Promise<Readonly<Record<string, PastError>>> {
  const { rows } = await queryable.query<{ task_id: string; last_error: PastError }>(
    'select task_id, last_error from ledger where execution_id = $1 and finished_at is not null and last_error is not null',
    [executionId],
  );
  return Object.fromEntries(rows.map(({ task_id, last_error }) => [task_id, last_error]));
}

export interface ActiveInstrument {
  readonly symbol: string;
  readonly instrumentKey: number;
  readonly kind: TickKind;
}

/**
 * Finds the most active instrument of each symbol in a window: open ones come before closed ones, trades before price points, then the one
 * with the most ticks, counted by whole hours. @param sourceTypes @default all
 */
export async function mostActiveInstruments(
  queryable: Queryable,
  { symbols, sourceTypes, from, to }: { symbols: readonly string[]; sourceTypes?: readonly SourceType[]; from: number; to: number },
): Promise<readonly ActiveInstrument[]> {
  const { rows } = await queryable.query<Omit<ActiveInstrument, 'kind'> & { kind: number }>(
    `select distinct on (s.symbol) s.symbol, h.instrument as "instrumentKey", h.kind
     from symbol_instruments s join instruments i on i.key = s.instrument join tick_hours h on h.instrument = s.instrument
     where s.symbol = any($1) and ($2::text[] is null or i.source = any($2)) and h.hour between $3 and $4
     group by s.symbol, h.instrument, h.kind, i.facts->'closed' order by s.symbol, i.facts->'closed', h.kind, sum(h.ticks) desc, h.instrument`,
    [symbols, sourceTypes ?? null, Math.floor(from / HOUR), Math.floor(to / HOUR)],
  );
  return rows.map((row) => ({ ...row, kind: tickKindOf(row.kind) }));
}

export interface RecentCloses {
  readonly points: readonly { readonly time: number; readonly price: number }[];
  /** Length of one bucket, milliseconds. */
  readonly step: number;
}

/** Closes of several instruments in `[from, to)`, oldest first: hourly candles, else those of the interval nearest to an hour. */
export async function recentCloses(
  queryable: Queryable,
  { instruments, from, to }: { instruments: readonly ActiveInstrument[]; from: number; to: number },
): Promise<ReadonlyMap<number, RecentCloses>> {
  const { rows } = await queryable.query<{ instrument: number; minutes: number; times: number[]; closes: number[] }>(
    `select w.instrument, n.minutes, c.times, c.closes
     from unnest($1::int[], $2::smallint[]) as w(instrument, kind)
     cross join lateral (
       select interval_minutes as minutes from candle_series where instrument = w.instrument and kind = w.kind
       order by abs(interval_minutes - 60), interval_minutes desc limit 1) n
     cross join lateral (
       select array_agg(open_time + n.minutes * 60000::bigint order by open_time) as times, array_agg(close order by open_time) as closes from candles
       where instrument = w.instrument and kind = w.kind and interval_minutes = n.minutes and open_time >= $3 and open_time < $4) c
     where c.times is not null`,
    [instruments.map((i) => i.instrumentKey), instruments.map((i) => kindCode(i.kind)), Math.floor(from), Math.floor(to)],
  );
  return new Map(
    rows.map(({ instrument, minutes, times, closes }) => {
      const points = times.map((time, i) => ({ time: Math.min(time, to), price: closes[i] ?? Number.NaN }));
      return [instrument, { points, step: minutes * 60_000 }];
    }),
  );
}

/** A symbol's backtest with the highest Sharpe ratio that is not weak; if all are weak, any backtest. */
type BestBacktest = Pick<BacktestRecord, 'symbol' | 'strategy' | 'params' | 'metrics' | 'passport'>;

/** Finds for each symbol the best backtest among these executions. */
export async function bestBacktests(
  queryable: Queryable,
  { symbols, executionIds }: { symbols: readonly string[]; executionIds: readonly string[] },
): Promise<ReadonlyMap<string, BestBacktest>> {
  const { rows } = await queryable.query<BestBacktest>(
    `select distinct on (symbol) symbol, strategy, params, metrics, passport from backtests
     where symbol = any($1) and execution_id = any($2)
     order by symbol, array_position($2::text[], execution_id), metrics ? 'failed', ${rankedSharpeSql('metrics')} desc nulls last, id`,
    [symbols, executionIds],
  );
  return new Map(rows.map((row) => [row.symbol, row]));
}

export interface GapRow {
  readonly symbol: string;
  readonly instrument: string;
  readonly from: number;
  readonly to: number;
}

interface GapFilter {
  readonly symbols: readonly string[];
  /** End of the window of each symbol, in the order of `symbols`; UTC epoch milliseconds. */
  readonly asOf: readonly number[];
  readonly sourceTypes: readonly SourceType[];
  /** Length of the window before `asOf`, and length of the shortest gap that is returned; milliseconds. */
  readonly window: number;
  readonly shortest: number;
}

/** SQL that selects the gaps `g` of the symbols' open instruments, by the same rules as `gapsOfInstruments`; needs $1 to $7. */
const OPEN_GAPS = `from unnest($1::text[], $2::bigint[]) as l(symbol, as_of) join symbol_instruments s on s.symbol = l.symbol
     join instruments i on i.key = s.instrument join coverage c on c.instrument = i.key
     join unnest($3::text[], $4::bigint[]) as u(source, late) on u.source = i.source
     cross join lateral (select greatest(l.as_of - $5::bigint, (i.facts->>'opensAt')::float8::bigint) as opened,
       least(l.as_of - u.late, greatest(upper(c.ranges), l.as_of - $6::bigint)) as until) w
     cross join lateral unnest(int8multirange(int8range(least(w.opened, w.until), w.until)) - c.ranges) as g
     where i.source <> 'file' and not (i.facts->>'closed')::boolean and upper(g) - lower(g) >= $7`;

const gapParameters = async (queryable: Queryable, filter: GapFilter): Promise<readonly unknown[]> => {
  const newest = Math.max(...filter.asOf);
  const [sources, until] = await coverableUntil(queryable, filter.sourceTypes, newest);
  const late = until.map((at) => Math.floor(newest) - at);
  return [filter.symbols, filter.asOf.map(Math.floor), sources, late, Math.floor(filter.window), UNSEEN_LATENESS_MS, filter.shortest];
};

/** The longest gaps of symbols, longest first. */
export async function longestGaps(queryable: Queryable, filter: GapFilter & { readonly limit: number }): Promise<readonly GapRow[]> {
  if (filter.symbols.length === 0) return [];
  const { rows } = await queryable.query<GapRow>(
    `select s.symbol, coalesce(nullif(i.facts->>'title', ''), i.id) as instrument, lower(g) as "from", upper(g) as "to"
     ${OPEN_GAPS} order by upper(g) - lower(g) desc, s.symbol, i.id limit $8`,
    [...(await gapParameters(queryable, filter)), filter.limit],
  );
  return rows;
}

/** Gaps of a symbol's open instruments. Overlapping gaps of several instruments count once. */
export interface SymbolGaps {
  readonly gaps: number;
  readonly totalMs: number;
  /** End of the last gap. */
  readonly lastEnd: number;
}

/** The gaps of each symbol that has any. */
export async function gapsBySymbol(queryable: Queryable, filter: Omit<GapFilter, 'sourceTypes'>): Promise<ReadonlyMap<string, SymbolGaps>> {
  if (filter.symbols.length === 0) return new Map();
  const { rows: sources } = await queryable.query<{ source: SourceType }>('select distinct source from instruments');
  const { rows } = await queryable.query<SymbolGaps & { symbol: string }>(
    `select symbol, count(*)::int as gaps, sum(upper(r) - lower(r))::float8 as "totalMs", max(upper(r)) as "lastEnd"
     from (select s.symbol, range_agg(g) as whole ${OPEN_GAPS} group by s.symbol) x cross join lateral unnest(whole) as r group by symbol`,
    [...(await gapParameters(queryable, { ...filter, sourceTypes: sources.map(({ source }) => source) }))],
  );
  return new Map(rows.map(({ symbol, ...gaps }) => [symbol, gaps]));
}

interface PreviousRun extends Pick<StoredRun, 'runId' | 'executionId' | 'config' | 'idUsedBefore'> {
  readonly status: PipelineResult;
  readonly finishedAt: Date | null;
}

/** The last run that ended before this one started, or undefined. */
export async function runBefore(queryable: Queryable, executionId: string): Promise<PreviousRun | undefined> {
  const { rows } = await queryable.query<PreviousRun>(
    `select e.run_id as "runId", e.execution_id as "executionId", e.config, e.status, e.finished_at as "finishedAt", e.id_used_before as "idUsedBefore"
     from runs r join runs e on (e.started_at, e.execution_id) < (r.started_at, r.execution_id)
     where r.execution_id = $1 and e.status is not null order by e.started_at desc, e.execution_id desc limit 1`,
    [executionId],
  );
  return rows[0];
}

/** Median seconds of the last 20 runs before this one with the result `success` or `degraded` and the same number of tasks. */
export async function usualDuration(
  queryable: Queryable,
  { executionId, totalTasks }: { executionId: string; totalTasks: number },
): Promise<{ readonly medianSeconds: number; readonly runs: number } | null> {
  const { rows } = await queryable.query<{ median: number | null; runs: number }>(
    `select percentile_cont(0.5) within group (order by seconds) as median, count(*)::float8 as runs from (
       select (e.status->>'durationSeconds')::float8 as seconds from runs r join runs e on e.started_at < r.started_at
       where r.execution_id = $1 and e.result in ('success', 'degraded') and (e.status->>'totalTasks')::int = $2
       order by e.started_at desc limit 20) recent`,
    [executionId, totalTasks],
  );
  const row = rows[0];
  return row === undefined || row.median === null ? null : { medianSeconds: row.median, runs: row.runs };
}
