import type { TickKind } from '../../contracts/words.ts';
import type { Queryable } from '../database/database.ts';

/** The rows of a file that an import has stored. */
export interface ImportProgress {
  /** Rows up to this line are stored. */
  readonly line: number;
  /** The time from the first to the last of them, by kind; UTC epoch milliseconds. */
  readonly spans: Readonly<Partial<Record<TickKind, { readonly from: number; readonly to: number }>>>;
  /** What was counted so far. */
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
