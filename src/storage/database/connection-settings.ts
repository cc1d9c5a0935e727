import type { ClientBase, ClientConfig } from 'pg';
import { checkedUrl, isSocket } from './database-url.ts';

const CONNECT_TIMEOUT_MS = 10_000;

/** Timeouts of a session by their names in Postgres; milliseconds. */
const SESSION_SETTINGS: Readonly<Record<string, number>> = {
  // A statement works on one batch; one that takes longer is stuck.
  statement_timeout: 120_000,
  lock_timeout: 30_000,
  // A worker that was stopped inside a transaction must not hold its locks for ever.
  idle_in_transaction_session_timeout: 300_000,
};

/** Where and how to connect. For the embedded server no PG… variable has a say. */
export function connectionSettings(url: string): ClientConfig {
  return {
    connectionString: checkedUrl(url),
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    ...(isSocket(url) ? { sslnegotiation: 'postgres' as const, client_encoding: 'UTF8' } : {}),
  };
}

/**
 * Sets a new connection's timeouts. By a statement, because poolers refuse start-up parameters that they do not know.
 */
export async function setUpSession(client: Pick<ClientBase, 'query'>): Promise<void> {
  await client.query(
    Object.entries(SESSION_SETTINGS)
      .map(([name, value]) => `set ${name} = ${value}`)
      .join('; '),
  );
}
