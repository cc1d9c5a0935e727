import { hash } from 'node:crypto';
import { Context } from '@temporalio/activity';
import { messageOf, PredictLabError } from '../../contracts/errors.ts';
import type { Log } from '../../contracts/log.ts';
import type { Instrument } from '../../contracts/market-data.ts';
import { PRESENT_MS, windowOf } from '../../contracts/run/run-window.ts';
import type { SourceSet } from '../../sources/create-sources.ts';
import type { ListedPage, Source } from '../../sources/source.ts';
import type { Database } from '../../storage/database/database.ts';
import { isDatabaseFailure } from '../../storage/database/storage-error.ts';
import { type NamedEntry, symbolsByName } from '../../storage/markets/catalogue.ts';
import {
  type ChangedMember,
  createShards,
  endMembers,
  type KnownMember,
  knownMembers,
  recordListing,
  saveMembers,
  shardsOf,
  touchMembers,
} from '../../storage/markets/universes.ts';
import type { ExpandCall, ExpandedUniverse } from '../registry.ts';

export interface ExpandDependencies {
  readonly database: Database;
  readonly sources: Pick<SourceSet, 'byType'>;
  readonly log: Log;
}

/** Number of markets of a shard. */
export const SHARD_MARKETS = 500;
/** Average number of markets per shard above which new events go to more shards. */
const CROWDED_MARKETS = 750;
/** Share of the members that a listing may leave out, or state a lower volume of than before, until the run reports it. */
const FEW = 0.01;
/** Number of problems with single markets that are named. */
const PROBLEMS_NAMED = 5;
/** Number of members that left the listing and are looked up together, in one discovery. */
const LOOKED_UP_AT_ONCE = 600;

/** Creates the activity that lists the markets of universes and stores who their members are, at the start of a run. */
export function createExpandUniverses({ database, sources, log }: ExpandDependencies) {
  return async ({ universes, asOf }: ExpandCall): Promise<readonly ExpandedUniverse[]> => {
    const { cancellationSignal: signal, heartbeat } = Context.current();
    const expanded: ExpandedUniverse[] = [];
    const entries = await symbolsByName(database, universes);
    for (const universe of universes) {
      const entry = entries.get(universe);
      if (entry === undefined) continue;
      const beat = (markets: number): void => heartbeat({ universe, markets });
      expanded.push(await expandUniverse({ database, sources, entry, asOf, signal, onPage: beat }));
      const { members, added, ended, requests, problems } = expanded[expanded.length - 1];
      log.info(`${universe}: ${members} members, ${added} added, ${ended} ended`, { requests });
      for (const problem of problems) log.warn(`${universe}: ${problem}`);
    }
    return expanded;
  };
}

interface Expansion {
  readonly database: Database;
  readonly sources: ExpandDependencies['sources'];
  readonly entry: NamedEntry;
  readonly asOf: number;
  readonly signal: AbortSignal;
  readonly onPage?: (markets: number) => void;
}

/**
 * Lists a universe's markets at each of its venues and stores what changed. Members that left the listing are looked up one by one, so
 * that their end is collected. A venue that fails leaves its members as they were. A run about the past lists nothing: the venues only
 * show the present.
 */
