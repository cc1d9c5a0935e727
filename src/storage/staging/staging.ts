import type { CandidateRow, TimeRange } from '../../contracts/market-data.ts';
import type { CoverageEvidence, TickKind } from '../../contracts/words.ts';
import { BLOCK_BIT, kindCode, sideCode } from '../database/codes.ts';
import { CopyEncoder } from '../database/copy-format.ts';
import { type PreparedStatement, type Queryable, type Transaction, withinTransaction } from '../database/database.ts';
import { withExcluded } from '../ticks/coverage.ts';

/** Identifies staged rows by run, symbol and instrument. Rows of other runs and symbols are separate. */
export interface StagingKey {
  readonly executionId: string;
  readonly symbol: string;
  readonly instrumentKey: number;
  /** Number of withdrawals of the instrument's coverage before the walk was planned. @default none is needed (rows of a file) */
  readonly withdrawals?: number;
  /** Id of the batch of these rows, if it is known. @default it is looked up, or created */
  readonly batch?: number;
}

export interface StagedPage extends StagingKey {
  /** Number of the page, from 0 in order of collection; both kinds of ticks count together. */
  readonly pageNumber: number;
  /** Order of the rows inside the page, and of the pages. */
  readonly order: PageOrder;
  readonly rows: readonly CandidateRow[];
}

/** Stages one page of rows and returns their number; replaces that page and all later ones, so an attempt can continue anywhere. */
export async function stagePage(queryable: Queryable, page: StagedPage): Promise<number> {
  return await withinTransaction(queryable, async (transaction) => {
    const batch = await ensureBatch(transaction, page);
    const { below, from } = positionsFromPage(page.pageNumber);
    await transaction.query(DROP_PAGES, [batch, from, below]);
    if (page.rows.length === 0) return 0;
    await transaction.copyIn(`copy staged_rows (${STAGED_COLUMNS}) from stdin (format binary)`, [encodeRows(batch, page)]);
    return page.rows.length;
  });
}

const DROP_PAGES: PreparedStatement = {
  name: 'drop-staged-pages',
  text: 'delete from staged_rows where batch = $1 and (position >= $2 or position < $3)',
};

const STAGED_COLUMNS = 'position, time, price, size, batch, kind, side, defect, identity, outcome, trade_id, raw, grain, flags';

function encodeRows(batch: number, { order, pageNumber, rows }: StagedPage): Buffer {
  const encoder = new CopyEncoder(64 + rows.length * 256);
  rows.forEach((row, index) => {
    encoder.row(14);
    encoder.int8(stagingPosition(order, pageNumber, index));
    encoder.int8(wholeOrNull(row.time));
    encoder.float8(row.price);
    encoder.float8(row.size);
    encoder.int4(batch);
    encoder.int2(kindCode(row.kind));
    encoder.int2(sideCode(row.side));
    encoder.text(row.defect ?? (row.time !== null && wholeOrNull(row.time) === null ? 'not-finite' : null));
    encoder.text(row.identity);
    encoder.text(row.outcome);
    encoder.text(row.tradeId);
    encoder.text(row.raw);
    encoder.int4(row.grain ?? null);
    encoder.int2(row.block === true ? BLOCK_BIT : 0);
  });
  return encoder.finish();
}

/** A time as a whole number; null where no integer can hold it. */
const wholeOrNull = (time: number | null): number | null =>
  time !== null && Math.abs(time) < Number.MAX_SAFE_INTEGER ? Math.floor(time) : null;

/** What a walk through an instrument's ticks found out besides rows. */
export interface StagedCoverage extends StagingKey {
  readonly kind: TickKind;
  /** Ranges `[from, to)` that count as completely collected. @default evidence `walked` */
  readonly ranges: readonly (TimeRange & { readonly evidence?: CoverageEvidence })[];
  /**
   * `looked` is the time until which all rows of the venue were read, `withdrawnFrom` the time from which earlier coverage is withdrawn.
   * @default as staged before
   */
  readonly look?: { readonly looked: number | null; readonly withdrawnFrom: number | null };
}

