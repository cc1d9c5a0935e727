import { mkdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { DuckDBAppender, DuckDBConnection, DuckDBValue } from '@duckdb/node-api';
import { badInput, messageOf, PredictLabError } from '../contracts/errors.ts';
import { partialOf, removeLeftovers } from './write/write-output.ts';

/** A DuckDB instance in this process, which reads and writes Parquet and sorts more rows than fit in memory. */
export interface DuckDb {
  /** Folder for rows that do not fit into memory; `close` removes it. */
  readonly folder: string;
  run(sql: string): Promise<void>;
  /** Yields the result of a query in chunks of rows, each as a list of columns. */
  chunks(sql: string): AsyncGenerator<readonly (readonly DuckDBValue[])[]>;
  append(table: string): Promise<DuckDBAppender>;
  /** Closes the database and removes its folder. */
  close(): Promise<void>;
}

/** Maximum memory of DuckDB, which writes further rows to disk. */
const MEMORY = '512MB';

/** Opens a DuckDB in memory. It loads no extension from the network; rows that do not fit into memory go to a temporary folder. */
export async function openDuckDb(): Promise<DuckDb> {
  const opened = await openInstance();
  return await opened.connect(() => opened.close());
}

interface OpenInstance {
  /** @param closed called once the connection is closed */
  connect(closed: () => Promise<void> | void): Promise<DuckDb>;
  close(): Promise<void>;
}

/** The instance that short queries of this process share, and the number of its open connections. It closes IDLE_MS after the last one. */
const shared: { instance: Promise<OpenInstance> | undefined; users: number } = { instance: undefined, users: 0 };
const IDLE_MS = 5_000;

/** Connects to the DuckDB that this process shares, which saves opening one for each short query. Close the connection after use. */
export async function connectDuckDb(): Promise<DuckDb> {
  shared.users++;
  const instance = (shared.instance ??= openInstance());
  const leave = (): void => {
    shared.users--;
    const closeIdle = (): void => {
      if (shared.users > 0 || shared.instance !== instance) return;
      shared.instance = undefined;
      // an instance that failed to open was reported to its users
      void instance.then((opened) => opened.close()).catch(() => undefined);
    };
    setTimeout(closeIdle, IDLE_MS).unref();
  };
  try {
    return await (await instance).connect(leave);
  } catch (error) {
    leave();
    shared.instance = undefined;
    throw error;
  }
}

async function openInstance(): Promise<OpenInstance> {
  const { DuckDBInstance } = await loadDuckDb();
  await removeLeftovers(tmpdir());
  const spill = partialOf(path.join(tmpdir(), 'predictlab-sort'));
  await mkdir(spill, { mode: 0o700 });
  const instance = await DuckDBInstance.create(':memory:', {
    memory_limit: MEMORY,
    threads: '2',
    temp_directory: spill,
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
  });
  return {
    connect: async (closed) => connected(await instance.connect(), spill, closed),
    async close() {
      instance.closeSync();
      await rm(spill, { recursive: true, force: true });
    },
  };
}

async function connected(connection: DuckDBConnection, folder: string, closed: () => Promise<void> | void): Promise<DuckDb> {
  await connection.run("set TimeZone = 'UTC'");
  return {
    folder,
    run: async (sql) => void (await connection.run(sql)),
    async *chunks(sql) {
      const result = await connection.stream(sql);
      for (;;) {
        const chunk = await result.fetchChunk();
        if (chunk === null || chunk === undefined || chunk.rowCount === 0) return;
        yield chunk.getColumns();
      }
    },
    append: (table) => connection.createAppender(table),
    async close() {
      connection.closeSync();
      await closed();
    },
  };
}

/** Loads DuckDB, at its first use because its library takes 70 MB. @throws PredictLabError BadInput on a platform without DuckDB */
async function loadDuckDb(): Promise<typeof import('@duckdb/node-api')> {
  try {
    return await import('@duckdb/node-api');
  } catch (error) {
    throw badInput(
      `Parquet needs DuckDB, which cannot be loaded on ${process.platform}-${process.arch}: ${messageOf(error).split('\n')[0]}; install again with optional dependencies, or use CSV`,
      { cause: error },
    );
  }
}

/** A name as an SQL identifier. */
export const sqlName = (name: string): string => `"${name.replaceAll('"', '""')}"`;

/** A text as an SQL literal. */
export const sqlText = (text: string): string => `'${text.replaceAll("'", "''")}'`;

/** Turns an error of DuckDB about files into one sentence; errors of PredictLab and aborts are returned unchanged. */
export const unreadableByDuckDb = (paths: string, error: unknown): unknown =>
  error instanceof PredictLabError || (error instanceof Error && error.name === 'AbortError')
    ? error
    : badInput(
        `${paths} cannot be read: ${messageOf(error).split('\n')[0]}; fetch or write the data again, and check the disk space for temporary files`,
        {
          cause: error,
        },
      );
