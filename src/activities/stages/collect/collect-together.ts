import type { Instrument } from '../../../contracts/market-data.ts';
import { UNSEEN_LATENESS_MS } from '../../../market/lateness.ts';
import type { SharedPage } from '../../../sources/source.ts';
import type { PlannedInstrument, PlanRequest } from './collect-plan.ts';

/** Groups of markets that share a request at the same time. */
const GROUPS_AT_ONCE = 4;
/** Rows of a shared page, and the number of new trades up to which markets are grouped. */
const PAGE_ROWS = 1000;
const EXPECTED_ROWS = 850;

/** Stored facts about the trades of a market. */
export interface StoredTrades {
  /** Average volume of a trade; null without a stored trade. */
  readonly volume: number | null;
  /** End of the covered time; null without coverage. UTC epoch milliseconds. */
  readonly coveredTo: number | null;
}

/** What is known about the new trades of markets before they are read. */
export interface SharedEstimates {
  /** Time of the last look of an earlier run, or the window's start, for estimates; UTC epoch milliseconds. @default the window's start */
  readonly since?: number | undefined;
  /** Stored facts of markets by instrument id, for estimates. @default they are derived from the pages */
  readonly stored?: ReadonlyMap<string, StoredTrades> | undefined;
  /** Maximum number of shared requests before single walks need fewer, over all shards. @default the number of markets */
  readonly worth?: number | undefined;
}

interface Together {
  readonly planned: readonly PlannedInstrument[];
  readonly request: Pick<PlanRequest, 'known' | 'asOf' | 'window'> &
    SharedEstimates & { readonly lateness: (instrument: Instrument) => number };
  readonly signal: AbortSignal;
  readonly collectOne: (planned: PlannedInstrument, shared?: SharedPage) => Promise<void>;
}

interface Waiting {
  readonly each: PlannedInstrument;
  /** Volume that the venue states in addition to the last listing's. */
  readonly volume: number;
  /** Expected number of new trades; undefined where no trade of the market is stored. */
  readonly trades: number | undefined;
  /** Time down to which a page must reach; UTC epoch milliseconds. */
  readonly floor: number;
}

/**
 * Takes the next group from a queue with the largest markets first: as many as a request reads, whose expected trades fit on one page.
 * A market that fills a page is a group of its own.
 */
export function takeGroup<Each extends { readonly volume: number; readonly trades: number | undefined }>(
  queue: Each[],
  { most, tradesPerDollar }: { readonly most: number; readonly tradesPerDollar: number },
): Each[] {
  const group: Each[] = [];
  let expected = 0;
  for (let index = 0; index < queue.length && group.length < most; ) {
    const { trades = queue[index].volume * tradesPerDollar } = queue[index];
    if (group.length > 0 && expected + trades > EXPECTED_ROWS) index++;
    else {
      expected += trades;
      group.push(...queue.splice(index, 1));
      if (expected > EXPECTED_ROWS) break;
    }
  }
  return group;
}

/**
 * Collects markets in groups whose newest trades come with one request. Markets whose covered time a shared page does not reach are divided
 * among later, smaller groups; one that needs a page of its own is walked alone.
 */
export async function collectTogether({ planned, request, signal, collectOne }: Together): Promise<void> {
  const { asOf, window, since = window.from, stored, worth = planned.length, lateness } = request;
  const volumes = new Map(request.known.map(({ id, stated }) => [id, stated?.volume ?? 0]));
  const queue = planned
    .map((each): Waiting => {
      const { id, stated, opensAt } = each.instrument;
      const volume = Math.max(0, (stated?.volume ?? 0) - (volumes.get(id) ?? 0));
      const { volume: perTrade = null, coveredTo = null } = stored?.get(id) ?? {};
      // as far as the walk of this market reads back: after a first look, time up to an hour before it is not covered yet
      const floor = Math.max(window.from, Math.min(since, (coveredTo ?? opensAt ?? window.from) - lateness(each.instrument)));
      // a page also has the stored trades between its floor and the last look
      const again = coveredTo === null ? 1 : Math.max(1, (asOf - floor) / Math.max(1, asOf - since));
      return { each, volume, floor, trades: perTrade === null ? undefined : (volume / perTrade) * again };
    })
    .sort((a, b) => b.volume - a.volume);
  const own = queue.filter(({ trades }) => trades !== undefined);
  const sum = (of: 'volume' | 'trades', waiting: readonly Waiting[]): number => waiting.reduce((total, next) => total + (next[of] ?? 0), 0);
  let tradesPerDollar = sum('trades', own) / Math.max(1, sum('volume', own));
  const collectGroup = async (): Promise<void> => {
    const most = queue[0].each.source.sharedMarkets ?? 1;
    const group = takeGroup(queue, { most, tradesPerDollar });
    const { source } = group[0].each;
    const instruments = group.map(({ each }) => each.instrument);
    // after a refused request each market of the group is walked alone, which reports what is wrong
    const look = { asOf, since: Math.max(window.from, since - UNSEEN_LATENESS_MS), clock: group[0].each.clock, worth };
    const isAlone = group.length === 1 && Number.isFinite(most);
    const pages = isAlone ? undefined : await source.shared?.({ ...look, instruments, signal }).catch(() => undefined);
    const after = pages?.get(instruments[0].id)?.after ?? Number.NEGATIVE_INFINITY;
    const total = sum('volume', group);
    const short = total > 0 ? group.filter(({ floor }) => after >= floor) : [];
    // the rows of the page show how many trades the group has
    const rowsTo = (time: number): number => (PAGE_ROWS * (asOf - time)) / Math.max(1, asOf - after);
    if (after >= since && total > 0) tradesPerDollar = Math.max(tradesPerDollar, rowsTo(since) / total);
    queue.push(...short.map((waiting) => ({ ...waiting, trades: (rowsTo(waiting.floor) * waiting.volume) / total })));
    if (short.length > 0) queue.sort((a, b) => b.volume - a.volume);
    for (const { each, volume } of group.filter((waiting) => !short.includes(waiting))) {
      const { id } = each.instrument;
      const page = pages?.get(id);
      // a market whose volume has moved since the last run has new trades
      const isComplete = page !== undefined && (page.rows.length > 0 || volume === 0 || !volumes.has(id));
      await collectOne(each, isComplete ? page : undefined);
    }
  };
  const collectGroups = async (): Promise<void> => {
    while (queue.length > 0 && !signal.aborted) await collectGroup();
  };
  // the first page shows how many trades belong to a given volume
  if (tradesPerDollar === 0 && queue.length > 0) await collectGroup();
  await Promise.all(Array.from({ length: GROUPS_AT_ONCE }, collectGroups));
}
