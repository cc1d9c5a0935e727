import { badInput } from '../../contracts/errors.ts';
import type { Instrument } from '../../contracts/market-data.ts';
import type { SourceType } from '../../contracts/words.ts';
import { jsonb } from '../database/codes.ts';
import type { Queryable, Transaction } from '../database/database.ts';
import { lockInstruments } from './instrument-lock.ts';
import { keysOf } from './instruments.ts';

/** A member of a universe as of the last listing, with a hash of the venue's facts instead of the facts. */
export interface KnownMember {
  readonly instrument: string;
  readonly source: SourceType;
  readonly shard: string;
  readonly event: string;
  /** Hash of the venue's facts. */
  readonly print: string;
  /** The volume that the venue states; null where it states none. */
  readonly volume: number | null;
  /** Whether the market has ended with a result that is stored. */
  readonly settled: boolean;
}

/** The members of a universe that have not ended, by instrument id. */
export async function knownMembers(queryable: Queryable, universe: string): Promise<ReadonlyMap<string, KnownMember>> {
  const { rows } = await queryable.query<KnownMember>(
    `select m.instrument, m.source, m.shard, m.event, m.print, (m.listed->'stated'->>'volume')::float8 as volume,
       coalesce((i.facts->>'closed')::boolean and i.facts->'resolution'->>'kind' = 'settled' and i.facts ? 'closedAt', false) as settled
     from universe_members m left join instruments i on i.id = m.instrument where m.universe = $1 and m.until is null`,
    [universe],
  );
  return new Map(rows.map((row) => [row.instrument, row]));
}

/** Names of the shards of a universe, in order. */
export async function shardsOf(queryable: Queryable, universe: string): Promise<readonly string[]> {
  const { rows } = await queryable.query<{ symbol: string }>('select symbol from symbols where universe = $1 order by symbol collate "C"', [
    universe,
  ]);
  return rows.map(({ symbol }) => symbol);
}

/** Creates the shards of a universe that do not exist yet. @throws PredictLabError BadInput where a symbol has the name of one */
export async function createShards(queryable: Queryable, universe: string, names: readonly string[]): Promise<void> {
  await queryable.query(
    `insert into symbols (symbol, title, kind, universe, enabled, priority) select name, $1 || ', part ' || n, 'shard', $1, u.enabled, u.priority
     from unnest($2::text[]) with ordinality as x(name, n) join symbols u on u.symbol = $1 on conflict do nothing`,
    [universe, names],
  );
  const { rows } = await queryable.query<{ symbol: string }>(
    'select symbol from symbols where symbol = any($2) and universe is distinct from $1 order by symbol limit 1',
    [universe, names],
  );
  if (rows.length > 0)
    throw badInput(`${rows[0].symbol} is a symbol of the catalogue, and ${universe} needs this name for a shard; rename the symbol`);
}

/** A market whose facts a listing changed, or that joins the universe. */
export interface ChangedMember {
  readonly instrument: Instrument;
  readonly shard: string;
  readonly event: string;
  readonly print: string;
}

/** Facts whose first appearance is news of a market's trades or end. Any other fact that is stated for the first time is no reason to walk. */
const FACTS_OF_TRADING = ['stated', 'endsAt', 'closedAt', 'settlement'];

/**
 * Stores the members that a page of a listing adds or changes. A member has not moved if the page only adds facts that were unknown before,
 * as the first listing of a newer version does for all members.
 * @param at the venue's clock @param asOf time at which new members join
 */
export async function saveMembers(
  queryable: Queryable,
  universe: string,
  { members, at, asOf }: { readonly members: readonly ChangedMember[]; readonly at: number; readonly asOf: number },
): Promise<void> {
  if (members.length === 0) return;
  await queryable.query(
    `insert into universe_members (universe, instrument, source, shard, event, since, listed, print, moved_at)
     select $1, m->'instrument'->>'id', m->'instrument'->>'source', m->>'shard', m->>'event', $3, m->'instrument', m->>'print', $4
     from jsonb_array_elements($2::jsonb) as m order by 2
     on conflict (universe, instrument) do update set listed = excluded.listed, print = excluded.print,
       moved_at = case when universe_members.until is null
         and not exists (select from jsonb_each(universe_members.listed) as before(fact, value)
           where case fact when 'stated' then (value - 'at') is distinct from (excluded.listed->fact) - 'at' else value is distinct from excluded.listed->fact end)
         and not exists (select from unnest($5::text[]) as fact where excluded.listed ? fact and not universe_members.listed ? fact)
         then universe_members.moved_at else excluded.moved_at end,
       since = case when universe_members.until is null then universe_members.since else excluded.since end, until = null`,
    [universe, jsonb(members), Math.floor(asOf), Math.floor(at), FACTS_OF_TRADING],
  );
}

