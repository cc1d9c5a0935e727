import type { CandidateRow, Instrument, TimeRange } from '../contracts/market-data.ts';
import { contentIdentity, spelledId, tradeIdentity } from '../market/identity.ts';
import { mirrorPrice } from '../market/mirror-price.ts';
import type { ReadNumber } from './catalogue/scalars.ts';

/** One row as an adapter reads it. Where the venue gives no id of a trade, the fields in `content` identify it. */
export interface ReadRow extends Omit<CandidateRow, 'identity' | 'grain'> {
  readonly content: readonly (string | number | null)[];
  /** Length in seconds of the bucket that a price point represents, where the venue states it. */
  readonly grain?: number;
}

/** The fields of a trade as an adapter reads them, before they are converted to the first outcome. */
export interface TradeFields {
  readonly raw: unknown;
  readonly time: ReadNumber;
  /** Price of the traded outcome. */
  readonly price: ReadNumber;
  readonly size: ReadNumber;
  /** Side of the taker in the traded outcome. */
  readonly side: CandidateRow['side'];
  /** Index of the traded outcome in the instrument; −1 for an outcome that it does not have. */
  readonly outcome: number;
  /** The venue's name of the outcome, where it differs from the instrument's. */
  readonly outcomeName?: string | null;
  /** The venue's id of the trade, or the fields that identify the trade where the venue gives no id. */
  readonly id: string | null | readonly (string | number | null)[];
  /** Whether the trade was agreed off the order book. @default false */
  readonly block?: boolean;
}

/**
 * Converts a trade to a row of an instrument. A trade of the second outcome is mirrored (price 1 − price, side reversed); `outcome` keeps
 * what was traded. A field that cannot be read becomes null, and `defect` gives the reason.
 */
export function tradeRow({ raw, time, price, size, side, outcome, outcomeName, id, block }: TradeFields, instrument: Instrument): ReadRow {
  const mirrored = outcome === 1;
  const unreadable = side === null || id === null ? 'malformed' : null;
  return {
    kind: 'trade',
    time: time.value,
    price: mirrored && price.value !== null ? mirrorPrice(price.value) : price.value,
    size: size.value,
    side: mirrored ? otherSide(side) : side,
    outcome: outcomeName ?? (outcome < 0 ? null : (instrument.outcomes[outcome] ?? String(outcome))),
    tradeId: typeof id === 'string' ? id : null,
    content: Array.isArray(id) ? (id as readonly (string | number | null)[]) : [],
    raw: JSON.stringify(raw),
    ...(block === true && { block }),
    defect: time.defect ?? price.defect ?? size.defect ?? (outcome < 0 ? 'unknown-outcome' : unreadable),
  };
}

/** The opposite side: the side of the other party, or of the same trade in the other outcome. */
const otherSide = (side: CandidateRow['side']): CandidateRow['side'] => (side === null ? null : side === 'buy' ? 'sell' : 'buy');

/**
 * Returns the rows of one page with their identities: the venue's id, or a hash of the content with `#n` for copies within the page. The
 * identity of a row that cannot become a tick is a hash of its text. Where rows share an id but differ in content, the first (newest) one
 * counts and the others are malformed.
 * @param copies number of copies of each content that the previous page has, where this page continues with more of them; is updated
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

/** Whether two rows describe the same tick. */
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

/** The candidate row of a read row. Its fields are written out because a spread per row is measurably slow for millions of rows. */
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
  block: row.block,
});

/** Earliest plausible time: seconds that were read as milliseconds fall before it. */
const EARLIEST = Date.UTC(1971, 0, 1);
/** Largest time by which the clock of a venue or a chain may be ahead of this machine's clock. */
const CLOCK_SKEW_MS = 300_000;

export interface TimeBounds {
  /** Earliest possible time: the market opened then. */
  readonly earliest: number;
  /** Latest possible time: later rows lie in the future. */
  readonly latest: number;
}

/** The range of plausible times of a market's rows; all values in UTC epoch milliseconds. */
export const timeBounds = (opensAt: number | null, asOf: number, now: number): TimeBounds => ({
  earliest: opensAt === null ? EARLIEST : Math.max(EARLIEST, Math.floor(opensAt / 1000) * 1000),
  latest: Math.max(asOf, now) + CLOCK_SKEW_MS,
});

/** Whether a time lies within the bounds, both included. */
export const isPlausible = (time: number, { earliest, latest }: TimeBounds): boolean => time >= earliest && time <= latest;

/** Selects the rows for staging: rows of the window, and rows with a missing or impossible time, which go to quarantine. */
export function rowsOfWindow(rows: readonly CandidateRow[], window: TimeRange, bounds: TimeBounds): readonly CandidateRow[] {
  return rows.filter(({ time }) => time === null || !isPlausible(time, bounds) || (time >= window.from && time <= window.to));
}
