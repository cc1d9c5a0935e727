import { mkdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { DuckDBAppender, DuckDBConnection, DuckDBValue } from '@duckdb/node-api';
import { badInput, messageOf, PredictLabError } from '../contracts/errors.ts';
import { partialOf, removeLeftovers } from './write/write-output.ts';

/** A DuckDB of this process, which reads and writes Parquet and sorts more rows than fit in memory. */
export interface DuckDb {
  /** Where it spills what does not fit into memory; files there go when it is closed. */
  readonly folder: string;
  run(sql: string): Promise<void>;
  /** The columns of each chunk of a result, as it is read. */
  chunks(sql: string): AsyncGenerator<readonly (readonly DuckDBValue[])[]>;
  append(table: string): Promise<DuckDBAppender>;
  /** Closes it and removes what it has spilled to disk. */
  close(): Promise<void>;
}

/** Most memory that DuckDB takes; what does not fit is spilled to disk. */
const MEMORY = '512MB';

/** Opens a DuckDB in memory. It loads no extension from the network and spills into a folder of its own among the temporary files. */
export async function openDuckDb(): Promise<DuckDb> {
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
  const connection: DuckDBConnection = await instance.connect();
  await connection.run("set TimeZone = 'UTC'");
  return {
    folder: spill,
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
      instance.closeSync();
      await rm(spill, { recursive: true, force: true });
    },
  };
}

/** Loaded only when needed: its library takes 70 MB. @throws PredictLabError BadInput on a platform without it */
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

/** Turns an error of DuckDB about files into one sentence; errors of PredictLab stay as they are. */
export const unreadableByDuckDb = (paths: string, error: unknown): unknown =>
  error instanceof PredictLabError || (error instanceof Error && error.name === 'AbortError')
    ? error
    : badInput(
        `${paths} cannot be read: ${messageOf(error).split('\n')[0]}; fetch or write the data again, and check the disk space for temporary files`,
        {
          cause: error,
        },
      );