export async function expandUniverse(request: Expansion): Promise<ExpandedUniverse> {
  const { database, sources, entry, asOf, signal } = request;
  const universe = entry.symbol;
  const members = new Members(universe, await knownMembers(database, universe), await shardsOf(database, universe));
  const problems: string[] = [];
  let [added, requests] = [0, 0];
  for (const [type, rules] of Object.entries(entry.sources)) {
    const available = sources.byType[type];
    if (available === undefined || 'skipped' in available || available.source.list === undefined) {
      problems.push(available !== undefined && 'skipped' in available ? available.skipped : `${type} cannot list its markets`);
      continue;
    }
    try {
      const listed = await listVenue({ ...request, members, rules, source: available.source });
      added += listed.added;
      requests += listed.requests;
      if (listed.missing > 0) problems.push(`${listed.missing} of its members at ${type} are neither listed nor found by their ids`);
      const few = FEW * members.of(type).length;
      if (listed.fallen.length > few)
        problems.push(
          `${type} states lower volumes than before of ${listed.fallen.length} markets, such as ${listed.fallen[0]}: their trades are read as if they had traded`,
        );
      if (listed.leftOut.length > few)
        problems.push(
          `${type} left ${listed.leftOut.length} open markets out of its listing, such as ${listed.leftOut[0]}, which were found by their ids; it may have left out new markets too, which join at the next complete listing`,
        );
      const { unreadable } = listed;
      problems.push(...unreadable.slice(0, PROBLEMS_NAMED));
      if (unreadable.length > PROBLEMS_NAMED) problems.push(`${unreadable.length - PROBLEMS_NAMED} more markets of ${type} cannot be read`);
    } catch (error) {
      if (signal.aborted || isDatabaseFailure(error)) throw error;
      const described = available.source.describe(error);
      if (members.size === 0) throw described;
      problems.push(`its markets at ${type} could not be listed, the members of the last run are used: ${messageOf(described)}`);
    }
  }
  await createShards(database, universe, members.shards());
  const ended = await endMembers(database, universe, asOf);
  return { universe, members: members.size - ended, shards: members.shards().length, added, ended, requests, problems };
}

interface VenueListing extends Expansion {
  readonly members: Members;
  readonly rules: readonly unknown[];
  readonly source: Source;
}

async function listVenue({ database, entry, asOf, signal, onPage, members, rules, source }: VenueListing) {
  const universe = entry.symbol;
  const seen = new Set<string>();
  const unreadable: string[] = [];
  const fallen: string[] = [];
  let [added, moved, requests, startedAt, endedAt] = [0, 0, 0, Number.POSITIVE_INFINITY, 0];
  const store = async (page: Omit<ListedPage, 'problems'>): Promise<void> => {
    signal.throwIfAborted();
    const changed: ChangedMember[] = [];
    const waiting: Instrument[] = [];
    for (const instrument of page.instruments) {
      if (seen.has(instrument.id)) continue;
      const known = members.get(instrument.id);
      if (known === undefined && !page.matching.has(instrument.id)) continue;
      seen.add(instrument.id);
      if (known === undefined) waiting.push(instrument);
      else if (known.print !== printOf(instrument)) changed.push({ ...known, instrument, print: printOf(instrument) });
      const volume = instrument.stated?.volume ?? null;
      if (known !== undefined && !instrument.closed && known.volume !== volume) moved++;
      if (volume !== null && volume < (known?.volume ?? 0)) fallen.push(instrument.id);
    }
    members.makeRoom(waiting.length);
    changed.push(...waiting.map((instrument) => members.add(instrument)));
    added += waiting.length;
    requests += page.requests;
    startedAt = Math.min(startedAt, page.clock);
    endedAt = Math.max(endedAt, page.clock);
    await saveMembers(database, universe, { members: changed, at: page.clock, asOf });
    onPage?.(seen.size);
  };
  // the number of shards follows from the number of markets, so the first listing is stored after its last page
  const first: ListedPage[] = [];
  const isFirst = members.shards().length === 0;
  for await (const page of source.list?.({ rules, asOf, known: members.ids(), signal }) ?? []) {
    // lists nothing for a run about the past, which uses the members of its time: the venues only show the present
    if (page.clock - asOf > PRESENT_MS) return { added: 0, requests: page.requests, missing: 0, leftOut: [], fallen: [], unreadable };
    unreadable.push(...page.problems);
    if (isFirst) {
      first.push(page);
      onPage?.(first.length);
    } else await store(page);
  }
  members.makeRoom(new Set(first.flatMap(({ matching }) => [...matching].filter((id) => members.get(id) === undefined))).size);
  await createShards(database, universe, members.shards());
  for (const page of first) await store(page);
  const markets = seen.size;
  let missing = 0;
  const leftOut: string[] = [];
  const gone = members.of(source.type).filter(({ instrument, settled }) => !seen.has(instrument) && !settled);
  for (let from = 0; from < gone.length; from += LOOKED_UP_AT_ONCE) {
    const ids = gone.slice(from, from + LOOKED_UP_AT_ONCE).map(({ instrument }) => instrument);
    const found = await lookUp(source, { universe, ids, asOf, signal });
    const there = found.instruments.filter(({ id }) => ids.includes(id));
    await store({ ...found, instruments: there, matching: new Set() });
    leftOut.push(...there.filter(({ closed }) => !closed).map(({ id }) => id));
    const absent = ids.filter((id) => !seen.has(id));
    missing += absent.length;
    await touchMembers(database, universe, absent, Math.max(endedAt, found.clock));
  }
  await recordListing(database, universe, {
    source: source.type,
    asOf,
    startedAt: Number.isFinite(startedAt) ? startedAt : asOf,
    endedAt: endedAt === 0 ? asOf : endedAt,
    markets,
    added,
    moved,
    requests,
  });
  return { added, requests, missing, leftOut, fallen, unreadable };
}

