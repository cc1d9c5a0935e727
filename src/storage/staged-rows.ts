import type { CandidateRow, QuarantineReason, TickFlag } from '../contracts/market-data.ts';
import { flagBits, kindOf, sideOf } from './codes.ts';
import { CopyDecoder } from './copy-decoder.ts';
import type { Transaction } from './database.ts';

/** A staged row as cleaning sees it: the rules look at numbers only, texts stay in the database. */
export interface StagedRow extends CandidateRow {
  readonly position: number;
}

/** A batch's rows in the venue's own order, oldest first, streamed. Finish reading before the next statement. */
export async function* readStagedRows(transaction: Transaction, batch: number): AsyncIterable<readonly StagedRow[]> {
  const decoder = new CopyDecoder();
  const select = `select position, kind, time, price, size, side, defect from staged_rows where batch = ${Math.trunc(batch)} order by position`;
  for await (const chunk of transaction.copyOut(`copy (${select}) to stdout (format binary)`)) {
    decoder.push(chunk);
    const rows: StagedRow[] = [];
    while (decoder.nextRow()) {
      rows.push({
        position: decoder.int8(),
        kind: kindOf(decoder.int2() as number),
        time: decoder.nullableInt8(),
        price: decoder.nullableFloat8(),
        size: decoder.nullableFloat8(),
        side: sideOf(decoder.int2()),
        defect: decoder.text() as QuarantineReason | null,
        outcome: null,
        tradeId: null,
        identity: '',
        raw: '',
      });
    }
    if (rows.length > 0) yield rows;
  }
}

/** What cleaning found about one row. */
export type StagedMark =
  | { readonly position: number; readonly reason: QuarantineReason }
  | { readonly position: number; readonly flags: readonly TickFlag[] };

const CHUNK = 20_000;

/** Marks rows that are not simply good: with the reason why they cannot become ticks, or with what is unusual about them. */
export async function markStagedRows(transaction: Transaction, batch: number, marks: readonly StagedMark[]): Promise<void> {
  for (let from = 0; from < marks.length; from += CHUNK) {
    const chunk = marks.slice(from, from + CHUNK);
    await transaction.query(
      `update staged_rows s set reason = m.reason, flags = m.flags
       from unnest($2::bigint[], $3::text[], $4::smallint[]) as m(position, reason, flags) where s.batch = $1 and s.position = m.position`,
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

/** Rows `s` of staging that become ticks. */
export const GOOD = 's.reason is null and s.defect is null and s.time is not null and s.price is not null';
