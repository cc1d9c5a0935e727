import type { Log } from '../../contracts/log.ts';
import type { Database } from '../../storage/database/database.ts';
import { note, noted, takeTurn } from '../../storage/watch/watch-state.ts';
import { upkeepSettings } from '../upkeep/settings.ts';
import { doUpkeep, type JobEnd } from '../upkeep/upkeep.ts';
import type { Check } from '../watch.ts';

const DAY = 86_400_000;
const LAST = 'upkeep/last';

/** How the jobs ended when they were last done. */
export type LastUpkeep = { readonly at: number; readonly ends: readonly JobEnd[] };

/** @returns undefined where they never were */
export const lastUpkeep = async (database: Database): Promise<LastUpkeep | undefined> =>
  (await noted<{ last: LastUpkeep & null }>(database, LAST))?.last ?? undefined;

/** Prunes, backs up, tries a restore once a week and compares a sample of candles, once a day; each job that fails is an incident of its own until it succeeds. */
export function upkeepCheck({ database, home, log }: { database: Database; home: string; log: Log }): Check {
  return {
    name: 'upkeep',
    everyMs: DAY,
    async look(now) {
      const settings = await upkeepSettings(database);
      if (settings === undefined) return undefined;
      const tryRestore = settings.backup !== undefined && (await takeTurn(database, 'upkeep/restore', 6.5 * DAY));
      const ends = await doUpkeep({ database, home, settings, now, tryRestore });
      await note(database, LAST, { last: { at: now, ends } as never });
      for (const { job, ok, said } of ends) log[ok ? 'info' : 'error'](`upkeep: ${job}: ${said}`);
      const subject = ({ job }: JobEnd) => ({ what: 'upkeep', subject: job, isSymbol: false, at: now });
      return {
        at: now,
        troubles: ends
          .filter(({ ok }) => !ok)
          .map((end) => ({
            fingerprint: JSON.stringify(['upkeep', end.job]),
            cause: `upkeep: ${end.job}: ${end.said}`,
            venue: null,
            subjects: [subject(end)],
          })),
        looked: ends.filter(({ ok }) => ok).map(subject),
      };
    },
  };
}
