import { randomUUID } from 'node:crypto';
import type { TickKind } from '../../contracts/words.ts';
import { isGone, OWNER_MARK, ownerMark } from '../../processes/owner-mark.ts';
import type { Queryable } from '../database/database.ts';
import { clearStaging } from './staging.ts';

interface ImportProgress {
  /** Rows up to this line are stored. */
  readonly line: number;
  /** The time from the first to the last stored row, by kind; UTC epoch milliseconds. */
  readonly spans: Readonly<Partial<Record<TickKind, { readonly from: number; readonly to: number }>>>;
  readonly counts: ImportCounts;
}

/** Rows of an import by what became of them. */
export interface ImportCounts {
  readonly rows: number;
  readonly inserted: number;
  readonly duplicates: number;
  readonly quarantined: number;
  readonly reasons: Readonly<Record<string, number>>;
}

/** How far a file was stored by an import that was stopped; undefined for a file without such an import. */
export async function importProgress(queryable: Queryable, instrument: number, file: string): Promise<ImportProgress | undefined> {
  const { rows } = await queryable.query<ImportProgress>(
    'select line::float8 as line, spans, counts from import_progress where instrument = $1 and file = $2',
    [instrument, file],
  );
  return rows[0];
}

/** Records how far a file is stored. */
export async function saveImportProgress(queryable: Queryable, instrument: number, file: string, progress: ImportProgress): Promise<void> {
  await queryable.query(
    `insert into import_progress (instrument, file, line, spans, counts) values ($1, $2, $3, $4, $5)
     on conflict (instrument, file) do update set line = excluded.line, spans = excluded.spans, counts = excluded.counts`,
    [instrument, file, progress.line, JSON.stringify(progress.spans), JSON.stringify(progress.counts)],
  );
}

/** Forgets the progress of an instrument's files, whose import has ended. */
export async function clearImportProgress(queryable: Queryable, instrument: number): Promise<void> {
  await queryable.query('delete from import_progress where instrument = $1', [instrument]);
}

const ID = new RegExp(`^import-(${OWNER_MARK})-[0-9a-f]{8}$`);

/** An execution id under which an import stages its rows; names the process. */
export const newImportId = (): string => `import-${ownerMark()}-${randomUUID().slice(0, 8)}`;

/** Drops rows staged by killed imports, which no run's end removes; returns how many. @param now UTC epoch milliseconds */
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

/** Executions without a run that have staged rows, and when they last started staging; UTC epoch milliseconds. */
async function withoutRun(queryable: Queryable, prefix: string): Promise<readonly { executionId: string; at: number }[]> {
  const { rows } = await queryable.query<{ executionId: string; at: number }>(
    `select execution_id as "executionId", (extract(epoch from max(created_at)) * 1000)::float8 as at from staging_batches s
     where starts_with(execution_id, $1) and not exists (select from runs r where r.execution_id = s.execution_id) group by 1`,
    [prefix],
  );
  return rows;
}
