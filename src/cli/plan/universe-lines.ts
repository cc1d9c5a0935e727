import type { Queryable } from '../../storage/database/database.ts';
import { listingsOf, universeCounts } from '../../storage/markets/universes.ts';

/** The markets that a run of a universe would work on, according to earlier listings. */
export interface PlannedUniverse {
  readonly universe: string;
  /** Members that have not ended; null before the first listing. */
  readonly markets: number | null;
  readonly shards: number;
  /** Members whose stated volume moved between the last two listings; all of them before there are two. */
  readonly traded: number;
  /** Requests for the listing, and the least and the most for trades. */
  readonly requests: { readonly listing: number; readonly leastTrades: number; readonly mostTrades: number };
}

/** Maximum number of markets that share a request for trades, and the requests of a market that is walked alone. */
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

/** One line for each universe of a plan. */
export const universeLines = (planned: readonly PlannedUniverse[]): readonly string[] =>
  planned.map(({ universe, markets, shards, traded, requests: { listing, leastTrades, mostTrades } }) =>
    markets === null
      ? `${universe}: the run lists its markets first, and makes a shard of about 500 of them each; how many is not known yet`
      : `${universe}: ${markets} markets in ${shards} shards, ${traded} of them with trades to collect; expected requests: ${listing} for the listing, ` +
        `${leastTrades} to ${mostTrades} for trades; no price points, order books, backtests and pages of single markets`,
  );
