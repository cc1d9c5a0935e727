import type { Instrument } from '../../../contracts/market-data.ts';
import { UNSEEN_LATENESS_MS } from '../../../market/lateness.ts';
import type { SharedPage } from '../../../sources/source.ts';
import type { PlannedInstrument, PlanRequest } from './collect-plan.ts';

/** Maximum number of shared requests at the same time. */
const GROUPS_AT_ONCE = 4;
/** Number of rows of a shared page, and maximum number of expected trades of the markets that share one. */
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
  /** Time of an earlier run's last look, from which on new trades are expected; UTC epoch milliseconds. @default the window's start */
  readonly since?: number | undefined;
  /** Stored facts about the trades of markets, by instrument id. @default none: trades are estimated from the first pages */
  readonly stored?: ReadonlyMap<string, StoredTrades> | undefined;
  /** Number of shared requests, over all shards, above which walking each market alone needs fewer. @default the number of markets */
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
  /** Increase of the stated volume since the last listing. */
  readonly volume: number;
  /** Expected number of new trades; undefined where no trade of the market is stored. */
  readonly trades: number | undefined;
  /** Time back to which a page must reach to replace the market's own walk; UTC epoch milliseconds. */
  readonly floor: number;
}

/**
 * Takes the next group of markets from a queue that is sorted by volume: at most `most`, with expected trades that fit on one page.
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
 * Collects markets in groups; one request reads the newest trades of a group. Markets for which a shared page does not reach back to their
 * covered time are divided among later, smaller groups; a market that needs a whole page is walked alone.
 */
export async function collectTogether({ planned, request, signal, collectOne }: Together): Promise<void> {
  const { asOf, window, since = window.from, stored, worth = planned.length, lateness } = request;
  const volumes = new Map(request.known.map(({ id, stated }) => [id, stated?.volume ?? 0]));
  const queue = planned
    .map((each): Waiting => {
      const { id, stated, opensAt } = each.instrument;
      const volume = Math.max(0, (stated?.volume ?? 0) - (volumes.get(id) ?? 0));
      const { volume: perTrade = null, coveredTo = null } = stored?.get(id) ?? {};
      // the time back to which the market's own walk would read; after a first look, up to an hour before that look is not covered yet
      const floor = Math.max(window.from, Math.min(since, (coveredTo ?? opensAt ?? window.from) - lateness(each.instrument)));
      // factor for trades that are already stored, which a page also contains: those between `floor` and the last look
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
    // if the request is refused, each market of the group is walked alone, and its walk reports the error
    const look = { asOf, since: Math.max(window.from, since - UNSEEN_LATENESS_MS), clock: group[0].each.clock, worth };
    const isAlone = group.length === 1 && Number.isFinite(most);
    const pages = isAlone ? undefined : await source.shared?.({ ...look, instruments, signal }).catch(() => undefined);
    const after = pages?.get(instruments[0].id)?.after ?? Number.NEGATIVE_INFINITY;
    const total = sum('volume', group);
    const short = total > 0 ? group.filter(({ floor }) => after >= floor) : [];
    // estimates the group's trades back to a time from how far the full page reaches
    const rowsTo = (time: number): number => (PAGE_ROWS * (asOf - time)) / Math.max(1, asOf - after);
    if (after >= since && total > 0) tradesPerDollar = Math.max(tradesPerDollar, rowsTo(since) / total);
    queue.push(...short.map((waiting) => ({ ...waiting, trades: (rowsTo(waiting.floor) * waiting.volume) / total })));
    if (short.length > 0) queue.sort((a, b) => b.volume - a.volume);
    for (const { each, volume } of group.filter((waiting) => !short.includes(waiting))) {
      const { id } = each.instrument;
      const page = pages?.get(id);
      // a page without rows of a market whose stated volume has grown is incomplete, so the market is walked alone
      const isComplete = page !== undefined && (page.rows.length > 0 || volume === 0 || !volumes.has(id));
      await collectOne(each, isComplete ? page : undefined);
    }
  };
  const collectGroups = async (): Promise<void> => {
    while (queue.length > 0 && !signal.aborted) await collectGroup();
  };
  // the first page shows how many trades to expect for a volume, so it is read before the other groups are formed
  if (tradesPerDollar === 0 && queue.length > 0) await collectGroup();
  await Promise.all(Array.from({ length: GROUPS_AT_ONCE }, collectGroups));
}
