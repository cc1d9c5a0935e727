import { groupedBy } from '../../contracts/grouped-by.ts';
import type { Instrument, Resolution, TickColumns } from '../../contracts/market-data.ts';
import { DAY_MS, type Interval, TICK_KINDS, type TickKind } from '../../contracts/words.ts';
import { complementReport } from '../../market/integrity/complement.ts';
import { type GroupMember, type GroupReport, groupReport } from '../../market/integrity/group-sum.ts';
import { type CandleFilter, readCandles } from '../candles/candles.ts';
import { intervalOf, kindCode, tickKindOf } from '../database/codes.ts';
import type { Queryable } from '../database/database.ts';
import { ACCEPTED_TWINS } from '../markets/twins.ts';
import type { DataWarning } from './unusual-quiet.ts';

/** Minimum number of times at which all members of a group have a price; a group with fewer is not judged. */
const ENOUGH_TIMES = 10;
/** Time before a group's newest candle that is checked, in milliseconds, so that old mistakes that were fixed are not reported. */
const RECENT = 30 * DAY_MS;

interface GroupFindings {
  readonly warnings: readonly DataWarning[];
  /** One sentence for each group that is collected only in part, so that a sum of prices below 1 is expected. */
  readonly notes: readonly string[];
}

interface MemberRow {
  readonly group_id: string;
  readonly key: number;
  readonly facts: Instrument;
  readonly symbols: readonly string[] | null;
  readonly series: readonly { readonly kind: number; readonly minutes: number; readonly newest: number }[] | null;
}

/**
 * Checks every group of markets of which exactly one wins: closes of the shortest candles that all members have should add up to about 1. A
 * group whose closes add up at most times, or that rarely has all prices, is not reported.
 */
export async function suspiciousGroups(queryable: Queryable): Promise<GroupFindings> {
  const { rows } = await queryable.query<MemberRow>(
    `select i.facts->'group'->>'id' as group_id, i.key, i.facts,
       (select array_agg(s.symbol order by s.symbol) from symbol_instruments s where s.instrument = i.key) as symbols,
       (select json_agg(json_build_object('kind', c.kind, 'minutes', c.interval_minutes, 'newest', n.newest))
        from candle_series c cross join lateral (select max(open_time) as newest from candles a
          where a.instrument = c.instrument and a.kind = c.kind and a.interval_minutes = c.interval_minutes) n
        where c.instrument = i.key and n.newest is not null) as series
     from instruments i where i.facts ? 'group' order by 1, i.key`,
  );
  const warnings: DataWarning[] = [];
  const notes: string[] = [];
  for (const members of groupedBy(rows, (row) => row.group_id).values()) {
    const series = sharedSeries(members);
    if (series === undefined) continue;
    const priced = members.filter((member) => settledOf(member.facts) !== null || hasSeries(member, series));
    const report = groupReport(await Promise.all(priced.map((member) => memberOf(queryable, member, series))));
    if (report.times < ENOUGH_TIMES || report.verdict === 'near 1') continue;
    const group = { members, priced: priced.length, listed: listedIn(members), series, report };
    if (report.verdict === 'below' && !isWhole(group)) notes.push(partOf(group));
    else warnings.push(contradiction(group));
  }
  return { warnings, notes };
}

interface Series {
  readonly priceType: TickKind;
  readonly interval: Interval;
  readonly from: number;
}

/** Shortest candles of the kind of tick that most members (at least two) have. If equal, of price points, taken at one moment. */
function sharedSeries(members: readonly MemberRow[]): Series | undefined {
  const have = (kind: TickKind): readonly MemberRow[] => members.filter((member) => seriesOf(member, kind).length > 0);
  const [priceType] = TICK_KINDS.toReversed().toSorted((a, b) => have(b).length - have(a).length);
  const sharing = have(priceType);
  const shared = seriesOf(sharing[0], priceType)
    .map(({ minutes }) => minutes)
    .filter((minutes) => sharing.every((member) => seriesOf(member, priceType).some((each) => each.minutes === minutes)));
  if (sharing.length < 2 || shared.length === 0) return undefined;
  const newest = Math.max(...sharing.flatMap((member) => seriesOf(member, priceType).map((each) => each.newest)));
  return { priceType, interval: intervalOf(Math.min(...shared)), from: newest - RECENT };
}

const seriesOf = (member: MemberRow | undefined, kind: TickKind) => (member?.series ?? []).filter((each) => each.kind === kindCode(kind));

const hasSeries = (member: MemberRow, { priceType }: Series): boolean => seriesOf(member, priceType).length > 0;

async function memberOf(queryable: Queryable, member: MemberRow, series: Series): Promise<GroupMember> {
  const prices = hasSeries(member, series) ? await readCloses(queryable, { instrumentKey: member.key, ...series }) : NO_PRICES;
  return { prices, settled: settledOf(member.facts) };
}

const NO_PRICES: TickColumns = {
  length: 0,
  time: new Float64Array(),
  price: new Float64Array(),
  size: new Float64Array(),
  buy: new Uint8Array(),
};

