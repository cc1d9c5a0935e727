import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { DatabaseError, Pool, type PoolClient, type QueryConfig, types } from 'pg';
import { from as copyFrom, to as copyTo } from 'pg-copy-streams';
import { connectionSettings, SteadyClient, setUpSession } from './connection-settings.ts';
import type { Database, PreparedStatement, Queryable, Transaction } from './database.ts';
import { checkOrigin, migrate } from './migrate.ts';
import { storageError } from './storage-error.ts';

const INT8 = 20;
/** SQLSTATE of a refused connection because the server, the role or the database has reached its limit. */
const TOO_MANY_CONNECTIONS = '53300';

export interface OpenDatabaseOptions {
  /** `postgresql://user:password@host:5432/name`, or `…@localhost/name?host=<socket folder>` */
  readonly url: string;
  /** Maximum number of connections of the pool. @default 10 */
  readonly max?: number;
  /** Name that `pg_stat_activity` shows for the connections. @default "predictlab" */
  readonly applicationName?: string;
  /**
   * Schema to work in. Each statement then runs in a transaction that names it, because a pooler in transaction mode may give every
   * transaction another session. @default the connection's own
   */
  readonly schema?: string;
  /** Whether to apply missing migrations on opening. @default true */
  readonly migrate?: boolean;
}

/**
 * Connects and brings the tables up to date.
 * @throws PredictLabError `StorageUnavailable` when no server answers or it refuses; `BadInput` when another version made the tables
 */
export async function openDatabase(options: OpenDatabaseOptions): Promise<Database> {
  const database = createDatabase(options);
  try {
    if (options.migrate !== false) await migrate(database);
    else await checkOrigin(database, options.url);
  } catch (error) {
    await database.close();
    throw error;
  }
  return database;
}

function createDatabase({ url, max = 10, applicationName = 'predictlab', schema }: OpenDatabaseOptions): Database {
  let pool: Pool;
  try {
    pool = new Pool({
      ...connectionSettings(url),
      max,
      Client: SteadyClient,
      application_name: applicationName,
      // oxlint-disable-next-line typescript/no-misused-promises -- the pool waits for it before it hands the connection out
      onConnect: setUpSession,
      // All bigint columns are milliseconds, counts and sequence numbers: below 2^53.
      types: {
        getTypeParser: ((oid: number, format?: 'text') =>
          oid === INT8 ? Number : types.getTypeParser(oid, format)) as typeof types.getTypeParser,
      },
    });
  } catch (error) {
    throw storageError(error, url);
  }
  // needs no action: the next query replaces an idle connection that broke
  pool.on('error', () => undefined);

  const mapped = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      throw storageError(error, url);
    }
  };
  const scope = schema === undefined ? '' : `; set local search_path = ${schema}`;
  let refused = 0;
  /** Returns a connection. When the server has none left, waits for a connection of this pool, if the pool has any. */
  const connect = async (): Promise<PoolClient> => {
    for (;;) {
      try {
        return await pool.connect();
      } catch (error) {
        if (!(error instanceof Error && 'code' in error && error.code === TOO_MANY_CONNECTIONS)) throw error;
        refused++;
        if (pool.totalCount === 0) throw error;
        pool.options.max = pool.totalCount;
      }
    }
  };
  const withClient = async <T>(work: (client: PoolClient) => Promise<T>): Promise<T> => {
    const client = await connect();
    let broken: Error | undefined;
    const onError = (error: Error) => {
      broken = error;
    };
    client.on('error', onError);
    try {
      return await work(client);
    } catch (error) {
      // A connection inside a failed COPY, or a lost one, is closed rather than reused.
      if (!(error instanceof DatabaseError) || abandoned.has(client)) broken ??= error instanceof Error ? error : new Error(String(error));
      throw error;
    } finally {
      client.off('error', onError);
      client.release(broken ?? pool.totalCount > pool.options.max);
    }
  };

  const inTransaction = <T>(work: (transaction: Transaction) => Promise<T>): Promise<T> =>
    mapped(() => withClient((client) => transaction(client, { url, scope }, work)));

  return {
    url,
    connections: () => ({ busy: pool.totalCount - pool.idleCount, idle: pool.idleCount, waiting: pool.waitingCount, refused }),
    resize(connections) {
      pool.options.max = connections;
    },
    query: (sql, values) =>
      schema === undefined
        ? mapped(() => withClient((client) => client.query(queryOf(sql, values))))
        : inTransaction((only) => only.query(sql, values)),
    copyIn: (text, chunks) =>
      schema === undefined
        ? mapped(() => withClient((client) => copyIn(client, text, chunks)))
        : inTransaction((only) => only.copyIn(text, chunks)),
    async *copyOut(text) {
      const client = await mapped(connect);
      let finished = false;
      try {
        // no timeouts, because the caller decides how fast it reads
        await client.query(`begin read only; set local statement_timeout = 0; set local idle_in_transaction_session_timeout = 0${scope}`);
        yield* copyOut(client, text);
        await client.query('commit');
        finished = true;
      } catch (error) {
        throw storageError(error, url);
      } finally {
        client.release(!finished);
      }
    },
    transaction: inTransaction,
    close: () => pool.end(),
  };
}

const queryOf = (sql: string | PreparedStatement, values: readonly unknown[] = []): QueryConfig => ({
  ...(typeof sql === 'string' ? { text: sql } : sql),
  values: values as unknown[],
});

async function transaction<T>(
  client: PoolClient,
  { url, scope }: { readonly url: string; readonly scope: string },
  work: (transaction: Transaction) => Promise<T>,
): Promise<T> {
  await client.query(`begin${scope}`);
  try {
    const result = await work(transactionOn(client, url));
    if (abandoned.has(client)) throw new Error('a COPY was left before its end: its transaction cannot be committed');
    await client.query('commit');
    return result;
  } catch (error) {
    // a connection with an abandoned COPY would never answer a rollback, because nothing reads the rest of the COPY
    if (!abandoned.has(client)) await client.query('rollback').catch(() => undefined);
    throw error;
  }
}

function transactionOn(client: PoolClient, url: string): Transaction {
  const queries: Queryable = {
    query: async (sql, values) => {
      try {
        return await client.query(queryOf(sql, values));
      } catch (error) {
        throw storageError(error, url);
      }
    },
    copyIn: (text, chunks) => copyIn(client, text, chunks),
    copyOut: (text) => copyOut(client, text),
  };
  return { ...queries, transaction: true };
}

async function copyIn(client: PoolClient, text: string, chunks: Iterable<Buffer> | AsyncIterable<Buffer>): Promise<void> {
  await pipeline(Readable.from(chunks, { objectMode: false }), client.query(copyFrom(text)));
}

/** Connections on which a COPY was not read to its end; they cannot be reused. */
const abandoned = new WeakSet<PoolClient>();

async function* copyOut(client: PoolClient, text: string): AsyncIterable<Buffer> {
  let isOver = false;
  try {
    for await (const chunk of client.query(copyTo(text))) yield chunk as Buffer;
    isOver = true;
  } catch (error) {
    // the server has ended the COPY itself
    isOver = error instanceof DatabaseError;
    throw error;
  } finally {
    if (!isOver) abandoned.add(client);
  }
}
