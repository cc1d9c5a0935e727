import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { badInput, fileTrouble } from '../../contracts/errors.ts';
import { TABLE_FORMATS } from '../write/table.ts';

/** The version of the layout and the columns of a data set; raised when a reader of an older one would misread it. */
export const SCHEMA = 1;

/** The name of the manifest, in the folder of the data set. */
export const MANIFEST = 'manifest.json';

const count = z.number().int().nonnegative();

const dataFile = z.object({
  /** Below the folder, with `/`: `ticks/month=2026-11/venue=file/part-0001.parquet`. */
  path: z.string().refine((file) => !path.isAbsolute(file) && !file.split(/[/\\]/).includes('..'), 'names a file outside the folder'),
  table: z.string(),
  rows: count,
  bytes: count,
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
});

const manifest = z.object({
  schema: z.literal(SCHEMA),
  madeBy: z.string(),
  /** `dataset` of `publish`, or the table that was exported. */
  what: z.string(),
  /** Identity of a lake, which the database that fills it records too. */
  lake: z.string().optional(),
  format: z.enum(TABLE_FORMATS),
  partitionBy: z.array(z.string()),
  /** Type of each column, by table. */
  tables: z.record(z.string(), z.record(z.string(), z.string())),
  files: z.array(dataFile),
  /** Instant of the newest run in a published data set, ISO 8601; buckets that end later are open. */
  asOf: z.string().optional(),
  /** Intervals of a published data set's candles. */
  intervals: z.array(z.string()).optional(),
  /** Symbols that were selected; absent for all. */
  symbols: z.array(z.string()).optional(),
  /** Up to where the ticks of each instrument were exported: the next sequence number, and the version of the instrument. */
  exported: z.array(z.object({ symbol: z.string(), instrument: z.string(), nextSeq: z.number(), version: z.number() })).optional(),
  /** Digest of the rows of each partition as the database had them. */
  digests: z.record(z.string(), z.string()).optional(),
});

/** A file of a data set. */
export type DataFile = z.infer<typeof dataFile>;

/** Contents of `manifest.json`: which files a data set has, and what it needs to be checked or continued. */
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
    const [{ path: where, message }] = read.error.issues;
    throw badInput(`${file}: ${where.join('.')}: ${message}, so the data set is damaged; copy or write it again`);
  }
  return read.data;
}
