import { randomUUID } from 'node:crypto';
import type { Log } from '../../contracts/log.ts';
import type { TickKind } from '../../contracts/words.ts';
import { isGone, OWNER_MARK, ownerMark } from '../../processes/owner-mark.ts';
import { jsonb } from '../database/codes.ts';
import type { Queryable } from '../database/database.ts';
import { isCancelled } from '../database/storage-error.ts';
import { clearStaging } from './staging.ts';

export interface ImportProgress {
  readonly instrument: number;
  /** The file's path with its size and time of change. */
  readonly file: string;
  /** Rows up to this line are stored. */
  readonly line: number;
  /** The time from the first to the last stored row, by kind; UTC epoch milliseconds. */
  readonly spans: Readonly<Partial<Record<TickKind, { readonly from: number; readonly to: number }>>>;
  readonly counts: ImportCounts & {
    /** Name of the market in a file with several markets. */
    readonly market?: string;
    /** Whether all of the instrument's rows are stored. */
    readonly isWhole?: boolean;
  };
}

/** Numbers of an import's rows by result. */
export interface ImportCounts {
  readonly rows: number;
  readonly inserted: number;
  readonly duplicates: number;
  readonly quarantined: number;
  readonly reasons: Readonly<Record<string, number>>;
}

/** The counts of an import that has not read a row yet. */
export const NO_ROWS: ImportCounts = { rows: 0, inserted: 0, duplicates: 0, quarantined: 0, reasons: {} };

/** The sum of the counts of two parts of an import. */
export function sumOf(one: ImportCounts, other: ImportCounts): ImportCounts {
  const reasons = { ...one.reasons };
  for (const [reason, count] of Object.entries(other.reasons)) reasons[reason] = (reasons[reason] ?? 0) + count;
  return {
    rows: one.rows + other.rows,
    inserted: one.inserted + other.inserted,
    duplicates: one.duplicates + other.duplicates,
    quarantined: one.quarantined + other.quarantined,
    reasons,
  };
}

/** How far an import that was stopped had stored a symbol's files. */
export async function importProgress(queryable: Queryable, symbol: string, files: readonly string[]): Promise<readonly ImportProgress[]> {
  const { rows } = await queryable.query<ImportProgress>(
    `select instrument, file, line::float8 as line, spans, counts from import_progress p
     where file = any($2) and exists (select from symbol_instruments s where s.symbol = $1 and s.instrument = p.instrument)`,
    [symbol, files],
  );
  return rows;
}

/** Records how far files are stored. */
export async function saveImportProgress(queryable: Queryable, progress: readonly ImportProgress[]): Promise<void> {
  await queryable.query(
    `insert into import_progress (instrument, file, line, spans, counts)
     select * from jsonb_to_recordset($1::jsonb) as x(instrument integer, file text, line bigint, spans jsonb, counts jsonb)
     on conflict (instrument, file) do update set line = excluded.line, spans = excluded.spans, counts = excluded.counts`,
    [jsonb(progress)],
  );
}

/** Deletes the progress of instruments whose import has ended, and frees the space of the rows that they staged. */
export async function endImport(
  { database, log }: { readonly database: Queryable; readonly log: Log },
  instruments: readonly number[],
): Promise<void> {
  await database.query('delete from import_progress where instrument = any($1)', [instruments]);
  try {
    // gives only a warning if this role does not own the table, or if another import's vacuum is running
    await database.query('vacuum (skip_locked) staged_rows');
  } catch (error) {
    // the statement timeout cannot be lifted here, because VACUUM runs outside of transactions; the import itself is complete
    if (!isCancelled(error)) throw error;
    log.info('the space of the staged rows is given back later, by autovacuum');
  }
}

const ID = new RegExp(`^import-(${OWNER_MARK})-[0-9a-f]{8}$`);

/** An execution id under which an import stages its rows; names the process. */
export const newImportId = (): string => `import-${ownerMark()}-${randomUUID().slice(0, 8)}`;

/** Deletes rows that killed imports staged and that no run's end removes; returns their number. @param now UTC epoch milliseconds */
export async function dropAbandonedImports(database: Queryable, now: number): Promise<number> {
  let dropped = 0;
  for (const { executionId, at } of await withoutRun(database, 'import-')) {
    const mark = ID.exec(executionId)?.[1];
    if (mark === undefined || !isGone(mark, now - at)) continue;
    await clearStaging(database, { executionId });
    dropped++;
  }
  return dropped;
}

/** Executions that are not runs and have staged rows, with the time at which they last started staging; UTC epoch milliseconds. */
async function withoutRun(queryable: Queryable, prefix: string): Promise<readonly { executionId: string; at: number }[]> {
  const { rows } = await queryable.query<{ executionId: string; at: number }>(
    `select execution_id as "executionId", (extract(epoch from max(created_at)) * 1000)::float8 as at from staging_batches s
     where starts_with(execution_id, $1) and not exists (select from runs r where r.execution_id = s.execution_id) group by 1`,
    [prefix],
  );
  return rows;
}
