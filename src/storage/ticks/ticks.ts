import { groupedBy } from '../../contracts/grouped-by.ts';
import type { CandidateRow } from '../../contracts/market-data.ts';
import type { SourceType, TickKind } from '../../contracts/words.ts';
import { kindCode, sideOf, tickKindOf } from '../database/codes.ts';
import { CopyDecoder } from '../database/copy-format.ts';
import type { Queryable } from '../database/database.ts';
import { lakeChunks, lakeTicks, type MovedRange, mergedBatches, movedRanges } from '../lake/lake-ticks.ts';

export interface TickRecord {
  readonly kind: TickKind;
  /** UTC epoch milliseconds. */
  readonly time: number;
  readonly price: number;
  readonly size: number | null;
  readonly side: 'buy' | 'sell' | null;
  readonly outcome: string | null;
  readonly tradeId: string | null;
}

/** Whether each row is already stored as a tick of the instrument, by index. */
export async function areStored(queryable: Queryable, instrumentKey: number, rows: readonly CandidateRow[]): Promise<readonly boolean[]> {
  const times = rows.map(({ time }) => time ?? Number.NaN);
  const from = times.reduce((least, time) => Math.min(least, time), Number.POSITIVE_INFINITY);
  const to = times.reduce((most, time) => Math.max(most, time), Number.NEGATIVE_INFINITY);
  if (!Number.isFinite(from) || !Number.isFinite(to)) throw new RangeError('only rows with a time can be ticks');
  const { rows: found } = await queryable.query<{ place: number }>(
    // the bounds of time let Postgres skip most partitions
    `select x.place from unnest($2::bigint[], $3::smallint[], $4::text[]) with ordinality as x(time, kind, identity, place)
     join ticks t on t.instrument = $1 and t.time = x.time and t.kind = x.kind and t.identity = x.identity
     where t.time between $5 and $6`,
    [instrumentKey, times, rows.map(({ kind }) => kindCode(kind)), rows.map(({ identity }) => identity), from, to],
  );
  const stored = new Set(found.map(({ place }) => place));
  return rows.map((_, index) => stored.has(index + 1));
}

/** Whether an instrument has trades in the hours after that of `since` and before that of `time`; both UTC epoch milliseconds. */
export async function hasTradesBefore(queryable: Queryable, instrumentKey: number, time: number, since = 0): Promise<boolean> {
  const hour = Number.isFinite(time) ? Math.floor(time / HOUR_MS) : LAST_HOUR;
  const { rowCount } = await queryable.query(
    'select from tick_hours where instrument = $1 and kind = $2 and hour < $3 and hour > $4 and ticks > 0 limit 1',
    [instrumentKey, kindCode('trade'), hour, Math.ceil(since / HOUR_MS)],
  );
  return rowCount === 1;
}

/** Number of newest trades from which an average volume is calculated. */
const AVERAGED_TRADES = 200;

/** Facts about the stored trades of instruments, by instrument id: average volume (size × price), and end of the covered time. */
export async function storedTradesOf(
  queryable: Queryable,
  instrumentKeys: readonly number[],
  since: number,
): Promise<ReadonlyMap<string, { readonly volume: number | null; readonly coveredTo: number | null }>> {
  const { rows } = await queryable.query<{ id: string; volume: number | null; coveredTo: number | null }>(
    `select i.id, nullif(v.volume, 0) as volume, upper(c.ranges) as "coveredTo"
     from instruments i left join coverage c on c.instrument = i.key and c.kind = $2 cross join lateral (
       select avg(t.size * case when t.outcome = i.facts->'outcomes'->>1 then 1 - t.price else t.price end) as volume
       from (select size, outcome, price from ticks where instrument = i.key and kind = $2 and time >= $3 order by time desc limit $4) as t) as v
     where i.key = any($1)`,
    [instrumentKeys, kindCode('trade'), Math.floor(since), AVERAGED_TRADES],
  );
  return new Map(rows.map(({ id, ...stored }) => [id, stored]));
}

const HOUR_MS = 3_600_000;
/** The largest hour number that the database column can hold. */
const LAST_HOUR = 2 ** 31 - 1;

/** An instrument of one symbol. An instrument that belongs to two symbols is exported twice, once for each. */
export interface ExportedInstrument {
  readonly symbol: string;
  readonly source: SourceType;
  readonly instrument: string;
  readonly key: number;
}

