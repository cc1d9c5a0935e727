import { DAY_MS } from '../../contracts/words.ts';
import { disabledAmong, unseenSince } from '../../incidents/rows/incidents.ts';
import { closeIncident, openIncidents } from '../../incidents/rows/observe.ts';
import type { Queryable } from '../../storage/database/database.ts';
import type { Check } from '../watch.ts';

const FORGOTTEN_MS = 7 * DAY_MS;

/** Closes incidents that nothing will check again: those of removed or disabled symbols, and those not seen for a week. */
export function goneCheck({ database }: { database: Queryable }): Check {
  return {
    name: 'forgotten incidents',
    everyMs: 60_000,
    async look(now) {
      const open = await openIncidents(database);
      if (open.length === 0) return undefined;
      for (const id of await unseenSince(database, now - FORGOTTEN_MS))
        await closeIncident(database, id, 'nothing has checked it for seven days');
      const symbols = open.flatMap(({ subjects }) => subjects.filter(({ isSymbol, wellAt }) => isSymbol && wellAt === null));
      const gone = new Set(
        await disabledAmong(
          database,
          symbols.map(({ subject }) => subject),
        ),
      );
      const looked = symbols.filter(({ subject }) => gone.has(subject)).map((subject) => ({ ...subject, at: now }));
      return { at: now, troubles: [], looked };
    },
  };
}
