import { createHash } from 'node:crypto';
import type { Queryable } from './database.ts';

/** Eight characters that identify a database, whatever address it is reached by; undefined where the server does not allow reading its identifier. */
export async function databaseMark(queryable: Queryable): Promise<string | undefined> {
  const { rows } = await queryable
    .query<{ identity: string }>(
      `select (select system_identifier from pg_control_system())::text || ' ' || oid::text as identity from pg_database where datname = current_database()`,
    )
    .catch(() => ({ rows: [] }));
  return rows.length === 0 ? undefined : createHash('sha256').update(rows[0].identity).digest('hex').slice(0, 8);
}