/** The instruments of these symbols (or of all symbols), sorted by symbol, source and id. */
export async function exportedInstruments(queryable: Queryable, symbols?: readonly string[]): Promise<readonly ExportedInstrument[]> {
  const { rows } = await queryable.query<ExportedInstrument>(
    `select s.symbol, i.source, i.id as instrument, i.key from symbol_instruments s join instruments i on i.key = s.instrument
     where $1::text[] is null or s.symbol = any($1) order by s.symbol collate "C", i.source, i.id collate "C"`,
    [symbols ?? null],
  );
  return rows;
}

interface ExportedTick extends TickRecord {
  readonly of: ExportedInstrument;
}

const TICK_COLUMNS = 't.kind, t.time, t.price, t.size, t.side, t.outcome, t.trade_id';

/** Which ticks of several instruments are read, and in which order. */
interface TickSelection {
  /** `from ≤ time < to`, UTC epoch milliseconds. */
  readonly from?: number | undefined;
  readonly to?: number | undefined;
  /** Whether rows of one instrument follow each other; otherwise all are in the order of time. */
  readonly byInstrument?: boolean | undefined;
  /** Sequence number from which on the ticks of an instrument are read. @default 0 */
  readonly sinceSeq?: ((instrument: ExportedInstrument) => number) | undefined;
}

/** Batches of several instruments' ticks, lake included, by time, instrument (as given) and venue order. Call it within one snapshot. */
export async function* readTicksByTime(
  queryable: Queryable,
  instruments: readonly ExportedInstrument[],
  selection: TickSelection = {},
): AsyncIterable<readonly ExportedTick[]> {
  if (instruments.length === 0) return;
  const { from, to, byInstrument, sinceSeq } = selection;
  const labels = groupedBy([...instruments.keys()], (label) => instruments[label].key);
  const ranges = await movedRanges(queryable, { from: from ?? -Infinity, to: to ?? Infinity }, [...labels.keys()]);
  const stored = storedTicks(queryable, instruments, selection);
  if (ranges.length === 0) return yield* stored;
  const placed = ranges.flatMap((range): MovedRange[] =>
    (labels.get(range.key) ?? []).map((place) => ({ ...range, place, sinceSeq: sinceSeq?.(instruments[place]) ?? 0 })),
  );
  const order = byInstrument ? 'place, time' : 'time, place';
  const moved = movedTicks(await lakeTicks(queryable, placed), instruments, order);
  const place = new Map(instruments.map((one, label) => [one, label]));
  const byPlace = (a: ExportedTick, b: ExportedTick): number => (place.get(a.of) as number) - (place.get(b.of) as number);
  yield* mergedBatches(stored, moved, (a, b) => (byInstrument ? byPlace(a, b) || a.time - b.time : a.time - b.time || byPlace(a, b)));
}

/** Reads ticks from the lake, sorted by `order`; `place` is the index of their instrument in the list. */
async function* movedTicks(
  ticks: string,
  instruments: readonly ExportedInstrument[],
  order: string,
): AsyncGenerator<readonly ExportedTick[]> {
  const sql = `select place, kind, time::double, price, size, side, outcome, trade_id from ${ticks} order by ${order}, seq`;
  for await (const columns of lakeChunks(sql)) {
    const [places, kinds, times, prices, sizes, sides, outcomes, tradeIds] = columns as unknown as readonly [
      number[],
      number[],
      number[],
      number[],
      (number | null)[],
      (number | null)[],
      (string | null)[],
      (string | null)[],
    ];
    yield places.map((label, i) => ({
      of: instruments[label],
      kind: tickKindOf(kinds[i]),
      time: times[i],
      price: prices[i],
      size: sizes[i],
      side: sideOf(sides[i]),
      outcome: outcomes[i],
      tradeId: tradeIds[i],
    }));
  }
}

async function* storedTicks(
  queryable: Queryable,
  instruments: readonly ExportedInstrument[],
  { from, to, byInstrument = false, sinceSeq = () => 0 }: TickSelection,
): AsyncGenerator<readonly ExportedTick[]> {
  const conditions = [
    ...(from === undefined ? [] : [`t.time >= ${Math.ceil(from)}`]),
    ...(to === undefined ? [] : [`t.time < ${Math.ceil(to)}`]),
  ];
  const [only] = instruments;
  const select =
    instruments.length === 1
      ? // one instrument is read in the order of the key, without a sort
        `select 0::bigint, ${TICK_COLUMNS} from ticks t
         where ${[`t.instrument = ${Math.trunc(only.key)}`, `t.seq >= ${Math.trunc(sinceSeq(only))}`, ...conditions].join(' and ')}
         order by t.time, t.seq`
      : `select l.label::bigint, ${TICK_COLUMNS} from ${labelled(instruments, sinceSeq)} join ticks t
         on ${['t.instrument = l.instrument', 't.seq >= l.seq', ...conditions].join(' and ')}
         order by ${byInstrument ? 'l.label, t.time' : 't.time, l.label'}, t.seq`;
  const decoder = new CopyDecoder();
  for await (const chunk of queryable.copyOut(`copy (${select}) to stdout (format binary)`)) {
    decoder.push(chunk);
    const batch: ExportedTick[] = [];
    while (decoder.nextRow()) {
      batch.push({
        of: instruments[decoder.int8()],
        kind: tickKindOf(decoder.int2() as number),
        time: decoder.int8(),
        price: decoder.float8(),
        size: decoder.nullableFloat8(),
        side: sideOf(decoder.int2()),
        outcome: decoder.text(),
        tradeId: decoder.text(),
      });
    }
    if (batch.length > 0) yield batch;
  }
}

