import type { Trouble } from '../../incidents/rule/trouble.ts';
import type { Queryable } from '../../storage/database/database.ts';
import { quietSymbols } from '../../storage/verify/quiet-symbols.ts';
import type { Check } from '../watch.ts';

const HOUR = 3_600_000;

/** Checks whether a collected symbol has had no tick for much longer than its usual pauses. */
export function staleCheck({ database }: { database: Queryable }): Check {
  return {
    name: 'stale symbols',
    everyMs: 15 * 60_000,
    async look(now) {
      const { quiet, others } = await quietSymbols(database);
      const troubles = quiet.map(
        ({ symbol, since, length, usual, until }): Trouble => ({
          fingerprint: JSON.stringify(['stale', symbol]),
          cause: `stale: ${symbol} is collected, but has had no tick for ${Math.floor(length / HOUR)} h (since ${new Date(since).toISOString().slice(0, 16)}Z); its pauses are rarely longer than ${Math.ceil(usual / HOUR)} h`,
          venue: null,
          subjects: [{ what: 'stale', subject: symbol, isSymbol: true, at: until }],
        }),
      );
      return {
        at: now,
        troubles,
        looked: others.map(({ symbol, until }) => ({ what: 'stale', subject: symbol, isSymbol: true, at: until })),
      };
    },
  };
}
