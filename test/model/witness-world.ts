import { ModelVenue } from './model-venue.ts';
import { memoryPipeline, type Pipeline } from './pipeline.ts';
import type { WorldReport } from './run-world.ts';
import { DAY, HOUR, type Lie, makeWorld, type Shape, type World } from './world.ts';

const SHAPE: Shape = { lateness: 'prompt', plain: true, outages: [], statesTrades: true, every: 4 * HOUR, count: 8, longAfter: 26 * HOUR };

/** The world of a venue that states its number of trades, and whose index leaves trades out for a while. */
export function witnessWorld(seed: number, kinds: readonly Lie['kind'][]): World {
  const world = makeWorld(seed, { ...SHAPE, ...(kinds.length > 0 && { lies: kinds }) });
  // rows in quarantine may count or not, so that a single missing trade can hide behind them
  const hasBad = kinds.length === 0 && seed % 3 !== 0;
  return hasBad ? world : { ...world, trades: world.trades.map((trade) => ({ ...trade, bad: false })) };
}

/** Firings before the day in which a sparing venue leaves out trades. */
const WHOLE_FIRINGS = 5;

/** The world of a venue that leaves out one in 500 trades for a day and never shows them; null where there was none to leave out, or the market ended. */
export function sparingWorld(seed: number, perHour: number): World | null {
  const { longAfter: _, ...shape } = SHAPE;
  const world = makeWorld(seed, { ...shape, count: 16, perHour, pageSize: 500 });
  const { at: from } = world.firings[WHOLE_FIRINGS];
  const until = from + DAY;
  const left = world.trades.filter(({ made }) => made >= from && made < until && made % 500 === 0).length;
  if (left === 0 || world.ended !== null) return null;
  const lies = [{ kind: 'dropped', from, to: Number.POSITIVE_INFINITY, until, by: 500 }] as const;
  return { ...world, lies, trades: world.trades.map((trade) => ({ ...trade, bad: false })) };
}

/** Number of firings after a sparing venue's day until a run notices, counted from the first one; null when none does. */
export async function runSparingWorld(world: World): Promise<number | null> {
  const venue = new ModelVenue(world);
  const pipeline = memoryPipeline(venue);
  const [{ until = 0 }] = world.lies;
  const over = world.firings.findIndex(({ at }) => at >= until);
  for (const [index, firing] of world.firings.entries()) {
    venue.now = Math.max(venue.now, firing.at);
    venue.killedAt = [];
    await pipeline.attempt(`run ${index}`, firing);
    await pipeline.store(`run ${index}`, firing);
    if ((await pipeline.alarms()).length > 0) return Math.max(0, index - over);
  }
  return null;
}

/**
 * Runs the world of a venue that states its number of trades. An honest venue never raises an alarm. A venue that leaves trades out is
 * detected by the second firing after it did; once its index is whole again, everything is stored and nothing stays in doubt.
 */
export async function runWitnessWorld(
  world: World,
  pipelineOf: (venue: ModelVenue) => Pipeline | Promise<Pipeline> = memoryPipeline,
): Promise<WorldReport & { readonly alarms: number }> {
  const venue = new ModelVenue(world);
  const pipeline = await pipelineOf(venue);
  const wrong: string[] = [];
  const good = world.trades.filter(({ bad }) => !bad);
  let runs = 0;
  let alarms = 0;
  /** Trades that runs claimed and did not store, each with the first firing at which that could be seen. */
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
