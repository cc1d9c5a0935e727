import type { Queryable } from '../database/database.ts';

export interface BackupTable {
  readonly table: string;
  readonly columns: readonly string[];
}

/** Lists the tables to back up, referenced ones first. Partitions count as their table; unlogged (temporary) tables are left out. */
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

const NEWLINE = 10;
const FNV_PRIME = 0x0100_0193;
const FNV_OFFSET = 0x811c_9dc5;
/** A second odd multiplier and offset, so that rows with equal first hashes have different second hashes. */
const OTHER_PRIME = 0x9e37_79b1;
const OTHER_OFFSET = 0x2545_f491;

/**
 * A digest of rows in COPY's text format that does not depend on their order: two 32-bit FNV-1a hashes of each row, mixed (MurmurHash3's
 * finaliser) and added modulo 2^32, and the count. Equal digests mean equal rows.
 */
export class RowSum {
  #first = FNV_OFFSET;
  #second = OTHER_OFFSET;
  #firstSum = 0;
  #secondSum = 0;
  #rows = 0;

  /** Adds bytes; a chunk may start and end inside a row. */
  add(chunk: Uint8Array): void {
    let first = this.#first;
    let second = this.#second;
    for (let k = 0; k < chunk.length; k++) {
      const byte = chunk[k];
      if (byte === NEWLINE) {
        this.#firstSum = (this.#firstSum + mixed(first)) >>> 0;
        this.#secondSum = (this.#secondSum + mixed(second)) >>> 0;
        this.#rows++;
        first = FNV_OFFSET;
        second = OTHER_OFFSET;
      } else {
        first = Math.imul(first ^ byte, FNV_PRIME);
        second = Math.imul(second ^ byte, OTHER_PRIME);
      }
    }
    this.#first = first;
    this.#second = second;
  }

  get rows(): number {
    return this.#rows;
  }

  /** The digest of all complete rows, as text. */
  digest(): string {
    return [this.#rows, this.#firstSum, this.#secondSum].join(':');
  }
}

/** Mixes a hash so that every bit of it affects every bit of the result, and sums do not cancel out. */
function mixed(hash: number): number {
  let h = hash ^ (hash >>> 16);
  h = Math.imul(h, 0x85eb_ca6b);
  h ^= h >>> 13;
  h = Math.imul(h, 0xc2b2_ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