/** Queries members that are no longer in the listing, because they ended or because the universe's rule no longer matches them. */
async function lookUp(
  source: Source,
  {
    universe,
    ids,
    asOf,
    signal,
  }: { readonly universe: string; readonly ids: readonly string[]; readonly asOf: number; readonly signal: AbortSignal },
) {
  const named = await Promise.all(
    ids.map(async (id) => await source.selectorOf({ id, reference: id.slice(source.type.length + 1) } as Instrument)),
  );
  const selectors = named.filter((selector) => selector !== undefined);
  const nothing = { instruments: [] as readonly Instrument[], requests: 0, clock: asOf };
  try {
    return await source.discover({ symbol: universe, selectors, window: windowOf({ asOf, daysBack: 1 }), asOf, known: [], signal });
  } catch (error) {
    // the venue does not know any of these markets now
    if (error instanceof PredictLabError && error.type === 'BadInput') return nothing;
    throw error;
  }
}

/** Hash of a market's facts, without the time at which the venue stated them. */
function printOf({ stated, ...facts }: Instrument): string {
  return hash('sha1', JSON.stringify([facts, stated?.volume, stated?.trades]), 'base64');
}

/** The members of a universe and their shards. A hash of the event's id chooses the shard, so that an event's markets stay together. */
class Members {
  readonly #universe: string;
  readonly #known: Map<string, KnownMember>;
  readonly #events: Map<string, string>;
  readonly #shards: string[];

  constructor(universe: string, known: ReadonlyMap<string, KnownMember>, shards: readonly string[]) {
    this.#universe = universe;
    this.#known = new Map(known);
    this.#events = new Map([...known.values()].map(({ event, shard }) => [event, shard]));
    // includes shards that only members name: a universe that was removed and added again has lost its own
    this.#shards = [...new Set([...shards, ...[...known.values()].map(({ shard }) => shard)])].sort();
  }

  get size(): number {
    return this.#known.size;
  }

  get(id: string): KnownMember | undefined {
    return this.#known.get(id);
  }

  ids(): ReadonlySet<string> {
    return new Set(this.#known.keys());
  }

  of(source: string): readonly KnownMember[] {
    return [...this.#known.values()].filter((member) => member.source === source);
  }

  /** Names of the shards: at least one, once the universe has been listed. */
  shards(): readonly string[] {
    return this.#shards;
  }

  /** Adds shards if the existing ones would have too many markets with `more` markets added. */
  makeRoom(more: number): void {
    const markets = this.#known.size + more;
    if (this.#shards.length > 0 && markets <= this.#shards.length * CROWDED_MARKETS) return;
    for (let n = this.#shards.length; n < Math.max(1, Math.ceil(markets / SHARD_MARKETS)); n++)
      this.#shards.push(`${this.#universe}.${String(n + 1).padStart(3, '0')}`);
  }

  add(instrument: Instrument): ChangedMember {
    const event = instrument.event ?? instrument.id;
    const place = Number.parseInt(hash('sha1', event, 'hex').slice(0, 12), 16) % this.#shards.length;
    const shard = this.#events.get(event) ?? this.#shards[place];
    this.#events.set(event, shard);
    const { id, source } = instrument;
    const print = printOf(instrument);
    this.#known.set(id, { instrument: id, source, shard, event, print, settled: false, volume: instrument.stated?.volume ?? null });
    return { instrument, shard, event, print };
  }
}