/** Marks members about which their venue gave no answer, so that they do not count as quiet. @param at the venue's clock */
export async function touchMembers(queryable: Queryable, universe: string, instruments: readonly string[], at: number): Promise<void> {
  if (instruments.length > 0)
    await queryable.query('update universe_members set moved_at = $3 where universe = $1 and instrument = any($2)', [
      universe,
      instruments,
      Math.floor(at),
    ]);
}

/** Ends the membership of markets whose result is confirmed and whose last trades were collected after that. @returns their number */
export async function endMembers(queryable: Queryable, universe: string, asOf: number): Promise<number> {
  const { rowCount } = await queryable.query(
    `update universe_members m set until = $2 from instruments i join coverage c on c.instrument = i.key and c.kind = 0
     where m.universe = $1 and m.until is null and i.id = m.instrument and c.looked >= (i.facts->>'confirmedAt')::float8`,
    [universe, Math.floor(asOf)],
  );
  return rowCount ?? 0;
}

/** One listing of a universe at one venue. */
export interface UniverseListing {
  readonly source: SourceType;
  /** UTC epoch milliseconds; `startedAt` and `endedAt` by the venue's clock. */
  readonly asOf: number;
  readonly startedAt: number;
  readonly endedAt: number;
  readonly markets: number;
  readonly added: number;
  /** Number of known members whose stated volume differs from that at the previous listing. */
  readonly moved: number;
  readonly requests: number;
}

/** Records a listing. The numbers of a second listing as of the same time are added to those of the first. */
export async function recordListing(queryable: Queryable, universe: string, listing: UniverseListing): Promise<void> {
  const { source, asOf, startedAt, endedAt, markets, added, moved, requests } = listing;
  await queryable.query(
    `insert into universe_listings (universe, source, as_of, started_at, ended_at, markets, added, moved, requests)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
     on conflict (universe, source, as_of) do update set started_at = excluded.started_at, ended_at = excluded.ended_at,
       markets = excluded.markets, added = universe_listings.added + excluded.added, moved = universe_listings.moved + excluded.moved,
        requests = universe_listings.requests + excluded.requests`,
    [universe, source, Math.floor(asOf), Math.floor(startedAt), Math.floor(endedAt), markets, added, moved, requests],
  );
}

/** The last listing of each venue as of a time, the newest first. */
export async function listingsOf(queryable: Queryable, universe: string, asOf: number): Promise<readonly UniverseListing[]> {
  const { rows } = await queryable.query<UniverseListing>(
    `select distinct on (source) source, as_of as "asOf", started_at as "startedAt", ended_at as "endedAt", markets, added, moved, requests
     from universe_listings where universe = $1 and as_of <= $2 order by source, as_of desc`,
    [universe, Math.floor(asOf)],
  );
  return rows;
}

/** The members of a shard as of a time, with the facts of the last listing. */
export async function shardMembers(
  queryable: Queryable,
  shard: string,
  { asOf, sourceTypes }: { readonly asOf: number; readonly sourceTypes: readonly SourceType[] },
): Promise<readonly Instrument[]> {
  const { rows } = await queryable.query<{ listed: Instrument }>(
    `select listed from universe_members where shard = $1 and since <= $2 and (until is null or until > $2) and source = any($3) order by instrument`,
    [shard, Math.floor(asOf), sourceTypes],
  );
  return rows.map(({ listed }) => listed);
}

/** A market whose stated totals have not changed since the listing before its last walk. */
export interface QuietMember {
  readonly key: number;
  readonly id: string;
  readonly source: SourceType;
  /** End of its covered time; UTC epoch milliseconds. */
  readonly coveredTo: number;
}

/** Longest time from the end of coverage to the last look for which a market can be quiet; a longer one is a gap, which a walk fills. */
const MAX_TAIL_MS = 86_400_000;

/**
 * The open members of a shard whose stated totals have not moved since a stored walk, and whose covered time has no hole from the window's
 * start on. Members without a stated total, and those whose trades contradict it, are never quiet; nor is any member of a venue whose
 * totals have never moved, since they may count nothing.
 */
export async function quietMembers(queryable: Queryable, shard: string, from: number): Promise<readonly QuietMember[]> {
  const { rows } = await queryable.query<QuietMember>(
    `select i.key, i.id, i.source, upper(c.ranges) as "coveredTo"
     from universe_members m join instruments i on i.id = m.instrument join coverage c on c.instrument = i.key and c.kind = 0
     cross join lateral (select greatest($2::bigint, coalesce((i.facts->>'opensAt')::float8::bigint, $2)) as "from") w
     where m.shard = $1 and m.until is null and m.walked_at >= m.moved_at and c.looked >= m.walked_to
       and not (m.listed->>'closed')::boolean and not (i.facts->>'closed')::boolean
       and upper(c.ranges) > w."from" and c.ranges @> int8range(w."from", upper(c.ranges)) and c.looked - upper(c.ranges) <= ${MAX_TAIL_MS}
       and not exists (select from coverage_doubts d where d.instrument = i.key)
       and exists (select from universe_listings l where l.universe = m.universe and l.source = m.source and l.moved > 0)
     order by i.key`,
    [shard, Math.floor(from)],
  );
  return rows;
}

