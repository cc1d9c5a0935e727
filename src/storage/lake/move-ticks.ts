import { createWriteStream } from 'node:fs';
import { rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { badInput, PredictLabError } from '../../contracts/errors.ts';
import { type FolderWriter, openFolder, publishManifest } from '../../files/dataset/write-folder.ts';
import { openDuckDb, sqlText } from '../../files/duckdb.ts';
import { type Database, onSnapshot, type Transaction } from '../database/database.ts';
import { storedMonths } from '../ticks/partitions.ts';
import { endOfMonth, type Lake, type LakeFile, lakeFiles, lakeOf, startOfMonth } from './lake.ts';
import { lakeTicks, movedRanges } from './lake-ticks.ts';
import { manifestOf, openLake } from './open-lake.ts';

/** Columns of a month's ticks that COPY writes and DuckDB reads. */
const COPIED =
  "{'instrument': 'varchar', 'kind': 'smallint', 'time': 'bigint', 'seq': 'bigint', 'price': 'double', 'size': 'double', 'side': 'smallint', 'outcome': 'varchar', 'trade_id': 'varchar', 'identity': 'varchar', 'flags': 'bigint', 'grain': 'bigint'}";

/**
 * Key of the advisory lock that lets one process move ticks at a time; arbitrary, but the same in every process. A second one would remove
 * files of the first that are not listed yet.
 */
const MOVE_LOCK = 7_305_310_006;

/** Maximum number of attempts to move a month while other processes store rows into it. */
const ATTEMPTS = 3;

export interface MoveRequest {
  /** Only months that end by this instant are moved; UTC epoch milliseconds. */
  readonly before: number;
  /** The folder of the lake. @default the recorded one */
  readonly folder?: string | undefined;
  /** Called after each step, for tests that interrupt the move there. */
  readonly onStep?: ((step: MoveStep) => void | Promise<void>) | undefined;
}

export type MoveStep = 'copied' | 'written' | 'placed' | 'locked' | 'recorded' | 'dropped' | 'committed' | 'published';

/**
 * Moves the ticks of whole months into the lake: first it writes the files; one transaction then records them and drops the partition. A
 * killed move never leaves a month half moved; the next move removes files that were not committed.
 * @returns the number of moved ticks
 */
export async function moveTicks(database: Database, request: MoveRequest): Promise<number> {
  return await database.transaction(async (turn) => {
    await turn.query('set local idle_in_transaction_session_timeout = 0');
    const { rows: locked } = await turn.query<{ free: boolean }>('select pg_try_advisory_xact_lock($1) as free', [MOVE_LOCK]);
    if (!locked[0].free)
      throw new PredictLabError('StorageUnavailable', 'another process moves ticks to the lake; prune again when it ends');
    const lake = await openLake(database, request.folder);
    let rows = 0;
    for (const month of await oldMonths(database, request.before)) rows += await moveMonth(database, lake, month, request.onStep);
    return rows;
  });
}

/** Counts the ticks that would be moved. */
export async function movableTicks(database: Database, before: number): Promise<number> {
  const { rows } = await database.query<{ rows: number }>('select count(*) as rows from ticks where time < $1', [startOfMonth(before)]);
  return rows[0].rows;
}

const oldMonths = async (database: Database, before: number): Promise<readonly number[]> =>
  (await storedMonths(database)).filter((month) => endOfMonth(month) <= before);

/** The files that were written for a month, and the state of the month's ticks at that time. */
interface WrittenMonth {
  readonly revision: number | undefined;
  readonly digest: string;
  readonly files: readonly Omit<LakeFile, 'modified'>[];
  readonly rows: number;
}

async function moveMonth(database: Database, { id, folder }: Lake, month: number, onStep: MoveRequest['onStep']): Promise<number> {
  for (let attempt = 1; ; attempt++) {
    const writer = await openFolder(folder, { grow: true });
    try {
      const written = await onSnapshot(database, (transaction) => writeMonth(transaction, writer, month, onStep));
      await onStep?.('written');
      await writer.place();
      await onStep?.('placed');
      const isMoved = await database.transaction((transaction) => commitMonth(transaction, { folder, month, written }, onStep));
      if (isMoved) {
        await onStep?.('committed');
        await publishManifest(folder, manifestOf(id, await lakeFiles(database)));
        await onStep?.('published');
        return written.rows;
      }
      if (attempt === ATTEMPTS)
        throw new PredictLabError(
          'StorageUnavailable',
          `ticks of ${nameOf(month)} were stored during each of ${ATTEMPTS} attempts to move the month to ${folder}; prune again later`,
        );
    } finally {
      await writer.abandon();
    }
  }
}

const nameOf = (month: number): string => new Date(month).toISOString().slice(0, 7);

/** A value that changes whenever ticks of a month are added, corrected or removed. */
async function digestOf(transaction: Transaction, month: number): Promise<string> {
  const { rows } = await transaction.query<{ digest: string }>(
    `select md5(coalesce(string_agg(instrument || ' ' || version || ' ' || ticks, ',' order by instrument), '')) as digest from (
       select instrument, max(version) as version, sum(ticks) as ticks from tick_hours where hour >= $1::bigint / 3600000 and hour < $2::bigint / 3600000 group by 1) h`,
    [month, endOfMonth(month)],
  );
  return rows[0].digest;
}

/** Writes a file for each source, with the month's ticks from the database and from the earlier file that it replaces. */
async function writeMonth(
  transaction: Transaction,
  writer: FolderWriter,
  month: number,
  onStep: MoveRequest['onStep'],
): Promise<WrittenMonth> {
  const range = { from: month, to: endOfMonth(month) };
  const within = `t.time >= ${range.from} and t.time < ${range.to}`;
  const { rows: sources } = await transaction.query<{ source: string; rows: number }>(
    `select i.source, count(*) as rows from ticks t join instruments i on i.key = t.instrument where ${within} group by 1 order by 1`,
  );
  const { rows: noted } = await transaction.query<{ source: string; rows: number }>(
    `select i.source, sum(h.ticks)::bigint as rows from tick_hours h join instruments i on i.key = h.instrument
     where h.hour >= $1::bigint / 3600000 and h.hour < $2::bigint / 3600000 group by 1`,
    [range.from, range.to],
  );
  const files: Omit<LakeFile, 'modified'>[] = [];
  for (const { source } of sources) {
    const copy = path.join(writer.stage, `${source}.csv`);
    const select = `select i.id, t.kind, t.time, t.seq, t.price, t.size, t.side, t.outcome, t.trade_id, t.identity, t.flags, t.grain
      from ticks t join instruments i on i.key = t.instrument where ${within} and i.source = ${sqlText(source)}`;
    const text = transaction.copyOut(`copy (${select}) to stdout (format csv, null '\\N', force_quote (id, outcome, trade_id, identity))`);
    await pipeline(Readable.from(text, { objectMode: false }), createWriteStream(copy));
    await onStep?.('copied');
    const keys = await transaction.query<{ key: number }>('select key from instruments where source = $1', [source]);
    const moved = await movedRanges(
      transaction,
      range,
      keys.rows.map(({ key }) => key),
    );
    const earlier =
      moved.length === 0
        ? undefined
        : `select e.*, i.id from ${await lakeTicks(transaction, moved)} e join (values ${moved.map(({ key, id }) => `(${key}, ${sqlText(id)})`).join(', ')}) i(key, id) on i.key = e.instrument`;
    const file = await writer.add(`month=${nameOf(month)}/venue=${source}`, { name: 'lake', format: 'parquet' }, (to) =>
      writeParquet({ source, copy, earlier, to }),
    );
    await rm(copy);
    const expected = noted.find((one) => one.source === source)?.rows ?? 0;
    if (file?.rows !== expected)
      throw badInput(
        `${nameOf(month)} has ${file?.rows ?? 0} ticks of ${source}, but its hours add up to ${expected}; \`predictlab doctor --data\` shows where`,
      );
    files.push({ ...file, month, source });
  }
  const rows = sources.reduce((sum, one) => sum + one.rows, 0);
  return { revision: (await lakeOf(transaction))?.revision, digest: await digestOf(transaction, month), files, rows };
}

/** Writes ticks, sorted, to a Parquet file. @returns the number of rows */
async function writeParquet({
  source,
  copy,
  earlier,
  to,
}: {
  readonly source: string;
  readonly copy: string;
  readonly earlier: string | undefined;
  readonly to: string;
}): Promise<number> {
  const duckDb = await openDuckDb();
  const columns = 'kind, time, seq, price, size, side, outcome, trade_id, identity, flags, grain';
  try {
    const rows = `select instrument, ${columns} from read_csv(${sqlText(copy)}, header = false, delim = ',', quote = '"', escape = '"', nullstr = '\\N', auto_detect = false, columns = ${COPIED})
      ${earlier === undefined ? '' : `union all select id, ${columns} from (${earlier})`}`;
    await duckDb.run(
      `copy (select ${sqlText(source)} as source, instrument, case kind when 0 then 'trade' else 'price' end as kind, make_timestamptz(time * 1000) as time, seq, price, size,
         case side when 1 then 'buy' when 0 then 'sell' end as side, outcome, trade_id, identity, flags::bigint as flags, grain::bigint as grain
       from (${rows}) order by instrument, time, seq) to ${sqlText(to)} (format parquet, compression zstd)`,
    );
    let count = 0;
    for await (const [[n]] of duckDb.chunks(`select count(*)::double from read_parquet(${sqlText(to)}, hive_partitioning = false)`))
      count = n as number;
    return count;
  } finally {
    await duckDb.close();
  }
}

/** Records the files and drops the month's partition. @returns false, changing nothing, if ticks of the month have changed */
async function commitMonth(
  transaction: Transaction,
  { folder, month, written }: { readonly folder: string; readonly month: number; readonly written: WrittenMonth },
  onStep: MoveRequest['onStep'],
): Promise<boolean> {
  const range = `int8multirange(int8range(${month}, ${endOfMonth(month)}))`;
  const table = `ticks_${nameOf(month).replace('-', '_')}`;
  await transaction.query("set local lock_timeout = '20s'; set local statement_timeout = '30min'");
  // locks in the same order as the store stage: instruments, then their ticks
  await transaction.query(
    `select from instrument_state where instrument in (select instrument from ${table}) order by instrument for no key update`,
  );
  await transaction.query(`lock table only ticks, ${table} in access exclusive mode`);
  await transaction.query('lock table lake in share row exclusive mode');
  await onStep?.('locked');
  const lake: Lake | undefined = await lakeOf(transaction);
  if (lake?.revision !== written.revision || (await digestOf(transaction, month)) !== written.digest) return false;
  await transaction.query('update lake set revision = revision + 1');
  await transaction.query(`update instrument_state set moved = moved + ${range} where instrument in (select instrument from ${table})`);
  for (const file of written.files) {
    await transaction.query('delete from lake_files where month = $1 and source = $2', [month, file.source]);
    const { mtimeMs } = await stat(path.join(folder, file.path));
    await transaction.query(
      'insert into lake_files (path, month, source, rows, bytes, sha256, modified) values ($1, $2, $3, $4, $5, $6, $7)',
      [file.path, month, file.source, file.rows, file.bytes, file.sha256, mtimeMs],
    );
  }
  await onStep?.('recorded');
  await transaction.query(`drop table ${table}`);
  await onStep?.('dropped');
  return true;
}
