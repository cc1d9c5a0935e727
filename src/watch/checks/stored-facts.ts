import type { RateLimit } from '../../budget/rate-limits.ts';
import type { PredictLab } from '../../client.ts';
import type { Log } from '../../contracts/log.ts';
import { DAY_MS } from '../../contracts/words.ts';
import { disabledAmong, unseenSince } from '../../incidents/rows/incidents.ts';
import { closeIncident, openIncidents } from '../../incidents/rows/observe.ts';
import { deadlineTrouble } from '../../incidents/rule/end-of-run.ts';
import type { Subject, Trouble } from '../../incidents/rule/trouble.ts';
import { fleetOf, MIN_CONNECTIONS } from '../../storage/database/connection-budget.ts';
import type { Queryable } from '../../storage/database/database.ts';
import { usedBudgets } from '../../storage/rate-budget.ts';
import { runsWithDeadline } from '../../storage/runs/open-runs.ts';
import { quietSymbols } from '../../storage/verify/unusual-quiet.ts';
import { readWatchState, saveWatchState } from '../../storage/watch/watch-state.ts';
import { type Check, troubleWith } from '../watch.ts';

const HOUR = 3_600_000;

/** Checks whether a symbol that is still collected has had no tick for much longer than its usual pauses. */
export function staleCheck({ database }: { database: Queryable }): Check {
  return {
    name: 'stale symbols',
    everyMs: 15 * 60_000,
    async look(now) {
      const { quiet, others } = await quietSymbols(database);
      const subjectOf = (symbol: string, at: number): Subject => ({ what: 'stale', subject: symbol, isSymbol: true, at });
      const troubles = quiet.map(({ symbol, since, length, usual, until }) =>
        troubleWith(
          subjectOf(symbol, until),
          `stale: ${symbol} is collected, but has had no tick for ${Math.floor(length / HOUR)} h (since ${new Date(since).toISOString().slice(0, 16)}Z); its pauses are rarely longer than ${Math.ceil(usual / HOUR)} h`,
        ),
      );
      return { at: now, troubles, looked: others.map(({ symbol, until }) => subjectOf(symbol, until)) };
    },
  };
}

/** Checks whether open runs will meet their deadlines, judged by the usual durations of their tasks, so that an alert comes early. */
export function deadlineCheck({ database, lab, log }: { database: Queryable; lab: () => Promise<PredictLab>; log: Log }): Check {
  return {
    name: 'deadlines',
    everyMs: 60_000,
    async look(now) {
      const troubles: Trouble[] = [];
      for (const { runId, executionId, line } of await runsWithDeadline(database)) {
        const { deadline } = await (await lab()).status({ runId, executionId });
        const warning = deadline?.warning;
        if (warning === null || warning === undefined) continue;
        log.warn(warning, { runId });
        troubles.push(deadlineTrouble({ line, at: now, why: `${runId}: ${warning}` }));
      }
      // Nothing counts as well here: the incident closes when a run ends within its deadline.
      return { at: now, troubles, looked: [] };
    },
  };
}

const FORGOTTEN_MS = 7 * DAY_MS;

/** Closes incidents that no check will close: those of removed or disabled symbols, and those whose trouble was not seen for a week. */
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
      const names = symbols.map(({ subject }) => subject);
      const gone = new Set(await disabledAmong(database, names));
      const looked = symbols.filter(({ subject }) => gone.has(subject)).map((subject) => ({ ...subject, at: now }));
      return { at: now, troubles: [], looked };
    },
  };
}

/** Used share of a request budget, in [0, 1], at which requests count as near the limit. */
const NEAR_LIMIT = 0.85;
/** Number of checks in a row, one per minute, that find requests near the limit before it is a trouble; a short burst is not. */
const CHECKS = 5;

/** Checks whether requests to a venue have been near the venue's limit for some minutes, which makes collection wait. */
export function requestBudgetCheck({ database, limits }: { database: Queryable; limits: Readonly<Record<string, RateLimit>> }): Check {
  return {
    name: 'request budgets',
    everyMs: 60_000,
    async look(now) {
      const before = (await readWatchState<Record<string, number>>(database, 'budgets')) ?? {};
      const counts: Record<string, number> = {};
      for (const { name, used } of await usedBudgets(database, limits)) if (used >= NEAR_LIMIT) counts[name] = (before[name] ?? 0) + 1;
      if (JSON.stringify(counts) !== JSON.stringify(before)) await saveWatchState(database, 'budgets', counts);
      const subjectOf = (name: string) => ({ what: 'budget', subject: name, isSymbol: false, at: now });
      const busy = Object.keys(counts).filter((name) => counts[name] >= CHECKS);
      const troubles = busy.map((name) =>
        troubleWith(
          subjectOf(name),
          `budget: requests to ${name} have been near the venue's limit for ${CHECKS} minutes, so that collection waits; fewer symbols, or another address (docs/sources.md)`,
        ),
      );
      const calm = Object.keys(limits).filter((name) => counts[name] === undefined);
      return { at: now, troubles, looked: calm.map(subjectOf) };
    },
  };
}

/** Checks whether the database allows enough connections for all running workers and has refused none. */
export function connectionCheck({ database }: { database: Queryable }): Check {
  return {
    name: 'connections',
    everyMs: 60_000,
    async look(now) {
      const { workers, allowed, refused } = await fleetOf(database);
      const subject = { what: 'connections', subject: 'database', isSymbol: false, at: now };
      if (workers === 0) return undefined;
      if (refused === 0 && workers * MIN_CONNECTIONS <= allowed) return { at: now, troubles: [], looked: [subject] };
      const cause = `connections: the database allows ${allowed} for ${workers} workers and has refused some, so that tasks wait or fail; raise max_connections or the role's connection limit, or run fewer workers (docs/deployment.md)`;
      return { at: now, troubles: [troubleWith(subject, cause)], looked: [] };
    },
  };
}