function settledOf({ resolution, closesAt }: { resolution: Resolution; closesAt: number | null }): GroupMember['settled'] {
  if (resolution.kind !== 'settled') return null;
  const at = resolution.at ?? closesAt;
  return at === null ? null : { at, payout: resolution.payout };
}

/** Number of markets that the venue lists in the group; null where no member's facts state it. */
function listedIn(members: readonly MemberRow[]): number | null {
  const known = members.flatMap(({ facts }) => facts.group?.markets ?? []);
  return known.length === 0 ? null : Math.max(...known);
}

interface LookedAt {
  readonly members: readonly MemberRow[];
  /** Members that have prices or are settled. */
  readonly priced: number;
  readonly listed: number | null;
  readonly series: Series;
  readonly report: GroupReport;
}

const isWhole = ({ priced, listed }: LookedAt): boolean => listed !== null && priced >= listed;

function contradiction(group: LookedAt): DataWarning {
  const { members, priced, report } = group;
  const high = report.verdict === 'above';
  const meaning = high
    ? 'probably one of them has its outcomes the wrong way round'
    : 'probably one of them has its outcomes the wrong way round, or the venue does not list one that can win';
  const times = `${high ? 'more' : 'less'} than 1 at ${high ? report.above : report.below} of ${report.times} times`;
  return {
    detail: `${symbolsOf(members)}: ${priced} markets of which only one can win add up to ${meanOf(report)} on average, ${times} (${seriesName(group)}): ${meaning}`,
    action: 'compare the rules and outcomes of these markets at their venue',
  };
}

function partOf(group: LookedAt): string {
  const { members, priced, listed, report } = group;
  const others = listed === null || members.length < listed ? `; a selector of their whole event or category brings the others` : '';
  const of = listed === null ? '' : `of the ${listed} `;
  return `${symbolsOf(members)}: only ${priced} ${of}markets of which one will win have prices here, and add up to ${meanOf(report)} on average (${seriesName(group)}), as a part of them may${others}`;
}

const symbolsOf = (members: readonly MemberRow[]): string => [...new Set(members.flatMap(({ symbols }) => symbols ?? []))].join(', ');

const meanOf = ({ meanSum }: GroupReport): string => (meanSum ?? Number.NaN).toFixed(2);

const seriesName = ({ members, series }: LookedAt): string =>
  `${series.interval} ${series.priceType === 'trade' ? 'trades' : 'price points'}, group ${members[0].group_id}`;

/** Minimum number of times at which both twins have a price; a pair with fewer is not judged. */
const ENOUGH_PAIRS = 10;

interface TwinRow {
  readonly key: number;
  readonly id: string;
  readonly twin_key: number;
  readonly twin: string;
  readonly kind: number;
  readonly minutes: number;
}

/**
 * Compares the same market at two venues by the shortest candles that both have: prices that add up to 1 instead of being equal mean that
 * one venue's outcomes are reversed. Returns a warning per suspicious pair.
 */
export async function suspiciousTwins(queryable: Queryable): Promise<readonly DataWarning[]> {
  const { rows } = await queryable.query<TwinRow>(
    `with accepted as (${ACCEPTED_TWINS}), named as (
       select i.id, x.twin from instruments i cross join lateral jsonb_array_elements_text(i.facts->'twins') as x(twin)
       union select pair->>0, pair->>1 from accepted)
     select i.key, i.id, t.key as twin_key, t.id as twin, s.kind, min(s.interval_minutes)::int as minutes
     from named n join instruments i on i.id = n.id join instruments t on t.id = n.twin
     join candle_series s on s.instrument = i.key
     join candle_series o on o.instrument = t.key and o.kind = s.kind and o.interval_minutes = s.interval_minutes
     where i.id < t.id or not exists (select from named r where r.id = t.id and r.twin = i.id) group by 1, 2, 3, 4, 5 order by i.id, t.id, s.kind`,
  );
  const found: DataWarning[] = [];
  for (const { key, id, twin_key, twin, kind, minutes } of rows) {
    const series = { priceType: tickKindOf(kind), interval: intervalOf(minutes) };
    const [first, second] = await Promise.all([key, twin_key].map((instrumentKey) => readCloses(queryable, { instrumentKey, ...series })));
    const report = complementReport(first, second);
    if (report.polarity !== 'complement' || report.pairs < ENOUGH_PAIRS) continue;
    found.push({
      detail: `${id} and its twin ${twin} add up to 1 (${series.priceType}s, ${report.pairs} times): their outcomes are probably the wrong way round`,
      action: 'compare the rules of the two markets',
    });
  }
  return found;
}

/** Reads the closes of a series of candles as prices at their open times, oldest first. */
async function readCloses(queryable: Queryable, filter: CandleFilter): Promise<TickColumns> {
  const candles = await readCandles(queryable, filter);
  return {
    length: candles.length,
    time: candles.openTime,
    price: candles.close,
    size: candles.volume,
    buy: new Uint8Array(candles.length),
  };
}
