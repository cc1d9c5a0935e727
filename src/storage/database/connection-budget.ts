import { randomUUID } from 'node:crypto';
import { messageOf } from '../../contracts/errors.ts';
import type { Log } from '../../contracts/log.ts';
import type { Database, Queryable } from './database.ts';

/** Minimum number of connections of a worker: one for a task's transaction, one for everything else. */
export const MIN_CONNECTIONS = 2;
/** Minimum number of connections that workers leave to commands, pages and `doctor`; usually they leave a tenth of all. */
const KEPT_FREE = 5;
const BEAT_MS = 30_000;
/** Time without a sign of life after which a worker counts as gone. */
const SILENCE_SECONDS = 90;

export interface Fleet {
  readonly workers: number;
  /** Maximum number of connections of this role by the limits of server, role and database, without those reserved for superusers. */
  readonly allowed: number;
  /** Connections that the server refused to these workers since their second-last heartbeat. */
  readonly refused: number;
}

/** Connections that one worker may use. Never below the minimum, so the server can still refuse connections of too many workers. */
export function connectionShare({ workers, allowed }: Omit<Fleet, 'refused'>, wanted: number): number {
  const shared = allowed - Math.max(KEPT_FREE, Math.ceil(allowed / 10));
  return Math.max(MIN_CONNECTIONS, Math.min(wanted, Math.floor(shared / Math.max(1, workers))));
}

/** Number of running workers of the database, from their heartbeats, and number of connections that they share. */
export async function fleetOf(queryable: Queryable): Promise<Fleet> {
  const { rows } = await queryable.query<Fleet>(
    `select count(*)::int as workers, coalesce(sum((state->>'refused')::int), 0)::int as refused, least(
       current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int
         - coalesce(current_setting('reserved_connections', true)::int, 0),
       (select nullif(rolconnlimit, -1) from pg_roles where rolname = current_user),
       (select nullif(datconnlimit, -1) from pg_database where datname = current_database())) as allowed
     from watch_state where name like 'worker/%' and at > now() - make_interval(secs => ${SILENCE_SECONDS})`,
  );
  return rows[0];
}

/**
 * Registers this process as a worker of the database, and keeps its pool at its share of the connections as workers come and go.
 * @param options.wanted connections that the worker uses where there are enough
 */
export async function joinFleet(
  database: Database,
  { wanted, log, everyMs = BEAT_MS }: { readonly wanted: number; readonly log: Log; readonly everyMs?: number },
): Promise<{ close(): Promise<void> }> {
  const name = `worker/${randomUUID()}`;
  let refusedBefore = 0;
  const beat = async (): Promise<void> => {
    const { refused } = database.connections();
    await database.query(
      `with gone as (delete from watch_state where name like 'worker/%' and at < now() - make_interval(secs => ${SILENCE_SECONDS}) and name <> $1)
       insert into watch_state (name, state, at) values ($1, jsonb_build_object('refused', $2::int), now())
       on conflict (name) do update set state = excluded.state, at = excluded.at`,
      [name, refused - refusedBefore],
    );
    refusedBefore = refused;
    database.resize(connectionShare(await fleetOf(database), wanted));
  };
  await beat();
  let beating: Promise<void> | undefined;
  const timer = setInterval(() => {
    beating ??= beat()
      .catch((error: unknown) =>
        log.warn('this worker could not report its database connections; it tries again', { error: messageOf(error) }),
      )
      .finally(() => {
        beating = undefined;
      });
  }, everyMs);
  timer.unref();
  return {
    async close() {
      clearInterval(timer);
      await beating;
      // if the database is unavailable, other workers drop this one after SILENCE_SECONDS
      await database.query('delete from watch_state where name = $1', [name]).catch(() => undefined);
    },
  };
}
