import { stat } from 'node:fs/promises';
import path from 'node:path';
import { badInput, PredictLabError } from '../../contracts/errors.ts';
import type { TimeRange } from '../../contracts/market-data.ts';
import { sha256Of } from '../../files/dataset/write-folder.ts';
import type { Queryable } from '../database/database.ts';

/** The folder of Parquet files to which old ticks were moved. */
export interface Lake {
  /** Id that the lake's manifest also states, so that no other database moves ticks into the folder. */
  readonly id: string;
  readonly folder: string;
  /** Rises whenever ticks move in or out. */
  readonly revision: number;
}

/** A committed file of the lake: the moved ticks of one month and source. */
export interface LakeFile {
  /** Path relative to the lake's folder. */
  readonly path: string;
  /** Start of the month, UTC epoch milliseconds. */
  readonly month: number;
  readonly source: string;
  readonly rows: number;
  readonly bytes: number;
  readonly sha256: string;
  /** Modification time of the file; UTC epoch milliseconds. */
  readonly modified: number;
}

/** The lake of a database; undefined when it has none. */
export async function lakeOf(queryable: Queryable): Promise<Lake | undefined> {
  return (await queryable.query<Lake & Record<string, unknown>>('select id, folder, revision from lake')).rows[0];
}

/** The committed files of the lake, by path. */
export async function lakeFiles(queryable: Queryable): Promise<readonly LakeFile[]> {
  return (await queryable.query<LakeFile & Record<string, unknown>>('select * from lake_files order by path')).rows;
}

/**
 * The files that hold the moved ticks of a range, with their whole paths, after checking that they are unchanged.
 * @throws PredictLabError StorageUnavailable when a file is missing; BadInput when one was changed
 */
export async function checkedFiles(queryable: Queryable, { from, to }: TimeRange): Promise<readonly LakeFile[]> {
  const lake = await lakeOf(queryable);
  const files = (await lakeFiles(queryable)).filter(({ month }) => month < to && endOfMonth(month) > from);
  if (lake === undefined || files.length === 0)
    throw badInput('the database lists no lake file for ticks that were moved; restore a backup');
  for (const file of files) await checkFile(lake.folder, file);
  return files.map((file) => ({ ...file, path: path.join(lake.folder, file.path) }));
}

/** Start of the month after the one that starts at `month`. */
export function endOfMonth(month: number): number {
  const date = new Date(month);
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1);
}

/** Start of the month of a time; UTC epoch milliseconds. */
export function startOfMonth(time: number): number {
  const date = new Date(time);
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth());
}

/** Size and modification time of each file when its hash was last checked, by path. A copied file has another time but the same hash. */
const hashed = new Map<string, string>();

/** Checks a file by its size and modification time, and if the time differs, by its SHA-256. */
export async function checkFile(folder: string, { path: below, bytes, sha256, modified }: LakeFile): Promise<void> {
  const file = path.join(folder, below);
  const info = await stat(file).catch(() => undefined);
  if (info === undefined)
    throw new PredictLabError(
      'StorageUnavailable',
      `${file} of the lake is missing; attach its disk or copy the folder back, or name its new place with \`predictlab prune --ticks <age> --lake <folder>\``,
    );
  if (info.size === bytes && info.mtimeMs === modified) return;
  const look = `${info.size} ${info.mtimeMs} ${sha256}`;
  if (hashed.get(file) === look) return;
  if (info.size !== bytes || (await sha256Of(file)) !== sha256)
    throw badInput(`${file} of the lake was changed since it was written; copy it back from a backup`);
  hashed.set(file, look);
}
