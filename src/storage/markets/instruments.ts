import type { EventHead, Instrument, OrderBook } from '../../contracts/market-data.ts';
import type { SourceType } from '../../contracts/words.ts';
import { jsonb, kindCode } from '../database/codes.ts';
import { type Queryable, withinTransaction } from '../database/database.ts';
import { withoutRange } from '../ticks/coverage.ts';

export interface StoredInstrument extends Instrument {
  /** The integer that identifies the instrument in every other table. */
  readonly key: number;
}

/** A row of the table of instruments. */
export interface InstrumentRow {
  readonly key: number;
  readonly facts: Instrument;
}

/** The instrument of a row. */
export const storedInstrument = ({ key, facts }: InstrumentRow): StoredInstrument => ({ ...facts, key });

/** The keys of instruments, each once. */
export const keysOf = (instruments: readonly { readonly key: number }[]): number[] => [...new Set(instruments.map(({ key }) => key))];

/** Stores a source's facts about a symbol's instruments, and their order books; returns the instruments' keys by id. */
export async function saveInstruments(
  queryable: Queryable,
  symbol: string,
  instruments: readonly Instrument[],
): Promise<ReadonlyMap<string, number>> {
  if (instruments.length === 0) return new Map();
  // Sorted, so that two runs that save the same instruments lock them in the same order and do not deadlock.
  const facts = jsonb([...instruments].sort((a, b) => (a.id < b.id ? -1 : 1)));
  return await withinTransaction(queryable, async (transaction) => {
    await transaction.query(
      `insert into instruments (id, source, facts)
       select f->>'id', f->>'source', f from jsonb_array_elements($1::jsonb) with ordinality as x(f, n)
       where not exists (select from instruments i where i.id = f->>'id') order by n
       on conflict (id) do nothing`,
      [facts],
    );
    await transaction.query(
      `update instruments i set facts = f, source = f->>'source', updated_at = now()
       from jsonb_array_elements($1::jsonb) as f where i.id = f->>'id' and i.facts is distinct from f`,
      [facts],
    );
    const { rows } = await transaction.query<{ id: string; key: number }>('select id, key from instruments where id = any($1)', [
      instruments.map(({ id }) => id),
    ]);
    const keys = rows.map(({ key }) => key);
    await transaction.query('insert into instrument_state (instrument) select unnest($1::int[]) on conflict do nothing', [keys]);
    await transaction.query(
      `insert into order_books (instrument, at, bid, ask, bid_size, ask_size)
       select i.key, (b->>'at')::float8::bigint, (b->>'bid')::float8, (b->>'ask')::float8, (b->>'bidSize')::float8, (b->>'askSize')::float8
       from jsonb_array_elements($1::jsonb) as f join instruments i on i.id = f->>'id' cross join lateral (select f->'book') as x(b)
       where jsonb_typeof(b) = 'object' order by i.key on conflict do nothing`,
      [facts],
    );
    await transaction.query('insert into symbol_instruments (symbol, instrument) select $1, unnest($2::int[]) on conflict do nothing', [
      symbol,
      keys,
    ]);
    return new Map(rows.map(({ id, key }) => [id, key]));
  });
}

/**
 * Moves a market's stored end (`closedAt`) to a later trade. Coverage of its price points that relied on the earlier end is withdrawn.
 * @param settleMs milliseconds after its end for which a market may still have ticks
 */
export async function noteTradeAfterEnd(
  queryable: Queryable,
  instrumentKey: number,
  { closedAt }: Instrument,
  settleMs: number,
): Promise<void> {
  if (closedAt === undefined) return;
  await queryable.query(
    `with ended as (select key, (facts->>'closedAt')::float8::bigint as "by" from instruments where key = $1 and (facts->>'closedAt')::float8 < $2::bigint),
     raised as (update instruments i set facts = facts || jsonb_build_object('closedAt', $2::bigint), updated_at = now() from ended e where i.key = e.key)
     update coverage c set ${withoutRange('int8multirange(int8range(e."by" + $4::bigint, null))', 'c.')} from ended e where c.instrument = e.key and c.kind = $3`,
    [instrumentKey, closedAt, kindCode('price'), settleMs],
  );
}

/** The instruments of a symbol that runs have found so far, by key; of all sources unless some are named. */
export async function instrumentsOf(
  queryable: Queryable,
  symbol: string,
  sourceTypes?: readonly SourceType[],
): Promise<readonly StoredInstrument[]> {
  const { rows } = await queryable.query<InstrumentRow>(
    `select i.key, i.facts from symbol_instruments s join instruments i on i.key = s.instrument
     where s.symbol = $1 and ($2::text[] is null or i.source = any($2)) order by i.key`,
    [symbol, sourceTypes ?? null],
  );
  return rows.map(storedInstrument);
}

