import type { Instrument } from '../../../contracts/market-data.ts';
import type { RunWindow } from '../../../contracts/run/run-window.ts';
import type { StageInput } from '../../../contracts/task/stage-report.ts';
import type { SourceType } from '../../../contracts/words.ts';
import { isFinal } from '../../../sources/catalogue/market-life.ts';
import type { Discovery } from '../../../sources/source.ts';
import { seenUntil } from '../../../sources/walk/trade-walk.ts';
import type { Database, Transaction } from '../../../storage/database/database.ts';
import type { StoredInstrument } from '../../../storage/markets/instruments.ts';
import { extendQuiet, listingsOf, noteWalked, type QuietMember, quietMembers, shardMembers } from '../../../storage/markets/universes.ts';
import type { InstrumentOutcome } from './collect-instrument.ts';

/** A market whose stated totals have not changed, and the time `to` until which this shows that it had no trade. */
type Quiet = QuietMember & { readonly to: number };

/** What the listing of a universe says about the markets of one shard. */
export interface ShardListing {
  /** The markets to collect by source, as a discovery would return them. */
  readonly listed: ReadonlyMap<SourceType, Discovery>;
  readonly quiet: readonly Quiet[];
  /** Earliest time at which one of the listings saw its venue; UTC epoch milliseconds. */
  readonly seen: number;
  readonly members: number;
  /** Number of markets of the whole universe that need a walk, estimated from the listings. */
  readonly worth: number;
}

/** Adds to a quiet market the time `to` until which its listing shows no trade, and the time `seen` at which the listing saw the venue. */
export function quietUntil(
  member: QuietMember,
  {
    listings,
    asOf,
    to,
    lateness,
  }: {
    readonly listings: ReadonlyMap<SourceType, { readonly startedAt: number }>;
    readonly asOf: number;
    readonly to: number;
    readonly lateness: number;
  },
): Quiet & { readonly seen: number } {
  const seen = seenUntil({ asOf, clock: listings.get(member.source)?.startedAt ?? 0 });
  return { ...member, seen, to: Math.min(to, seen - lateness) };
}

interface ShardQuestion {
  readonly database: Database;
  readonly universe: string;
  readonly input: StageInput;
  readonly known: readonly StoredInstrument[];
  readonly window: RunWindow;
  readonly sourceTypes: readonly SourceType[];
  readonly lateness: (instrument: { readonly id: string; readonly source: SourceType }) => number;
  /** Whether to walk a market although it is quiet, as a sample. */
  readonly isSampled: (instrument: { readonly id: string }) => boolean;
}

/** Divides the members of a shard, as last listed, into those to collect and those that are quiet. */
export async function shardListing({
  database,
  universe,
  input,
  known,
  window,
  sourceTypes,
  lateness,
  isSampled,
}: ShardQuestion): Promise<ShardListing> {
  const { symbol, settings } = input;
  const { asOf, refetch } = settings;
  const members = await shardMembers(database, symbol, { asOf, sourceTypes });
  const listings = new Map((await listingsOf(database, universe, asOf)).map((listing) => [listing.source, listing]));
  const seenOf = (source: SourceType): number => seenUntil({ asOf, clock: listings.get(source)?.startedAt ?? 0 });
  const found = refetch ? [] : await quietMembers(database, symbol, window.from);
  const quiet = found
    .filter((each) => listings.has(each.source) && !isSampled(each))
    .map((each) => quietUntil(each, { listings, asOf, to: window.to, lateness: lateness(each) }));
  const isQuiet = new Set(quiet.map(({ id }) => id));
  const stored = new Map(known.map(({ key: _, ...instrument }) => [instrument.id, instrument]));
  // a settled market keeps its stored facts, as it does in a discovery
  const current = (listed: Instrument): Instrument => {
    const before = stored.get(listed.id);
    return before !== undefined && isFinal(before) ? before : listed;
  };
  const worth = [...listings.values()].reduce((sum, { moved, markets }) => sum + (moved > 0 ? moved : markets), 0);
  const listed = sourceTypes.map((type): [SourceType, Discovery] => {
    const instruments = members.filter(({ id, source }) => source === type && !isQuiet.has(id)).map(current);
    return [type, { instruments, problems: [], requests: 0, clock: listings.get(type)?.endedAt ?? asOf }];
  });
  return { listed: new Map(listed), quiet, seen: Math.min(...sourceTypes.map(seenOf)), members: members.length, worth };
}

/** Stores the inferred coverage of a shard's quiet markets, and the walks after which other markets may become quiet. */
export async function saveShard(
  transaction: Transaction,
  shard: string,
  { quiet, seen, listed }: ShardListing,
  { outcomes, to }: { readonly outcomes: ReadonlyMap<string, InstrumentOutcome>; readonly to: number },
): Promise<void> {
  await extendQuiet(transaction, quiet, seen);
  const walked = [...outcomes.values()].flatMap(({ instrument: { id, source }, walked: seen }) => {
    if (seen === undefined || seen.looked === null || (seen.newest !== null && seen.newest > to)) return [];
    return [{ id, at: listed.get(source)?.clock ?? 0, looked: seen.looked }];
  });
  await noteWalked(transaction, shard, walked);
}
