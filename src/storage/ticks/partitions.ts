import { DAY_MS } from '../../contracts/words.ts';
import { type Queryable, type Transaction, withinTransaction } from '../database/database.ts';

/** Key of the advisory lock that lets one process create partitions at a time; arbitrary, but the same in every process. */
const PARTITION_LOCK = 7_305_310_002;

interface Month {
  /** Name of the partition, such as `ticks_2026_11`. */
  readonly table: string;
  /** The partition has ticks of `from ≤ time < to`; UTC epoch milliseconds. */
  readonly from: number;
  readonly to: number;
}

/**
 * Creates the monthly partitions of `ticks` for these days, and the next one. With a database (not a transaction), each is created in a
 * transaction of its own and attached, which neither waits for nor blocks writers of other months.
 * @param days UTC days since the epoch
 */
export async function ensurePartitions(queryable: Queryable, days: readonly number[]): Promise<void> {
  if (days.length === 0) return;
  const newest = monthOf(Math.max(...days) * DAY_MS);
  const wanted = new Map([...days.map((day) => monthOf(day * DAY_MS)), monthOf(newest.to)].map((month) => [month.table, month]));
  const known = new Set(await partitionNames(queryable));
  for (const month of wanted.values()) if (!known.has(month.table)) await createPartition(queryable, month);
}

async function createPartition(queryable: Queryable, { table, from, to }: Month): Promise<void> {
  await withinTransaction(queryable, async (transaction) => {
    await holdPartitions(transaction);
    if ((await partitionNames(transaction)).includes(table)) return;
    await transaction.query(`create table ${table} (like ticks including all, check (time >= ${from} and time < ${to}))`);
    await transaction.query(`alter table ticks attach partition ${table} for values from (${from}) to (${to})`);
  });
}

/** Keeps other processes from creating or dropping partitions until the transaction ends. */
export async function holdPartitions(transaction: Transaction): Promise<void> {
  await transaction.query('select pg_advisory_xact_lock($1)', [PARTITION_LOCK]);
}

/** The partitions of `ticks`, oldest first. */
export async function partitionNames(queryable: Queryable): Promise<readonly string[]> {
  const { rows } = await queryable.query<{ name: string }>(
    "select c.relname as name from pg_inherits i join pg_class c on c.oid = i.inhrelid where i.inhparent = 'ticks'::regclass order by 1",
  );
  return rows.map(({ name }) => name);
}

/** The months that have ticks, oldest first; UTC epoch milliseconds. */
export async function storedMonths(queryable: Queryable): Promise<readonly number[]> {
  const months: number[] = [];
  for (const name of await partitionNames(queryable)) {
    const { rowCount } = await queryable.query(`select from ${name} limit 1`);
    const [year, month] = name.split('_').slice(-2).map(Number);
    if (rowCount === 1) months.push(Date.UTC(year, month - 1));
  }
  return months;
}

function monthOf(time: number): Month {
  const date = new Date(time);
  const year = date.getUTCFullYear();
  const month = date.getUTCMonth();
  return {
    table: `ticks_${String(year).padStart(4, '0')}_${String(month + 1).padStart(2, '0')}`,
    from: Date.UTC(year, month, 1),
    to: Date.UTC(year, month + 1, 1),
  };
}
