import type { RateLimit } from '../../budget/rate-limits.ts';
import type { Trouble } from '../../incidents/rule/trouble.ts';
import type { Queryable } from '../../storage/database/database.ts';
import { usedBudgets } from '../../storage/rate-budget.ts';
import { noted, saveWatchState } from '../../storage/watch/watch-state.ts';
import type { Check } from '../watch.ts';

/** Used share of a budget, in [0, 1], from which on collection waits. */
const NEAR_LIMIT = 0.85;
/** Checks in a row, one per minute, that make a trouble: a burst is none. */
const CHECKS = 5;

/** Checks whether requests to a venue have been near its limit for minutes, so that collection waits. */
export function requestBudgetCheck({ database, limits }: { database: Queryable; limits: Readonly<Record<string, RateLimit>> }): Check {
  return {
    name: 'request budgets',
    everyMs: 60_000,
    async look(now) {
      const before = (await noted<Record<string, number>>(database, 'budgets')) ?? {};
      const counts: Record<string, number> = {};
      for (const { name, used } of await usedBudgets(database, limits)) if (used >= NEAR_LIMIT) counts[name] = (before[name] ?? 0) + 1;
      if (JSON.stringify(counts) !== JSON.stringify(before)) await saveWatchState(database, 'budgets', counts);
      const subjectOf = (name: string) => ({ what: 'budget', subject: name, isSymbol: false, at: now });
      const troubles = Object.entries(counts).flatMap(([name, checks]): Trouble[] =>
        checks < CHECKS
          ? []
          : [
              {
                fingerprint: JSON.stringify(['budget', name]),
                cause: `budget: requests to ${name} have been near the venue's limit for ${CHECKS} minutes, so that collection waits; fewer symbols, or another address (docs/sources.md)`,
                venue: null,
                subjects: [subjectOf(name)],
              },
            ],
      );
      const calm = Object.keys(limits).filter((name) => counts[name] === undefined);
      return { at: now, troubles, looked: calm.map(subjectOf) };
    },
  };
}