/** Recorded order books of instruments up to a time, oldest first, by instrument key. */
export async function orderBooks(
  queryable: Queryable,
  keys: readonly number[],
  to: number,
): Promise<ReadonlyMap<number, readonly OrderBook[]>> {
  const { rows } = await queryable.query<{ instrument: number; looks: OrderBook[] }>(
    `select instrument, jsonb_agg(jsonb_build_object('at', at, 'bid', bid, 'ask', ask) order by at) as looks
     from order_books where instrument = any($1) and at <= $2 group by instrument`,
    [keys, to],
  );
  return new Map(rows.map(({ instrument, looks }) => [instrument, looks]));
}

/** Instruments by their keys. */
export async function instrumentsByKey(queryable: Queryable, keys: readonly number[]): Promise<ReadonlyMap<number, StoredInstrument>> {
  const { rows } = await queryable.query<InstrumentRow>('select key, facts from instruments where key = any($1)', [keys]);
  return new Map(rows.map((row) => [row.key, storedInstrument(row)]));
}

/** One instrument by its id. */
export async function instrumentById(queryable: Queryable, id: string): Promise<StoredInstrument | undefined> {
  const { rows } = await queryable.query<InstrumentRow>('select key, facts from instruments where id = $1', [id]);
  return rows[0] && storedInstrument(rows[0]);
}

/** The instruments that resolve together as one event, by key. */
export async function instrumentsOfEvent(queryable: Queryable, event: string): Promise<readonly StoredInstrument[]> {
  const { rows } = await queryable.query<InstrumentRow>(`select key, facts from instruments where facts->>'event' = $1 order by key`, [
    event,
  ]);
  return rows.map(storedInstrument);
}

/** Lists events by their next announced end, then those without one, newest first. @param now UTC epoch milliseconds */
export async function eventHeads(queryable: Queryable, { now, limit }: { now: number; limit: number }): Promise<readonly EventHead[]> {
  const { rows } = await queryable.query<EventHead>(
    `select event, markets, closed, "nextEnd", "lastEnd", titles, array(
       select distinct s.symbol from symbol_instruments s where s.instrument = any(keys) order by s.symbol limit 5) as symbols
     from (
       select facts->>'event' as event, count(*)::int as markets, count(*) filter (where (facts->>'closed')::boolean)::int as closed,
         min((facts->>'closesAt')::float8) filter (where not (facts->>'closed')::boolean and (facts->>'closesAt')::float8 >= $1) as "nextEnd",
         max((facts->>'closesAt')::float8) as "lastEnd", array_agg(key) as keys,
         array[min(title collate "C"), max(title collate "C"), reverse(min(reverse(title) collate "C")), reverse(max(reverse(title) collate "C"))] as titles
       from instruments, nullif(facts->>'title', '') as title where facts ? 'event' group by 1) e
     order by "nextEnd" nulls last, "lastEnd" desc nulls last, event limit $2`,
    [now, limit],
  );
  return rows;
}

/** Finds events by the text of their ids or of the titles of their markets, those with open markets first. */
export async function findEvents(
  queryable: Queryable,
  text: string,
  limit: number,
): Promise<readonly Pick<EventHead, 'event' | 'titles'>[]> {
  const { rows } = await queryable.query<Pick<EventHead, 'event' | 'titles'>>(
    `select facts->>'event' as event, array_agg(facts->>'title' order by key) as titles from instruments where facts ? 'event' group by 1
     having bool_or(strpos(lower(facts->>'event'), lower($1)) > 0 or strpos(lower(facts->>'title'), lower($1)) > 0)
     order by bool_and((facts->>'closed')::boolean), max((facts->>'closesAt')::float8) desc nulls last, 1 limit $2`,
    [text, limit],
  );
  return rows;
}

/** The symbols that have each of these instruments, in alphabetical order, by instrument key. */
export async function symbolsOfInstruments(queryable: Queryable, keys: readonly number[]): Promise<ReadonlyMap<number, readonly string[]>> {
  const { rows } = await queryable.query<{ instrument: number; symbols: string[] }>(
    'select instrument, array_agg(symbol order by symbol) as symbols from symbol_instruments where instrument = any($1) group by instrument',
    [keys],
  );
  return new Map(rows.map(({ instrument, symbols }) => [instrument, symbols]));
}