/** Stages complete ranges and a walk's other findings, which count once `store` has merged the rows. */
export async function stageCoverage(queryable: Queryable, coverage: StagedCoverage): Promise<void> {
  const { kind, look } = coverage;
  const ranges = coverage.ranges.filter(({ from, to }) => to > from);
  if (ranges.length === 0 && look === undefined) return;
  await withinTransaction(queryable, async (transaction) => {
    const batch = await ensureBatch(transaction, coverage);
    const looks = look === undefined ? '' : ', looked = excluded.looked, withdrawn_from = excluded.withdrawn_from';
    await transaction.query(
      `insert into staged_coverage (batch, kind, ranges, confirmed, inferred, looked, withdrawn_from)
       select $1, $2, coalesce(range_agg(r), '{}'), coalesce(range_agg(r) filter (where evidence = 'confirmed'), '{}'),
         coalesce(range_agg(r) filter (where evidence = 'inferred') - coalesce(range_agg(r) filter (where evidence <> 'inferred'), '{}'), '{}'), $6, $7
       from (select int8range("from", "to") as r, evidence from unnest($3::bigint[], $4::bigint[], $5::text[]) as x("from", "to", evidence)) as x
       on conflict (batch, kind) do update set ${withExcluded('staged_coverage')}${looks}`,
      [
        batch,
        kindCode(kind),
        ranges.map(({ from }) => Math.floor(from)),
        ranges.map(({ to }) => Math.floor(to)),
        ranges.map(({ evidence }) => evidence ?? 'walked'),
        wholeOrNull(look?.looked ?? null),
        wholeOrNull(look?.withdrawnFrom ?? null),
      ],
    );
  });
}

/** Deletes what a run staged, for one symbol or for all. @returns how many rows */
export async function clearStaging(
  queryable: Queryable,
  { executionId, symbol }: { executionId: string; symbol?: string },
): Promise<number> {
  return await withinTransaction(queryable, async (transaction) => {
    const { rows } = await transaction.query<{ id: number }>(
      'delete from staging_batches where execution_id = $1 and ($2::text is null or symbol = $2) returning id',
      [executionId, symbol ?? null],
    );
    const { rowCount } = await transaction.query('delete from staged_rows where batch = any($1)', [rows.map(({ id }) => id)]);
    return rowCount ?? 0;
  });
}

export interface StagingBatch {
  readonly id: number;
  readonly instrumentKey: number;
  /** The lowest and the highest position of the batch's rows; null when it has none. */
  readonly first: number | null;
  readonly last: number | null;
}

/** The batches of a run's symbol, by instrument key, the order in which instruments are locked. */
export async function stagingBatches(queryable: Queryable, key: { executionId: string; symbol: string }): Promise<readonly StagingBatch[]> {
  const { rows } = await queryable.query<StagingBatch>(
    `select id, instrument as "instrumentKey", (select min(position) from staged_rows where batch = id) as first,
       (select max(position) from staged_rows where batch = id) as last
     from staging_batches where execution_id = $1 and symbol = $2 order by instrument`,
    [key.executionId, key.symbol],
  );
  return rows;
}

const FIND_BATCH: PreparedStatement = {
  name: 'find-batch',
  text: 'select id from staging_batches where execution_id = $1 and symbol = $2 and instrument = $3',
};

/** The id of the batch of these rows; creates the batch when there is none. */
export async function ensureBatch(
  transaction: Transaction,
  { executionId, symbol, instrumentKey, withdrawals, batch }: StagingKey,
): Promise<number> {
  if (batch !== undefined) return batch;
  const values = [executionId, symbol, instrumentKey];
  const known = await transaction.query<{ id: number }>(FIND_BATCH, values);
  if (known.rows[0] !== undefined) return known.rows[0].id;
  await transaction.query(
    'insert into staging_batches (execution_id, symbol, instrument, withdrawals) values ($1, $2, $3, $4) on conflict do nothing',
    [...values, withdrawals ?? null],
  );
  const created = await transaction.query<{ id: number }>(FIND_BATCH, values);
  return created.rows[0].id;
}

/** Order in which pages and the rows inside them arrive; the positions of staged rows ascend from the oldest in either case. */
export type PageOrder = 'newest-first' | 'oldest-first';

/** Maximum number of rows of one page: 2^24 rows and 2^29 pages stay within JavaScript's whole numbers. */
const PAGE = 2 ** 24;

/**
 * Position of row `index` of page `page` in the venue's order, ascending from the oldest: from 0 up for pages and rows that come oldest
 * first, from −1 down for newest first.
 *
 * @example
 * stagingPosition('newest-first', 0, 0); // -1, the newest row of all
 * stagingPosition('newest-first', 1, 0); // -16777217: page 1 is older
 */
export function stagingPosition(order: PageOrder, page: number, index: number): number {
  if (index >= PAGE) throw new RangeError(`a page holds at most ${PAGE - 1} rows; split it`);
  const count = page * PAGE + index;
  return order === 'oldest-first' ? count : -1 - count;
}

/** Bounds of the positions of page `page` and later ones, for both orders: `position < below or position >= from`. */
export const positionsFromPage = (page: number): { readonly below: number; readonly from: number } => ({
  below: -page * PAGE,
  from: page * PAGE,
});

/** SQL that sorts the positions in `column` by reading order, last read first: later pages first; inside a page the newest row first. */
export const lastReadFirst = (column: string): string =>
  `(case when ${column} < 0 then -1 - ${column} else ${column} end) / ${PAGE} desc, ${column} desc`;
