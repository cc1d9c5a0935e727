import { Client, type ClientBase, type ClientConfig } from 'pg';
import { checkedUrl, isSocket } from './database-url.ts';

const CONNECT_TIMEOUT_MS = 10_000;

/** Settings of every session, which override those of the server, the database and the role. */
const SESSION_SETTINGS: Readonly<Record<string, string>> = {
  // A statement works on one batch; one that takes longer is stuck.
  statement_timeout: '120s',
  lock_timeout: '30s',
  // A worker that was stopped inside a transaction must not hold its locks for ever.
  idle_in_transaction_session_timeout: '300s',
  // The code reads and writes values as text in this form.
  datestyle: 'ISO, YMD',
  timezone: 'UTC',
  intervalstyle: 'postgres',
  extra_float_digits: '1',
  array_nulls: 'on',
  standard_conforming_strings: 'on',
  // Code that locks rows relies on reading their newest committed version.
  default_transaction_isolation: 'read committed',
};

/** Settings with which `pg` connects to a URL. The PG… variables of the environment do not affect the embedded server. */
export function connectionSettings(url: string): ClientConfig {
  return {
    connectionString: checkedUrl(url),
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    ...(isSocket(url) ? { sslnegotiation: 'postgres' as const, client_encoding: 'UTF8' } : {}),
  };
}

/** Applies the settings to a new session, with a statement, because poolers refuse unknown start-up parameters. */
export async function setUpSession(client: Pick<ClientBase, 'query'>): Promise<void> {
  await client.query(
    Object.entries(SESSION_SETTINGS)
      .map(([name, value]) => `set ${name} = '${value}'`)
      .join('; '),
  );
}

/** A connection whose loss the next query reports. `pg` may also emit `error` at any time, which would end a process without a listener. */
export class SteadyClient extends Client {
  constructor(config?: string | ClientConfig) {
    super(config);
    this.on('error', () => undefined);
  }
}
