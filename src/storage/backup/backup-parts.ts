import { createHash } from 'node:crypto';
import path from 'node:path';
import type { AppliedMigration } from '../database/migrate.ts';
import type { BackupTable } from './backup-tables.ts';

/** The version of the backup’s own format; 1 and 2 were written by PredictLab 0.1, whose tables were other ones. */
export const BACKUP_FORMAT = 3;

/** The first frame of a backup. */
export interface BackupHead {
  readonly predictlab: 'backup';
  readonly format: number;
  readonly migrations: readonly AppliedMigration[];
  readonly partitions: readonly string[];
  readonly tables: readonly BackupTable[];
}

/** What follows a table's or file's data: its counts and hash, with which a reader checks that all of it is there. */
export interface BackupTail {
  readonly rows: number;
  readonly bytes: number;
  readonly sha256: string;
}

/** The frame that announces a table or file, or ends the backup. */
export type PartStart = { readonly table: string } | { readonly file: string } | { readonly end: true };

/** The value as a backup's head; undefined when it is not one. */
export function headOf(value: unknown): BackupHead | undefined {
  if (!isObject(value) || value.predictlab !== 'backup' || !isCount(value.format) || value.format < 1) return undefined;
  return value as unknown as BackupHead;
}

/** Whether a head of the current format has all its lists, and names each table once. */
export function isWholeHead({ migrations, partitions, tables }: BackupHead): boolean {
  return (
    isListOf(migrations, (one) => isObject(one) && isCount(one.version) && isText(one.name) && isText(one.sha256)) &&
    isListOf(partitions, (name) => typeof name === 'string' && /^ticks_\d{4}_(0[1-9]|1[0-2])$/.test(name)) &&
    isListOf(tables, (table) => isObject(table) && isName(table.table) && isListOf(table.columns, isName)) &&
    new Set(tables.map(({ table }) => table)).size === tables.length
  );
}

/** The value as the start of a part; undefined when it is not one. */
export function partStartOf(value: unknown): PartStart | undefined {
  if (!isObject(value)) return undefined;
  if (value.end === true) return { end: true };
  if (isName(value.table)) return { table: value.table };
  return isFileName(value.file) ? { file: value.file } : undefined;
}

/** The value as a part's tail; undefined when it is not one. */
export function tailOf(value: unknown): BackupTail | undefined {
  if (!isObject(value) || !isCount(value.rows) || !isCount(value.bytes) || !isText(value.sha256)) return undefined;
  return { rows: value.rows, bytes: value.bytes, sha256: value.sha256 };
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> => typeof value === 'object' && value !== null;
const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;
const isText = (value: unknown): value is string => typeof value === 'string';
const isName = (value: unknown): value is string => typeof value === 'string' && /^[a-z_][a-z0-9_]*$/.test(value);
const isListOf = (value: unknown, is: (item: unknown) => boolean): boolean => Array.isArray(value) && value.every(is);

/** Whether a value is a path below the report folder. */
const isFileName = (value: unknown): value is string =>
  typeof value === 'string' &&
  value !== '' &&
  !value.includes('\0') &&
  !path.posix.isAbsolute(value) &&
  !value.split('/').some((part) => part === '' || part === '.' || part === '..');

/** Counts and hashes the bytes of a part. Each row of COPY's text format is one line. */
export class PartDigest {
  readonly #hash = createHash('sha256');
  #rows = 0;
  #bytes = 0;

  add(chunk: Buffer): void {
    this.#hash.update(chunk);
    this.#bytes += chunk.length;
    for (let at = chunk.indexOf(10); at >= 0; at = chunk.indexOf(10, at + 1)) this.#rows++;
  }

  tail(): BackupTail {
    return { rows: this.#rows, bytes: this.#bytes, sha256: this.#hash.digest('hex') };
  }
}
