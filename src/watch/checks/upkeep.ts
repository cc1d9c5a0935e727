import type { Log } from '../../contracts/log.ts';
import { DAY_MS } from '../../contracts/words.ts';
import type { Database } from '../../storage/database/database.ts';
import { endTurn, keepTurn, noted, saveWatchState, takeTurn } from '../../storage/watch/watch-state.ts';
import { upkeepSettings } from '../upkeep/settings.ts';
import { type JobEnd, runUpkeep } from '../upkeep/upkeep.ts';
import { type Check, troubleWith } from '../watch.ts';

const MINUTE = 60_000;
const LAST = 'upkeep/last';
const RESTORED = 'upkeep/restored';
/** The key that the worker doing the upkeep renews each minute; after longer silence that worker has died, and another one starts again. */
const DOING = 'upkeep/doing';
const DEAD_AFTER_MS = 5 * MINUTE;

/** When the last upkeep ran, and how each of its jobs ended. */
export type LastUpkeep = { readonly at: number; readonly ends: readonly JobEnd[] };

/** The last upkeep. @returns undefined where there was none */
export const lastUpkeep = async (database: Database): Promise<LastUpkeep | undefined> =>
  (await noted<{ last: LastUpkeep & null }>(database, LAST))?.last ?? undefined;

/** Runs `work`. @returns undefined while another process runs it */
export async function runExclusively(database: Database, work: () => Promise<readonly JobEnd[]>): Promise<readonly JobEnd[] | undefined> {
  if (!(await takeTurn(database, DOING, DEAD_AFTER_MS))) return undefined;
  const alive = setInterval(() => void keepTurn(database, DOING).catch(() => undefined), MINUTE);
  try {
    return await work();
  } finally {
    clearInterval(alive);
    // Without the database the turn expires by itself.
    await endTurn(database, DOING).catch(() => undefined);
  }
}

/**
 * Prunes, backs up and compares a sample of candles once a day, and restores a backup once a week to test it, on one of the workers.
 * A machine that slept catches up once; when the worker dies, another one starts again. Each failing job is an incident until it
 * succeeds.
 */
export function upkeepCheck({ database, home, log }: { database: Database; home: string; log: Log }): Check {
  return {
    name: 'upkeep',
    everyMs: MINUTE,
    async look(now) {
      const settings = await upkeepSettings(database);
      if (settings === undefined) return undefined;
      const isDone = async (): Promise<boolean> => now - ((await lastUpkeep(database))?.at ?? Number.NEGATIVE_INFINITY) < 0.9 * DAY_MS;
      if (await isDone()) return undefined;
      const ends = await runExclusively(database, async () => {
        // Another process has just finished it.
        if (await isDone()) return [];
        const restored = (await noted<{ at: number }>(database, RESTORED))?.at ?? Number.NEGATIVE_INFINITY;
        const tryRestore = settings.backup !== undefined && now - restored >= 6.5 * DAY_MS;
        const done = await runUpkeep({ database, home, settings, now, tryRestore });
        if (done.some(({ job }) => job === 'restore')) await saveWatchState(database, RESTORED, { at: now });
        await saveWatchState(database, LAST, { last: { at: now, ends: done } as never });
        return done;
      });
      if (ends === undefined) return undefined;
      for (const { job, ok, said } of ends) log[ok ? 'info' : 'error'](`upkeep: ${job}: ${said}`);
      const subject = ({ job }: JobEnd) => ({ what: 'upkeep', subject: job, isSymbol: false, at: now });
      return {
        at: now,
        troubles: ends.filter(({ ok }) => !ok).map((end) => troubleWith(subject(end), `upkeep: ${end.job}: ${end.said}`)),
        looked: ends.filter(({ ok }) => ok).map(subject),
      };
    },
  };
}
