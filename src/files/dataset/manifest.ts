import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { badInput, fileTrouble } from '../../contracts/errors.ts';
import { issueWords } from '../../contracts/text/issue-words.ts';
import { TABLE_FORMATS } from '../write/table.ts';

/** The version of a data set's layout and columns. It is raised when a reader of the previous version would misread the new one. */
export const SCHEMA = 1;

/** The name of the manifest, in the folder of the data set. */
export const MANIFEST = 'manifest.json';

const count = z.number().int().nonnegative();

const dataFile = z.object({
  /** Path below the folder, with `/`, such as `ticks/month=2026-11/venue=file/part-0001.parquet`. */
  path: z.string().refine((file) => !path.isAbsolute(file) && !file.split(/[/\\]/).includes('..'), 'names a file outside the folder'),
  table: z.string(),
  rows: count,
  bytes: count,
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
});

const manifest = z.object({
  schema: z.literal(SCHEMA),
  madeBy: z.string(),
  /** `dataset` if `publish` wrote the folder, else the name of the exported table. */
  what: z.string(),
  /** Identity of a lake. The database that fills the lake records it too. */
  lake: z.string().optional(),
  format: z.enum(TABLE_FORMATS),
  partitionBy: z.array(z.string()),
  /** Type of each column, by table. */
  tables: z.record(z.string(), z.record(z.string(), z.string())),
  files: z.array(dataFile),
  /** `asOf` of the newest run in a published data set, ISO 8601; candles whose interval ends later are not complete. */
  asOf: z.string().optional(),
  /** Intervals of a published data set's candles. */
  intervals: z.array(z.string()).optional(),
  /** Symbols that were selected; absent if the data set has all symbols. */
  symbols: z.array(z.string()).optional(),
  /** How far the ticks of each instrument were exported: the sequence number of the next tick, and the version of the instrument. */
  exported: z.array(z.object({ symbol: z.string(), instrument: z.string(), nextSeq: z.number(), version: z.number() })).optional(),
  /** Digest of the rows in the database from which each partition was written, by partition. */
  digests: z.record(z.string(), z.string()).optional(),
});

/** A file of a data set. */
export type DataFile = z.infer<typeof dataFile>;

/** Contents of `manifest.json`: a data set's files, and the facts that a later check or export of the set needs. */
export type Manifest = z.infer<typeof manifest>;

/** The manifest of a folder; undefined where there is none. @throws PredictLabError BadInput when it is damaged or of another schema */
export async function readManifest(folder: string): Promise<Manifest | undefined> {
  const file = path.join(folder, MANIFEST);
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined;
    throw badInput(`${file} cannot be read: ${fileTrouble(error)}`, { cause: error });
  });
  if (text === undefined) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw badInput(`${file} is not JSON, so the data set is damaged; copy or write it again`, { cause: error });
  }
  const { schema } = (value ?? {}) as { schema?: unknown };
  if (typeof schema === 'number' && schema !== SCHEMA)
    throw badInput(`${file}: its schema is ${schema}, and this version reads ${SCHEMA}; use the version that wrote it, or a newer one`);
  const read = manifest.safeParse(value);
  if (!read.success) {
    const [issue] = read.error.issues;
    throw badInput(
      `${[file, ...(issue.path.length > 0 ? [issue.path.join('.')] : [])].join(': ')}: ${issueWords(issue)}, so the data set is damaged; copy or write it again`,
    );
  }
  return read.data;
}
