import { ModelVenue } from './model-venue.ts';
import { memorySymbol } from './pipeline.ts';
import { ATTEMPTS, Checks, isExpected, PAUSE, type WorldReport } from './run-world.ts';
import { BEGIN, DAY, HOUR, makeWorld } from './world.ts';

const EVERY = 4 * HOUR;
const COUNT = 36;

/**
 * Runs a symbol with two venues, of which one is away for two to four days, and compares each with its truth after every run: the venue
 * that works loses nothing by the one that does not.
 */
export async function runTwoVenues(seed: number): Promise<WorldReport> {
  const shape = { every: EVERY, count: COUNT, plain: true };
  const works = makeWorld(seed, { ...shape, outages: [] });
  const from = BEGIN + ((seed * 5) % 20) * HOUR;
  const away = { from, to: from + 2 * DAY + ((seed * 7) % 48) * HOUR };
  const fails = makeWorld(seed + 500_000, { ...shape, outages: [away], firings: works.firings });
  const venues = [new ModelVenue(works, 'polymarket'), new ModelVenue(fails, 'predict')] as const;
  const symbol = memorySymbol(venues);
  const sides = [
    { venue: venues[0], view: symbol.of(venues[0]), checks: new Checks(works) },
    { venue: venues[1], view: symbol.of(venues[1]), checks: new Checks(fails) },
  ] as const;
  const wrong = (): string[] => sides.flatMap(({ checks, venue }) => checks.wrong.map((each) => `seed ${seed}, ${venue.type}: ${each}`));
  let runs = 0;
  for (const [index, firing] of works.firings.entries()) {
    if (wrong().length > 0) break;
    const run = `run ${index}`;
    for (const { venue } of sides) {
      venue.now = Math.max(venue.now, firing.at);
      venue.requests = 0;
      venue.firstLook = 0;
    }
    const lateness = await Promise.all(sides.map(({ view }) => view.lateness(firing.asOf)));
    let came = false;
    let failed: readonly string[] = [];
    for (let attempt = 1; attempt <= ATTEMPTS && !came; attempt++) {
      try {
        failed = await symbol.attempt(run, firing, attempt === ATTEMPTS);
        came = true;
      } catch (error) {
        if (!isExpected(error)) throw error;
        for (const { venue } of sides) venue.now += PAUSE;
      }
    }
    if (!came) {
      sides[0].checks.wrong.push(`${run} stored nothing although this venue answers`);
      break;
    }
    runs++;
    for (const [side, { venue, view, checks }] of sides.entries()) {
      const claims = await view.store(run, firing);
      await checks.afterRun({ run, firing, claims, lateness: lateness[side], venue, pipeline: view, failed: failed.includes(venue.type) });
    }
  }
  const stored = (await Promise.all(sides.map(({ view }) => view.ticks()))).reduce((sum, ticks) => sum + ticks.length, 0);
  for (const { checks, view, venue } of wrong().length > 0 ? [] : sides) {
    await checks.atTheEnd(view, venue, async (run, firing) => {
      await symbol.attempt(run, firing, true);
    });
  }
  return { runs, stored, wrong: wrong() };
}
