import type { RateLimit } from '../../budget/rate-limits.ts';
import type { Trouble } from '../../incidents/rule/trouble.ts';
import type { Queryable } from '../../storage/database/database.ts';
import { usedBudgets } from '../../storage/rate-budget.ts';
import { noted, noteForNextLook } from '../../storage/watch/watch-state.ts';
import type { Check } from '../watch.ts';

/** Of a budget, in [0, 1]: from here on collection waits for it. */
const NEAR_ITS_END = 0.85;
/** Bursts use a budget up; only what lasts is a trouble. Looks in a row, one a minute. */
const LOOKS = 5;

/** Whether some venue's budget of requests has been near its end for minutes: then collection waits for it. */
export function requestBudgetCheck({ database, limits }: { database: Queryable; limits: Readonly<Record<string, RateLimit>> }): Check {
  return {
    name: 'request budgets',
    everyMs: 60_000,
    async look(now) {
      const before = (await noted<Record<string, number>>(database, 'budgets')) ?? {};
      const counts: Record<string, number> = {};
      for (const { name, used } of await usedBudgets(database, limits)) if (used >= NEAR_ITS_END) counts[name] = (before[name] ?? 0) + 1;
      if (JSON.stringify(counts) !== JSON.stringify(before)) await noteForNextLook(database, 'budgets', counts);
      const subjectOf = (name: string) => ({ what: 'budget', subject: name, isSymbol: false, at: now });
      const troubles = Object.entries(counts).flatMap(([name, looks]): Trouble[] =>
        looks < LOOKS
          ? []
          : [
              {
                fingerprint: JSON.stringify(['budget', name]),
                cause: `budget: requests to ${name} have been near the venue's limit for ${LOOKS} minutes, so that collection waits; fewer symbols, or another address (docs/sources.md)`,
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
