import type { Log } from '../../contracts/log.ts';
import { DAY_MS } from '../../contracts/words.ts';
import type { Database } from '../../storage/database/database.ts';
import { endTurn, extendTurn, readWatchState, saveWatchState, takeTurn } from '../../storage/watch/watch-state.ts';
import { upkeepSettings } from '../upkeep/settings.ts';
import { type JobEnd, runUpkeep } from '../upkeep/upkeep.ts';
import { type Check, troubleWith } from '../watch.ts';

const MINUTE = 60_000;
const LAST = 'upkeep/last';
const RESTORED = 'upkeep/restored';
/** Name of a lock in the database. The worker that does the upkeep renews it each minute; without that it expires after five minutes. */
const DOING = 'upkeep/doing';
const DEAD_AFTER_MS = 5 * MINUTE;

/** When the last upkeep ran, and how each of its jobs ended. */
export type LastUpkeep = { readonly at: number; readonly ends: readonly JobEnd[] };

/** The last upkeep; undefined if there was none. */
export const lastUpkeep = async (database: Database): Promise<LastUpkeep | undefined> =>
  (await readWatchState<{ last: LastUpkeep & null }>(database, LAST))?.last ?? undefined;

/** Runs `work` unless another process is running it. @returns the ends of the jobs, or undefined if another process runs them */
export async function runExclusively(database: Database, work: () => Promise<readonly JobEnd[]>): Promise<readonly JobEnd[] | undefined> {
  if (!(await takeTurn(database, DOING, DEAD_AFTER_MS))) return undefined;
  const alive = setInterval(() => void extendTurn(database, DOING).catch(() => undefined), MINUTE);
  try {
    return await work();
  } finally {
    clearInterval(alive);
    // If the database is unavailable, the lock expires by itself.
    await endTurn(database, DOING).catch(() => undefined);
  }
}

/**
 * Runs the upkeep on one of the workers, once a day: it prunes, backs up, and compares a sample of candles with their ticks. Once a week it
 * also restores a backup as a test. If the worker dies, another one starts again. A job that fails is a trouble until it succeeds.
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
        // Another process has finished the upkeep since the first look.
        if (await isDone()) return [];
        const restored = (await readWatchState<{ at: number }>(database, RESTORED))?.at ?? Number.NEGATIVE_INFINITY;
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
