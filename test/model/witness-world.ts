import { ModelVenue } from './model-venue.ts';
import { memoryPipeline, type Pipeline } from './pipeline.ts';
import type { WorldReport } from './run-world.ts';
import { DAY, HOUR, type Lie, makeWorld, type Shape, type World } from './world.ts';

const SHAPE: Shape = { lateness: 'prompt', plain: true, outages: [], statesTrades: true, every: 4 * HOUR, count: 8, longAfter: 26 * HOUR };

/** The world of a venue that states its number of trades, and whose index leaves trades out for a while. */
export function witnessWorld(seed: number, kinds: readonly Lie['kind'][]): World {
  const world = makeWorld(seed, { ...SHAPE, ...(kinds.length > 0 && { lies: kinds }) });
  // rows in quarantine keep totals from being compared
  return { ...world, trades: world.trades.map((trade) => ({ ...trade, bad: false })) };
}

/**
 * Lets the world of a venue happen that states how many trades there were. An honest one never raises an alarm. One that leaves trades out
 * is found out by the second firing after it did; once its index is whole again, everything is stored and no doubt is left.
 */
export async function runWitnessWorld(
  world: World,
  pipelineOf: (venue: ModelVenue) => Pipeline | Promise<Pipeline> = memoryPipeline,
): Promise<WorldReport & { readonly alarms: number }> {
  const venue = new ModelVenue(world);
  const pipeline = await pipelineOf(venue);
  const wrong: string[] = [];
  const good = world.trades;
  let runs = 0;
  let alarms = 0;
  /** Trades that runs claimed to have and did not, with the firing at which that could be seen first. */
  const owed = new Map<string, number>();
  for (const [index, firing] of world.firings.entries()) {
    venue.now = Math.max(venue.now, firing.at);
    venue.requests = 0;
    venue.killedAt = [];
    await pipeline.attempt(`run ${index}`, firing);
    await pipeline.store(`run ${index}`, firing);
    runs++;
    alarms = (await pipeline.alarms()).length;
    const stored = new Set((await pipeline.ticks()).map(({ id }) => id));
    const covered = await pipeline.covered();
    for (const { id, stamp } of good) {
      const isClaimed = covered.some(({ from, to }) => stamp >= from && stamp < to);
      if (!isClaimed || stored.has(id)) owed.delete(id);
      else if (!owed.has(id)) owed.set(id, index);
    }
    const late = [...owed].find(([, since]) => index - since >= 2);
    if (late !== undefined) wrong.push(`run ${index} still claims the time of ${late[0]}, which it lacks since run ${late[1]}`);
    if (world.lies.length === 0 && alarms > 0) wrong.push(`run ${index} raises a false alarm`);
    if (wrong.length > 0) break;
  }
  const last = world.firings[world.firings.length - 1];
  const stored = new Set((await pipeline.ticks()).map(({ id }) => id));
  const lost = good.find(({ id, stamp }) => !stored.has(id) && stamp < last.asOf - HOUR && stamp >= last.asOf - last.daysBack * DAY);
  if (wrong.length === 0 && lost !== undefined) wrong.push(`${lost.id} was lost for good`);
  return { runs, stored: stored.size, alarms, wrong: wrong.map((sentence) => `seed ${world.seed}: ${sentence}`) };
}
