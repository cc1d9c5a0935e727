import type { CandidateRow, QuarantineReason, TickFlag } from '../../contracts/market-data.ts';
import { BLOCK_BIT, flagBits, sideOf, tickKindOf } from '../database/codes.ts';
import { CopyDecoder } from '../database/copy-format.ts';
import type { Transaction } from '../database/database.ts';

/** A staged row as `clean` reads it: numbers only, since the rules of `clean` need no texts. */
export interface StagedRow extends CandidateRow {
  readonly position: number;
}

const READ_AT_ONCE = 50_000;

/** Reads a batch's rows in the venue's own order, oldest first, in pieces; other statements can run between pieces. */
export async function* readStagedRows(transaction: Transaction, batch: number): AsyncIterable<readonly StagedRow[]> {
  let condition = '';
  for (;;) {
    const select = `select position, kind, time, price, size, side, defect, flags from staged_rows
      where batch = ${Math.trunc(batch)} ${condition} order by position limit ${READ_AT_ONCE}`;
    const decoder = new CopyDecoder();
    const rows: StagedRow[] = [];
    for await (const chunk of transaction.copyOut(`copy (${select}) to stdout (format binary)`)) {
      decoder.push(chunk);
      while (decoder.nextRow()) rows.push(readRow(decoder));
    }
    if (rows.length > 0) yield rows;
    if (rows.length < READ_AT_ONCE) return;
    condition = `and position > ${rows[rows.length - 1].position}`;
  }
}

const readRow = (decoder: CopyDecoder): StagedRow => ({
  position: decoder.int8(),
  kind: tickKindOf(decoder.int2() as number),
  time: decoder.nullableInt8(),
  price: decoder.nullableFloat8(),
  size: decoder.nullableFloat8(),
  side: sideOf(decoder.int2()),
  defect: decoder.text() as QuarantineReason | null,
  block: ((decoder.int2() ?? 0) & BLOCK_BIT) !== 0,
  outcome: null,
  tradeId: null,
  identity: '',
  raw: '',
});

export type StagedMark =
  | { readonly position: number; readonly reason: QuarantineReason }
  | { readonly position: number; readonly flags: readonly TickFlag[] };

const CHUNK = 20_000;

/** Marks rows with the reason why they cannot become ticks, or with flags for what is unusual about them. */
export async function markStagedRows(transaction: Transaction, batch: number, marks: readonly StagedMark[]): Promise<void> {
  for (let from = 0; from < marks.length; from += CHUNK) {
    const chunk = marks.slice(from, from + CHUNK);
    await transaction.query(
      `update staged_rows s set reason = m.reason, flags = s.flags | m.flags
       from (select position, max(reason) as reason, bit_or(flags) as flags
         from unnest($2::bigint[], $3::text[], $4::smallint[]) as x(position, reason, flags) group by position) m where s.batch = $1 and s.position = m.position`,
      [
        batch,
        chunk.map(({ position }) => position),
        chunk.map((mark) => ('reason' in mark ? mark.reason : null)),
        chunk.map((mark) => ('flags' in mark ? flagBits(mark.flags) : 0)),
      ],
    );
  }
}

/** The UTC days (since the epoch) on which a run's staged rows of a symbol happened. */
export async function stagedDays(transaction: Pick<Transaction, 'query'>, batches: readonly number[]): Promise<readonly number[]> {
  const { rows } = await transaction.query<{ day: number }>(
    `select distinct s.time / 86400000 as day from staged_rows s where s.batch = any($1) and ${GOOD}`,
    [batches],
  );
  return rows.map(({ day }) => day);
}

/** SQL condition on staged rows `s` that become ticks. */
export const GOOD = 's.reason is null and s.defect is null and s.time is not null and s.price is not null';
