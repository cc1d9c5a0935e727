import { createHash } from 'node:crypto';
import type { Queryable } from './database.ts';

/**
 * Eight characters that two processes share when they work on the same database, by whatever address they reach it; undefined
 * where the server does not tell.
 */
export async function databaseMark(queryable: Queryable): Promise<string | undefined> {
  const { rows } = await queryable
    .query<{ identity: string }>(
      `select (select system_identifier from pg_control_system())::text || ' ' || oid::text as identity from pg_database where datname = current_database()`,
    )
    .catch(() => ({ rows: [] }));
  return rows.length === 0 ? undefined : createHash('sha256').update(rows[0].identity).digest('hex').slice(0, 8);
}