/** Instruments as an SQL table `l(label, instrument, seq)`; COPY takes no parameters, so only whole numbers are put into the text. */
const labelled = (instruments: readonly ExportedInstrument[], seqOf: (instrument: ExportedInstrument) => number): string =>
  `(values ${instruments.map((one, label) => `(${label}, ${Math.trunc(one.key)}, ${Math.trunc(seqOf(one))}::bigint)`).join(', ')}) as l(label, instrument, seq)`;

/** How far the ticks of an instrument are stored: the sequence number of the next tick, and the version after the last change. */
export interface StoredUpTo {
  readonly nextSeq: number;
  readonly version: number;
}

/** How far the ticks of instruments are stored, by key. */
export async function storedUpTo(queryable: Queryable, keys: readonly number[]): Promise<ReadonlyMap<number, StoredUpTo>> {
  const { rows } = await queryable.query<StoredUpTo & { key: number }>(
    'select instrument as key, next_seq as "nextSeq", version from instrument_state where instrument = any($1)',
    [keys],
  );
  return new Map(rows.map(({ key, ...one }) => [key, one]));
}

/** A month with ticks of a source. */
export interface TickMonth {
  readonly source: SourceType;
  /** Start of the month, UTC epoch milliseconds. */
  readonly month: number;
  /** Ticks of the month before this time were pruned, UTC epoch milliseconds; null where none were. */
  readonly prunedBefore: number | null;
}

/** Months with ticks that changed after a version of their instrument, by month and source. @param changedAfter versions by instrument */
export async function tickMonths(
  queryable: Queryable,
  instruments: readonly ExportedInstrument[],
  changedAfter: (instrument: ExportedInstrument) => number = () => -1,
): Promise<readonly TickMonth[]> {
  const { rows } = await queryable.query<TickMonth>(
    `select i.source, (extract(epoch from m.month) * 1000)::bigint as month,
       max(s.ticks_pruned_before) filter (where s.ticks_pruned_before > extract(epoch from m.month) * 1000) as "prunedBefore"
     from unnest($1::int[], $2::bigint[]) as l(instrument, version) join instruments i on i.key = l.instrument
     join tick_hours h on h.instrument = l.instrument and h.version > l.version
     cross join lateral (select date_trunc('month', to_timestamp(h.hour * 3600.0) at time zone 'UTC') at time zone 'UTC' as month) m
     left join instrument_state s on s.instrument = l.instrument group by 1, 2 order by 2, 1`,
    [instruments.map(({ key }) => key), instruments.map(changedAfter)],
  );
  return rows;
}

/** Number and digest of the ticks of instruments below sequence numbers. It stays equal until one of these ticks changes or is removed. */
export async function tickDigest(
  queryable: Queryable,
  instruments: readonly ExportedInstrument[],
  { from, to, belowSeq }: { readonly from: number; readonly to: number; readonly belowSeq: (instrument: ExportedInstrument) => number },
): Promise<string> {
  if (instruments.length === 0) return '0-0';
  const { rows } = await queryable.query<{ digest: string }>(
    // the hashes of a month's files in the lake represent its moved ticks, since they change only when ticks are stored into that month
    `select count(*) || '-' || coalesce(sum(hash_record_extended((t.time, t.kind, t.identity, t.seq, t.price, t.size, t.side, t.outcome), 0)), 0)
       || coalesce((select '-' || md5(string_agg(sha256, ',' order by path)) from lake_files where month >= $1 and month < $2 and source = any($3)), '') as digest
     from ${labelled(instruments, belowSeq)} join ticks t on t.instrument = l.instrument and t.seq < l.seq
     where t.time >= $1 and t.time < $2`,
    [from, to, [...new Set(instruments.map(({ source }) => source))]],
  );
  return rows[0].digest;
}