/**
 * Extends the coverage of quiet members, with the evidence `inferred`, unless that coverage has changed in the meantime.
 * @param seen time at which the listing saw the venue
 */
export async function extendQuiet(
  transaction: Transaction,
  quiet: readonly (QuietMember & { readonly to: number })[],
  seen: number,
): Promise<void> {
  const further = quiet.filter(({ to, coveredTo }) => to > coveredTo);
  if (further.length === 0) return;
  await lockInstruments(transaction, keysOf(further));
  await transaction.query(
    `update coverage c set ranges = c.ranges + int8multirange(int8range(q.covered, q.upto)),
       inferred = c.inferred + int8multirange(int8range(q.covered, q.upto)), looked = greatest(c.looked, $4)
     from unnest($1::int[], $2::bigint[], $3::bigint[]) as q(instrument, covered, upto)
     where c.instrument = q.instrument and c.kind = 0 and upper(c.ranges) = q.covered`,
    [further.map(({ key }) => key), further.map(({ coveredTo }) => coveredTo), further.map(({ to }) => Math.floor(to)), Math.floor(seen)],
  );
}

/** Records walks, with the time `at` of the listing before them. From then on a market is quiet until its stated totals change. */
export async function noteWalked(
  queryable: Queryable,
  shard: string,
  walked: readonly { readonly id: string; readonly at: number; readonly looked: number }[],
): Promise<void> {
  if (walked.length === 0) return;
  await queryable.query(
    `update universe_members m set walked_at = w.at, walked_to = w.looked from unnest($2::text[], $3::bigint[], $4::bigint[]) as w(id, at, looked)
     where m.shard = $1 and m.instrument = w.id and jsonb_typeof(m.listed->'stated'->'volume') = 'number'`,
    [shard, walked.map(({ id }) => id), walked.map(({ at }) => Math.floor(at)), walked.map(({ looked }) => Math.floor(looked))],
  );
}

/** Numbers of members of a universe as of a time, by shard. */
export interface UniverseCounts {
  readonly members: number;
  /** Members that have ended by that time. */
  readonly ended: number;
  readonly shards: readonly { readonly shard: string; readonly members: number; readonly open: number; readonly quiet: number }[];
}

/** Counts the members of a universe as of a time. */
export async function universeCounts(queryable: Queryable, universe: string, asOf: number): Promise<UniverseCounts> {
  const { rows } = await queryable.query<{ shard: string; members: number; open: number; quiet: number; ended: number }>(
    `select shard, count(*) filter (where until is null or until > $2)::int as members, count(*) filter (where until <= $2)::int as ended,
       count(*) filter (where (until is null or until > $2) and not (listed->>'closed')::boolean)::int as open,
       count(*) filter (where until is null and walked_at >= moved_at)::int as quiet
     from universe_members where universe = $1 and since <= $2 group by shard order by shard collate "C"`,
    [universe, Math.floor(asOf)],
  );
  const sum = (of: 'members' | 'ended'): number => rows.reduce((total, row) => total + row[of], 0);
  return { members: sum('members'), ended: sum('ended'), shards: rows.map(({ ended: _, ...shard }) => shard) };
}

/** A member as pages and the command line show it. */
export interface MemberRow {
  readonly instrument: string;
  readonly shard: string;
  readonly event: string;
  readonly since: number;
  readonly until: number | null;
  readonly closed: boolean;
  readonly volume: number | null;
  readonly title: string;
}

/** Members of a universe that have not ended by a time, those with the largest volume first. @param limit null for all */
export async function universeMembers(
  queryable: Queryable,
  universe: string,
  { asOf, limit }: { readonly asOf: number; readonly limit: number | null },
): Promise<readonly MemberRow[]> {
  const { rows } = await queryable.query<MemberRow>(
    `select instrument, shard, event, since, until, (listed->>'closed')::boolean as closed, (listed->'stated'->>'volume')::float8 as volume,
       listed->>'title' as title
     from universe_members where universe = $1 and since <= $2 and (until is null or until > $2)
     order by volume desc nulls last, instrument limit $3`,
    [universe, Math.floor(asOf), limit],
  );
  return rows;
}

/** Members of all universes whose title contains a text in any letter case, those with the largest volume first. */
export async function findMembers(
  queryable: Queryable,
  text: string,
  limit: number,
): Promise<readonly Pick<MemberRow, 'instrument' | 'event' | 'title'>[]> {
  const { rows } = await queryable.query<Pick<MemberRow, 'instrument' | 'event' | 'title'>>(
    `select m.instrument, m.event, m.listed->>'title' as title, (m.listed->'stated'->>'volume')::float8 as volume
     from universe_members m where m.until is null and strpos(lower(m.listed->>'title'), lower($1)) > 0
     order by volume desc nulls last, m.instrument limit $2`,
    [text, limit],
  );
  return rows.map(({ instrument, event, title }) => ({ instrument, event, title }));
}
