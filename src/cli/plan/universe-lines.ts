import type { PlannedTask } from '../../contracts/run/pipeline-status.ts';
import type { RunConfig } from '../../contracts/run/run-config.ts';
import { STAGES, stageTaskId } from '../../contracts/words.ts';
import type { Queryable } from '../../storage/database/database.ts';
import { restingShards } from '../../storage/markets/quiet-shards.ts';
import { listingsOf, universeCounts } from '../../storage/markets/universes.ts';

/** The markets that a run of a universe would work on, according to earlier listings. */
export interface PlannedUniverse {
  readonly universe: string;
  /** Members that have not ended; null before the first listing. */
  readonly markets: number | null;
  readonly shards: number;
  /** Members whose stated volume moved between the last two listings; all of them before there are two. */
  readonly traded: number;
  /** Expected number of requests: for the listing, and the minimum and maximum for trades. */
  readonly requests: { readonly listing: number; readonly leastTrades: number; readonly mostTrades: number };
}

/** Maximum number of markets that share a request for trades; a market that is walked alone takes `WALK_REQUESTS`. */
const SHARED_MARKETS = 20;
const WALK_REQUESTS = 2;

/** The markets and the expected requests of universes. @param database `undefined` when there is none yet */
export async function plannedUniverses(
  database: Queryable | undefined,
  universes: readonly string[],
  asOf: number,
): Promise<readonly PlannedUniverse[]> {
  const planned: PlannedUniverse[] = [];
  for (const universe of universes) {
    const listings = database === undefined ? [] : await listingsOf(database, universe, asOf);
    const counts = database === undefined || listings.length === 0 ? undefined : await universeCounts(database, universe, asOf);
    const sum = (of: 'requests' | 'moved'): number => listings.reduce((total, listing) => total + listing[of], 0);
    const markets = counts?.members ?? null;
    const traded = sum('moved') > 0 ? sum('moved') : (markets ?? 0);
    const [leastTrades, mostTrades] = [Math.ceil(traded / SHARED_MARKETS), WALK_REQUESTS * traded];
    planned.push({
      universe,
      markets,
      shards: counts?.shards.length ?? 0,
      traded,
      requests: { listing: sum('requests'), leastTrades, mostTrades },
    });
  }
  return planned;
}

/**
 * Marks as reused the tasks of shards that the run will skip unless its own listing finds something new.
 * @param database `undefined` when there is none yet
 */
export async function withResting(
  database: Queryable | undefined,
  tasks: readonly PlannedTask[],
  { config, universes }: { readonly config: RunConfig; readonly universes: readonly string[] },
): Promise<readonly PlannedTask[]> {
  if (database === undefined || universes.length === 0 || config.refetch) return tasks;
  const resting = await restingShards(database, universes, config, { listed: false });
  const reasons = new Map<string, string>();
  for (const { shard, since } of resting)
    for (const stage of STAGES)
      reasons.set(stageTaskId(shard, stage), `nothing new since ${new Date(since).toISOString()}, if the run's listing shows none either`);
  return tasks.map((task) => {
    const reason = task.action === 'run' ? reasons.get(task.taskId) : undefined;
    return reason === undefined ? task : { ...task, action: 'reuse', reason };
  });
}

/** One line for each universe of a plan. */
export const universeLines = (
  planned: readonly PlannedUniverse[],
  { topByVolume }: { readonly topByVolume?: number } = {},
): readonly string[] =>
  planned.map(({ universe, markets, shards, traded, requests: { listing, leastTrades, mostTrades } }) =>
    markets === null
      ? `${universe}: the run lists its markets first, and makes a shard of about 500 of them each; how many is not known yet`
      : `${universe}: ${markets} markets in ${shards} shards, ${traded} of them with trades to collect; expected requests: ${listing} for the listing, ` +
        `${leastTrades} to ${mostTrades} for trades; no price points, order books and pages of single markets, ${topByVolume === undefined ? 'no backtests' : `backtests of the ${topByVolume} markets with the largest volume`}`,
  );
