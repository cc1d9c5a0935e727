import type { CandidateRow, QuarantineReason, TimeRange } from '../contracts/market-data.ts';
import { contentIdentity, spelledId, tradeIdentity } from '../market/identity.ts';

/** What an adapter reads from one row; `content` is what makes the trade where the venue gives no id. */
export interface ReadRow {
  readonly kind: CandidateRow['kind'];
  readonly time: number | null;
  readonly price: number | null;
  readonly size: number | null;
  readonly side: CandidateRow['side'];
  readonly outcome: string | null;
  readonly tradeId: string | null;
  readonly content: readonly (string | number | null)[];
  readonly raw: string;
  readonly defect: QuarantineReason | null;
  /** Seconds that a price point stands for, where the venue says it. */
  readonly grain?: number;
}

/**
 * Gives the rows of one page their identities: the venue's id; else a hash of the content, copies inside the page distinguished
 * apart by `#n`. A row that cannot become a tick is known by its text, so that it is listed once however often it comes. Of rows that
 * contradict each other under one id the first one counts, which is the venue's newest; the others are malformed.
 *
 * @param copies number of copies of a content on the page before, where they continue across its end; is updated
 */
export function identifyPage(rows: readonly ReadRow[], copies = new Map<string, number>()): CandidateRow[] {
  const named = new Map<string, ReadRow>();
  return rows.map((row) => {
    const first = row.tradeId === null || row.defect !== null ? row : named.get(row.tradeId);
    if (first === undefined) named.set(row.tradeId as string, row);
    const checked: ReadRow = first === undefined || isSameContent(first, row) ? row : { ...row, defect: 'malformed' };
    return candidate(checked, identityOf(checked, copies));
  });
}

/** Whether two rows say the same of a tick. */
export const isSameContent = (a: Content, b: Content): boolean =>
  a === b || (a.time === b.time && a.price === b.price && a.size === b.size && a.side === b.side && a.outcome === b.outcome);

type Content = Pick<ReadRow, 'time' | 'price' | 'size' | 'side' | 'outcome'>;

function identityOf({ defect, tradeId, content, raw }: ReadRow, copies: Map<string, number>): string {
  if (defect !== null) return contentIdentity([raw]);
  if (tradeId !== null) return spelledId(tradeId);
  const first = tradeIdentity(content);
  const copy = copies.get(first) ?? 0;
  copies.set(first, copy + 1);
  return copy === 0 ? first : `${first}#${copy}`;
}

/** Written out: a spread of every row of a million costs more than reading it. */
const candidate = (row: ReadRow, identity: string): CandidateRow => ({
  kind: row.kind,
  time: row.time,
  price: row.price,
  size: row.size,
  side: row.side,
  outcome: row.outcome,
  tradeId: row.tradeId,
  identity,
  raw: row.raw,
  defect: row.defect,
});

/** Before this, seconds were read as milliseconds. */
const EARLIEST = Date.UTC(1971, 0, 1);
/** Clocks of venues and chains run ahead of ours by seconds, not by more than this. */
const CLOCK_SKEW_MS = 300_000;

/** The times that a row of a market can have. */
export interface TimeBounds {
  /** Rows before this cannot be: the market had not opened. */
  readonly earliest: number;
  /** Rows after this cannot be: it is the future. */
  readonly latest: number;
}

/** Between which times a row of a market can be true; all in UTC epoch milliseconds. */
export const timeBounds = (opensAt: number | null, asOf: number, now: number): TimeBounds => ({
  earliest: opensAt === null ? EARLIEST : Math.max(EARLIEST, Math.floor(opensAt / 1000) * 1000),
  latest: Math.max(asOf, now) + CLOCK_SKEW_MS,
});

/** Whether a time lies within the bounds, both included. */
export const isPlausible = (time: number, { earliest, latest }: TimeBounds): boolean => time >= earliest && time <= latest;

/**
 * Rows for staging: those of the window, and those whose time is missing or impossible, which quarantine must see. A
 * sound row outside the window belongs to another run.
 */
export function rowsOfWindow(rows: readonly CandidateRow[], window: TimeRange, bounds: TimeBounds): readonly CandidateRow[] {
  return rows.filter(({ time }) => time === null || !isPlausible(time, bounds) || (time >= window.from && time <= window.to));
}
