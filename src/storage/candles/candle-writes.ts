import type { TimeRange } from '../../contracts/market-data.ts';
import { INTERVAL_MS, type Interval, type TickKind } from '../../contracts/words.ts';
import type { MergeableCandles } from '../../market/candles/candle-columns.ts';
import { intervalMinutes, kindCode } from '../database/codes.ts';
import type { Transaction } from '../database/database.ts';

/** The series that candles are written to, and what decides whether they are complete. */
export interface CandleTarget {
  readonly instrumentKey: number;
  readonly kind: TickKind;
  /** Coverage of the instrument, merged, oldest first. */
  readonly covered: readonly TimeRange[];
  /**
   * A candle that opens before this time is only replaced by one that rests on at least as many ticks and as much covered time; -Infinity: every
   * candle may be replaced.
   */
  readonly ticksPrunedBefore: number;
  /** A bucket that ends after this instant is still open. */
  readonly asOf: number;
}

const CHUNK = 5_000;

/** The columns other than the key and the revision, in the order of the statement. */
const VALUES =
  'open, high, low, close, volume, quote_volume, buy_volume, trades, first_time, first_seq, last_time, last_seq, coverage, complete';

const UPSERT = `
  insert into candles (instrument, kind, interval_minutes, open_time, ${VALUES})
  select $1, $2, $3, * from unnest($4::bigint[], $5::float8[], $6::float8[], $7::float8[], $8::float8[], $9::float8[], $10::float8[], $11::float8[],
    $12::int[], $13::bigint[], $14::bigint[], $15::bigint[], $16::bigint[], $17::real[], $18::boolean[])
  on conflict (instrument, kind, interval_minutes, open_time) do update
  set (${VALUES}, revision) = (${VALUES.split(', ')
    .map((column) => `excluded.${column}`)
    .join(', ')}, candles.revision + 1)
  where (${VALUES.split(', ')
    .map((column) => `candles.${column}`)
    .join(', ')}) is distinct from (${VALUES.split(', ')
    .map((column) => `excluded.${column}`)
    .join(', ')})
    and (candles.open_time >= $19 or (excluded.trades >= candles.trades and excluded.coverage >= candles.coverage))`;

/** Writes candles; equal ones that are already stored are not touched. @returns how many are new or changed */
export async function writeCandles(transaction: Transaction, target: CandleTarget, candles: MergeableCandles): Promise<number> {
  let changed = 0;
  for (let from = 0; from < candles.length; from += CHUNK) {
    const to = Math.min(candles.length, from + CHUNK);
    const part = (column: Float64Array): readonly number[] => Array.from(column.subarray(from, to));
    const volumes = (column: Float64Array): readonly (number | null)[] => part(column).map((value) => (Number.isNaN(value) ? null : value));
    const openTimes = part(candles.openTime);
    const { coverage, complete } = completeness(openTimes, candles.interval, target);
    const { rowCount } = await transaction.query(UPSERT, [
      target.instrumentKey,
      kindCode(target.kind),
      intervalMinutes(candles.interval),
      openTimes,
      part(candles.open),
      part(candles.high),
      part(candles.low),
      part(candles.close),
      volumes(candles.volume),
      volumes(candles.quoteVolume),
      volumes(candles.buyVolume),
      part(candles.trades),
      part(candles.firstTime),
      part(candles.firstSequence),
      part(candles.lastTime),
      part(candles.lastSequence),
      coverage,
      complete,
      horizonOf(target),
    ]);
    changed += rowCount ?? 0;
  }
  return changed;
}

/**
 * Removes candles of a range of time in which no tick is left, because finer price points replaced coarser ones.
 *
 * @param candles all candles that the ticks of the range make
 * @returns how many were removed
 */
export async function removeEmptied(
  transaction: Transaction,
  target: CandleTarget,
  { range, candles }: { range: TimeRange; candles: Pick<MergeableCandles, 'interval' | 'openTime' | 'length'> },
): Promise<number> {
  const series = [target.instrumentKey, kindCode(target.kind), intervalMinutes(candles.interval)] as const;
  const { rows } = await transaction.query<{ open_time: number }>(
    'select open_time from candles where instrument = $1 and kind = $2 and interval_minutes = $3 and open_time >= $4 and open_time < $5',
    [...series, Math.max(range.from, horizonOf(target)), range.to],
  );
  const built = new Set(candles.openTime.subarray(0, candles.length));
  const emptied = rows.map((row) => row.open_time).filter((openTime) => !built.has(openTime));
  if (emptied.length === 0) return 0;
  const { rowCount } = await transaction.query(
    'delete from candles where instrument = $1 and kind = $2 and interval_minutes = $3 and open_time = any($4::bigint[])',
    [...series, emptied],
  );
  return rowCount ?? 0;
}

/**
 * Brings `complete` and `coverage` up to date where no tick changed: buckets that closed since `before.asOf`, buckets in time that was covered
 * since, and buckets in time whose coverage was withdrawn.
 *
 * @returns how many candles changed
 */
