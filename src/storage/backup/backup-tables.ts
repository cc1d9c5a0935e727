import type { Queryable } from '../database/database.ts';

/** A table as a backup holds it. */
export interface BackupTable {
  readonly table: string;
  readonly columns: readonly string[];
}

/**
 * Lists the tables to back up, referenced tables before those that refer to them; the monthly partitions of `ticks` are part of `ticks`. Unlogged
 * tables hold nothing worth keeping, and a replica cannot read them.
 */
export async function backupTables(queryable: Queryable): Promise<readonly BackupTable[]> {
  const { rows } = await queryable.query<{ table: string; columns: string[]; refers: string[] | null }>(
    `select c.relname as table, array_agg(a.attname::text order by a.attnum) as columns,
       (select array_agg(distinct f.confrelid::regclass::text) from pg_constraint f where f.conrelid = c.oid and f.contype = 'f') as refers
     from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
     where c.relnamespace = (select relnamespace from pg_class where oid = 'symbols'::regclass) and c.relkind in ('r', 'p') and not c.relispartition
       and c.relpersistence = 'p' and c.relname <> 'schema_migrations' and exists (select from schema_migrations)
     group by c.oid, c.relname order by c.relname`,
  );
  const ordered: BackupTable[] = [];
  let waiting = rows;
  while (waiting.length > 0) {
    const done = new Set(ordered.map(({ table }) => table));
    const ready = waiting.filter(({ table, refers }) => (refers ?? []).every((other) => other === table || done.has(other)));
    if (ready.length === 0)
      throw new Error(`these tables refer to each other in a circle: ${waiting.map(({ table }) => table).join(', ')}`);
    ordered.push(...ready.map(({ table, columns }) => ({ table, columns })));
    waiting = waiting.filter((one) => !ready.includes(one));
  }
  return ordered;
}

/** A table’s columns, quoted, as SQL lists them. */
export const columnList = ({ columns }: BackupTable): string => columns.map((column) => `"${column}"`).join(', ');

/** COPY statement that writes a table's rows as text, in their physical order, which may differ from the order in which they were loaded. */
export const copyOutOf = (table: BackupTable): string => `copy (select ${columnList(table)} from ${table.table}) to stdout`;
