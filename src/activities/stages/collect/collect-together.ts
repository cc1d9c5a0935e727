import { UNSEEN_LATENESS_MS } from '../../../market/lateness.ts';
import type { SharedPage } from '../../../sources/source.ts';
import type { PlannedInstrument, PlanRequest } from './collect-plan.ts';

/** Groups of markets that share a request at the same time. */
const GROUPS_AT_ONCE = 4;
/** Rows of a shared page, and the number of new trades up to which markets are grouped. */
const PAGE_ROWS = 1000;
const EXPECTED_ROWS = 850;

/** What is known about the new trades of markets before they are read. */
export interface SharedEstimates {
  /** Time of the last look of an earlier run, or the window's start, for estimates; UTC epoch milliseconds. @default the window's start */
  readonly since?: number | undefined;
  /** Average volume of a stored trade by instrument id, for estimates. @default it is derived from the pages */
  readonly tradeVolumes?: ReadonlyMap<string, number> | undefined;
  /** Maximum number of shared requests before single walks need fewer, over all shards. @default the number of markets */
  readonly worth?: number | undefined;
}

interface Together {
  readonly planned: readonly PlannedInstrument[];
  readonly request: Pick<PlanRequest, 'known' | 'asOf' | 'window'> & SharedEstimates;
  readonly signal: AbortSignal;
  readonly collectOne: (planned: PlannedInstrument, shared?: SharedPage) => Promise<void>;
}

interface Waiting {
  readonly each: PlannedInstrument;
  /** Volume that the venue states in addition to the last listing's. */
  readonly volume: number;
  /** Expected number of new trades; undefined where no trade of the market is stored. */
  readonly trades: number | undefined;
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
 * Collects markets in groups whose newest trades come with one request. A market whose covered time a shared page does not reach is walked
 * alone; a group of several is divided, and the groups after it are smaller.
 */
export async function collectTogether({ planned, request, signal, collectOne }: Together): Promise<void> {
  const { asOf, window, since = window.from, tradeVolumes, worth = planned.length } = request;
  const volumes = new Map(request.known.map(({ id, stated }) => [id, stated?.volume ?? 0]));
  const queue = planned
    .map((each): Waiting => {
      const { id, stated } = each.instrument;
      const volume = Math.max(0, (stated?.volume ?? 0) - (volumes.get(id) ?? 0));
      const perTrade = tradeVolumes?.get(id);
      return { each, volume, trades: perTrade === undefined ? undefined : volume / perTrade };
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
    if (after >= since && total > 0) {
      // the page does not reach back to the last look: its rows show how many trades the group has
      const trades = (PAGE_ROWS * (asOf - since)) / Math.max(1, asOf - after);
      tradesPerDollar = Math.max(tradesPerDollar, trades / total);
      queue.push(...group.map(({ each, volume }) => ({ each, volume, trades: (trades * volume) / total })));
      queue.sort((a, b) => b.volume - a.volume);
      return;
    }
    for (const { each, volume } of group) {
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
