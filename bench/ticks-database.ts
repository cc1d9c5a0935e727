import { DAY_MS } from '../src/contracts/words.ts';
import type { Database } from '../src/storage/database/database.ts';
import { ensurePartitions, partitionNames } from '../src/storage/ticks/partitions.ts';

/** Days with ticks; the last one ends at the start of today. */
export const DAYS = 395;
export const MARKETS = 2_000;
export const SYMBOLS = 100;
const SLICE_MS = 4 * 3_600_000;
const SLICES = (DAYS * DAY_MS) / SLICE_MS;
/** Share of the ticks that are price points, one a minute of the markets that have them. */
const POINTS = 0.38;
const MINUTES = DAYS * 1440;

/**
 * Fills an empty database with `count` ticks of 2,000 markets in 13 months, in the order in which four-hourly runs would store them: trades
 * of all markets, more of some than of others, and a price point a minute of some. Continues where an earlier call was stopped.
 * @returns the start of the first day with ticks; UTC epoch milliseconds
 */
export async function fillTicks(database: Database, count: number): Promise<number> {
  const pointed = Math.round((count * POINTS) / MINUTES);
  const started = async (): Promise<number | null> =>
    (await database.query<{ from: number | null }>(`select min((facts->>'opensAt')::bigint) as "from" from instruments`)).rows[0].from;
  const from = (await started()) ?? Math.floor(Date.now() / DAY_MS) * DAY_MS - DAYS * DAY_MS;
  await ensurePartitions(
    database,
    Array.from({ length: DAYS }, (_, day) => from / DAY_MS + day),
  );
  if ((await started()) === null) await fillMarkets(database, { from, pointed });
  const { rows } = await database.query<{ hour: number | null; filled: boolean }>(
    'select (select max(hour) from tick_hours) as hour, exists (select from instrument_state where version > 0) as filled',
  );
  if (rows[0].filled) return from;
  const trades = (count - pointed * MINUTES) / SLICES;
  const done = rows[0].hour === null ? 0 : Math.floor((rows[0].hour * 3_600_000 - from) / SLICE_MS) + 1;
  for (let slice = done; slice < SLICES; slice++) await fillSlice(database, { start: from + slice * SLICE_MS, slice, trades });
  // as if one run had stored the ticks
  await database.query(`update instrument_state set version = 1, next_seq = ${SLICES} * 10000000::bigint`);
  for (const table of [...(await partitionNames(database)), 'tick_hours']) await database.query(`vacuum (analyze) ${table}`);
  await database.query('analyze');
  return from;
}

/** The symbols and their markets, a quarter of which live through all days and the others for 20 to 80 of them. */
async function fillMarkets(database: Database, { from, pointed }: { readonly from: number; readonly pointed: number }): Promise<void> {
  const to = from + DAYS * DAY_MS;
  const life = `case when n % 4 = 0 or n < ${pointed} then ${from} else ${from} + (n * 7919 % ${DAYS - 20}) * ${DAY_MS}::bigint end as opens,
    case when n % 4 = 0 or n < ${pointed} then ${to} else least(${to}, ${from} + (n * 7919 % ${DAYS - 20} + 20 + n * 31 % 60) * ${DAY_MS}::bigint) end as closes`;
  const facts = `jsonb_build_object('id', source || ':' || n, 'source', source, 'market', 'probability', 'title', 'Will number ' || n || ' happen?',
    'outcomes', '["Yes", "No"]'::jsonb, 'outcomeIds', jsonb_build_array(n || '1', n || '2'), 'opensAt', opens, 'closesAt', closes, 'closed', closes < ${to},
    'resolution', '{"kind": "open"}'::jsonb, 'fees', null, 'tickSize', 0.001, 'twins', '[]'::jsonb, 'book', null, 'reference', 'market-' || n, 'points', n < ${pointed})`;
  for (const statement of [
    `insert into instruments (id, source, facts) select source || ':' || n, source, ${facts}
     from (select n, case when n % 3 = 2 then 'kalshi' else 'polymarket' end as source, ${life} from generate_series(0, ${MARKETS - 1}) n) m order by n`,
    `insert into symbol_instruments select 'TICKS_' || (key - 1) % ${SYMBOLS}, key from instruments`,
    'insert into instrument_state (instrument) select key from instruments',
    `insert into coverage (instrument, kind, ranges, looked) select key, k, int8multirange(int8range((facts->>'opensAt')::bigint, (facts->>'closesAt')::bigint)), ${to}
     from instruments, generate_series(0, 1) k`,
    `insert into symbols (symbol, title, sources) select symbol, 'Ticks of ' || symbol, jsonb_object_agg(source, markets) from (
       select s.symbol, i.source, jsonb_agg(jsonb_build_object('slug', i.facts->>'reference')) as markets
       from symbol_instruments s join instruments i on i.key = s.instrument group by 1, 2) m group by 1`,
  ])
    await database.query(statement);
}

/** The ticks of four hours, and their numbers by hour, in one transaction. Polymarket's trades are named by a hash, Kalshi's by a UUID. */
async function fillSlice(
  database: Database,
  { start, slice, trades }: { readonly start: number; readonly slice: number; readonly trades: number },
): Promise<void> {
  const month = new Date(start).toISOString().slice(0, 7).replace('-', '_');
  await database.query(
    `with alive as (
       select *, weight / sum(weight) over () as share from (
         select key, source, (facts->>'points')::boolean as points, power(10 + key * 37 % ${MARKETS}, -0.8) as weight from instruments
         where (facts->>'opensAt')::bigint <= $1::bigint and (facts->>'closesAt')::bigint > $1::bigint order by key) a),
     stored as (
       insert into ticks_${month} (time, seq, price, size, instrument, kind, side, identity, outcome, trade_id, grain)
       select $1::bigint + t.ms, $2::bigint * 10000000 + t.seq, round((0.1 + 0.8 * random())::numeric, 3)::float8, t.size, key, t.kind, t.side,
         t.identity, t.outcome, t.trade_id, t.grain
       from alive cross join lateral (
         select (g - 1) * 60000 as ms, g as seq, null::float8 as size, 1 as kind, null::int as side, 'point' as identity, null as outcome, null as trade_id, 60 as grain
         from generate_series(1, case when points then ${SLICE_MS / 60_000} else 0 end) g
         union all
         select floor(random() * ${SLICE_MS})::bigint, 1000 + g, round((1 + 500 * random())::numeric, 2)::float8, 0, g % 2,
           case source when 'kalshi' then h::uuid::text else '1:' || left(encode(decode(h, 'hex'), 'base64'), 16) end,
           case when g % 3 = 0 then 'No' else 'Yes' end, case source when 'kalshi' then h::uuid::text end, null
         from generate_series(1, floor($3::float8 * share + random())::int) g cross join lateral (select md5(key || ' ' || $2::bigint || ' ' || g)) as x(h)) t
       returning instrument, kind, time)
     insert into tick_hours select instrument, kind, time / 3600000, count(*), 1 from stored group by 1, 2, 3`,
    [start, slice, trades],
  );
}