export async function refreshCompleteness(
  transaction: Transaction,
  target: CandleTarget,
  { interval, before }: { interval: Interval; before: { readonly asOf: number; readonly covered: readonly TimeRange[] } },
): Promise<number> {
  const touched = touchedRange(target, interval, before);
  const lost = lostRange(target, interval, before.covered);
  if (touched === undefined && lost === undefined) return 0;
  const { rows } = await transaction.query<{ open_time: number }>(
    `select open_time from candles where instrument = $1 and kind = $2 and interval_minutes = $3 and open_time >= $8::bigint
     and ((not complete and open_time >= $4 and open_time < $5) or (complete and open_time >= $6 and open_time < $7)) order by open_time`,
    [
      target.instrumentKey,
      kindCode(target.kind),
      intervalMinutes(interval),
      touched?.from ?? 0,
      touched?.to ?? 0,
      lost?.from ?? 0,
      lost?.to ?? 0,
      horizonOf(target),
    ],
  );
  const openTimes = rows.map((row) => row.open_time);
  const { coverage, complete } = completeness(openTimes, interval, target);
  const { rowCount } = await transaction.query(
    `update candles c set coverage = n.coverage, complete = n.complete, revision = revision + 1
     from unnest($4::bigint[], $5::real[], $6::boolean[]) as n(open_time, coverage, complete)
     where c.instrument = $1 and c.kind = $2 and c.interval_minutes = $3 and c.open_time = n.open_time
       and (c.coverage, c.complete) is distinct from (n.coverage, n.complete)`,
    [target.instrumentKey, kindCode(target.kind), intervalMinutes(interval), openTimes, coverage, complete],
  );
  return rowCount ?? 0;
}

const horizonOf = ({ ticksPrunedBefore }: CandleTarget): number =>
  Number.isFinite(ticksPrunedBefore) ? ticksPrunedBefore : Number.MIN_SAFE_INTEGER;

function completeness(openTimes: readonly number[], interval: Interval, { covered, asOf }: CandleTarget) {
  const length = INTERVAL_MS[interval];
  const coverage = Array.from(coveredShares(openTimes, length, covered));
  return { coverage, complete: coverage.map((share, k) => share === 1 && openTimes[k] + length <= asOf) };
}

/** Open times of the buckets whose completeness may have changed. */
function touchedRange(
  { covered, asOf }: CandleTarget,
  interval: Interval,
  before: { readonly asOf: number; readonly covered: readonly TimeRange[] },
): TimeRange | undefined {
  const length = INTERVAL_MS[interval];
  const edges: number[] = [];
  if (asOf > before.asOf) edges.push(before.asOf - length + 1, asOf - length + 1);
  for (const range of covered) {
    if (before.covered.some(({ from, to }) => from === range.from && to === range.to)) continue;
    // The ends of a range that differs from before may have moved.
    edges.push(range.from - length + 1, range.to);
  }
  if (edges.length === 0) return undefined;
  const from = Math.min(...edges);
  return { from: Number.isFinite(from) ? from : Number.MIN_SAFE_INTEGER, to: Math.max(...edges) };
}

/**
 * Open times of the buckets that are no longer covered. Coverage is withdrawn at its end, where it was claimed before a venue's lateness was known.
 * Coverage that went with pruned ticks, at the start, leaves candles unchanged.
 */
function lostRange({ covered }: CandleTarget, interval: Interval, before: readonly TimeRange[]): TimeRange | undefined {
  const end = covered.at(-1)?.to;
  const endBefore = before.at(-1)?.to;
  if (end === undefined || endBefore === undefined || end >= endBefore) return undefined;
  return { from: end - INTERVAL_MS[interval] + 1, to: endBefore };
}

/** Records up to which version of its instrument a series is built. */
export async function markBuilt(transaction: Transaction, target: CandleTarget, interval: Interval, version: number): Promise<void> {
  await transaction.query(
    `insert into candle_series (instrument, kind, interval_minutes, version, as_of, covered)
     values ($1, $2, $3, $4, $5, coalesce((select ranges from coverage where instrument = $1 and kind = $2), '{}'))
     on conflict (instrument, kind, interval_minutes) do update set version = excluded.version, as_of = excluded.as_of, covered = excluded.covered`,
    [target.instrumentKey, kindCode(target.kind), intervalMinutes(interval), version, Math.floor(target.asOf)],
  );
}

/**
 * Share of each bucket `[open, open + length)` that lies in the covered ranges; exactly 1 when all of it does.
 *
 * @param ranges merged, half-open, oldest first
 */
export function coveredShares(openTimes: ArrayLike<number>, length: number, ranges: readonly TimeRange[]): Float64Array {
  const shares = new Float64Array(openTimes.length);
  for (let k = 0; k < openTimes.length; k++) {
    const from = openTimes[k];
    const to = from + length;
    let covered = 0;
    for (let r = firstEndingAfter(ranges, from); r < ranges.length && ranges[r].from < to; r++) {
      covered += Math.min(to, ranges[r].to) - Math.max(from, ranges[r].from);
    }
    shares[k] = covered / length;
  }
  return shares;
}

/** Index of the first range that reaches beyond `time`. */
function firstEndingAfter(ranges: readonly TimeRange[], time: number): number {
  let low = 0;
  let high = ranges.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (ranges[middle].to > time) high = middle;
    else low = middle + 1;
  }
  return low;
}
