import type { RateLimit } from '../budget/rate-limits.ts';
import {
  EMPTY_WINDOW,
  type Grant,
  grantTokens,
  pauseWindow,
  usedShare,
  type WindowState,
  type WindowStore,
} from '../budget/sliding-window.ts';
import type { Queryable } from './database/database.ts';

interface StateRow {
  readonly state: WindowState | null;
  readonly version: number | null;
  /** The database's clock, the one that all workers share; UTC epoch milliseconds. */
  readonly now: number;
}

const READ = `
select b.state, b.version, (extract(epoch from clock_timestamp()) * 1000)::float8 as now
from (select $1::text as name) n left join rate_budgets b on b.name = n.name`;
const CREATE = 'insert into rate_budgets (name, state) values ($1, $2) on conflict do nothing';
const WRITE = 'update rate_budgets set state = $2, version = version + 1 where name = $1 and version = $3';

/** Maximum number of attempts to grant a request: an attempt fails if another worker writes between its read and its write. */
const TRIES = 20;

/** Creates sliding windows in Postgres that all workers share. A grant is a read and a conditional write; it is repeated on a conflict. */
export function createPostgresWindows(database: Queryable): WindowStore {
  async function change<T>(
    name: string,
    next: (state: WindowState, now: number) => { state: WindowState; result: T },
  ): Promise<T | undefined> {
    for (let attempt = 0; attempt < TRIES; attempt++) {
      const row = (await database.query<StateRow>(READ, [name])).rows[0];
      const { state, result } = next(row?.state ?? EMPTY_WINDOW, row?.now ?? 0);
      const json = JSON.stringify(state);
      const written =
        row?.version === null || row === undefined
          ? await database.query(CREATE, [name, json])
          : await database.query(WRITE, [name, json, row.version]);
      if (written.rowCount === 1) return result;
    }
    return undefined;
  }

  return {
    async take(name, limit, want, reserve): Promise<Grant> {
      const grant = await change(name, (before, now) => {
        const { state, ...result } = grantTokens(before, { limit, want, reserve, now });
        return { state, result };
      });
      return grant ?? { granted: 0, waitMs: 20, paused: false };
    },
    async pause(name, waitMs) {
      await change(name, (state, now) => ({ state: pauseWindow(state, now + waitMs), result: undefined }));
    },
  };
}

/** Used share of each budget at this moment, in [0, 1]. It is 1 while the budget's venue requires all clients to wait. */
export async function usedBudgets(
  database: Queryable,
  limits: Readonly<Record<string, RateLimit>>,
): Promise<readonly { readonly name: string; readonly used: number }[]> {
  const { rows } = await database.query<{ name: string; state: WindowState; now: number }>(
    'select name, state, (extract(epoch from clock_timestamp()) * 1000)::float8 as now from rate_budgets',
  );
  return rows.flatMap(({ name, state, now }) => {
    const limit = limits[name];
    return limit === undefined ? [] : [{ name, used: usedShare(state, limit, now) }];
  });
}
