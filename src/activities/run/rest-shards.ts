import type { ReusedTask, RunConfig } from '../../contracts/run/run-config.ts';
import { windowOf } from '../../contracts/run/run-window.ts';
import type { Database } from '../../storage/database/database.ts';
import { recordRest, restingShards } from '../../storage/markets/quiet-shards.ts';
import { extendQuiet, listingsOf, quietMembers } from '../../storage/markets/universes.ts';
import { latenessByInstrument } from '../../storage/ticks/lateness.ts';
import { quietUntil } from '../stages/collect/collect-shard.ts';

interface Rest {
  readonly database: Database;
  readonly universes: readonly string[];
  readonly config: RunConfig;
  readonly run: { readonly runId: string; readonly executionId: string; readonly startedAt: number };
}

/**
 * Completes, without running them, the tasks of shards for which this run's listing shows nothing new. The time of their markets counts as
 * collected, with the evidence `inferred`; it is recorded in one transaction with the ledger.
 * @returns the outputs by task id
 */
export async function restShards({ database, universes, config, run }: Rest): Promise<ReadonlyMap<string, ReusedTask>> {
  const { asOf } = config;
  const rested = new Map<string, ReusedTask>();
  if (config.refetch) return rested;
  const inRun = new Set(config.symbols.map(({ symbol }) => symbol));
  const window = windowOf(config);
  for (const universe of universes) {
    const listings = new Map((await listingsOf(database, universe, asOf)).map((listing) => [listing.source, listing]));
    for (const resting of await restingShards(database, [universe], config, { listed: true })) {
      if (!inRun.has(resting.shard)) continue;
      const lateness = await latenessByInstrument(database, resting.shard, asOf);
      await database.transaction(async (transaction) => {
        const quiet = await quietMembers(transaction, resting.shard, window.from);
        // not all members are quiet: a market that closed, has a gap or contradicts its stated totals needs a walk
        if (quiet.length < resting.members) return;
        const extended = quiet.map((each) => quietUntil(each, { listings, asOf, to: window.to, lateness: lateness(each) }));
        await extendQuiet(transaction, extended, Math.min(...extended.map(({ seen }) => seen)));
        for (const [taskId, task] of await recordRest(transaction, run, resting, config.untilStage)) rested.set(taskId, task);
      });
    }
  }
  return rested;
}
