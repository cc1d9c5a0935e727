import type { CandidateRow, QuarantineReason, TickFlag } from '../contracts/market-data.ts';
import type { MarketKind } from '../contracts/words.ts';

/** Facts about an instrument and a run that decide whether a row is valid. An `Instrument` with a field `asOf` has this shape. */
export interface RowFacts {
  readonly market: MarketKind;
  /** When trading opened, where the venue states it; UTC epoch milliseconds. */
  readonly opensAt: number | null;
  readonly tickSize: number | null;
  /** The run's "now"; UTC epoch milliseconds. */
  readonly asOf: number;
}

interface ReadableRow extends CandidateRow {
  readonly time: number;
  readonly price: number;
}

/** A function that returns why a row cannot be a tick, or null. */
type Rule = (row: ReadableRow, facts: RowFacts) => QuarantineReason | null;

/** A function that returns what is unusual about a row that is kept, or null. */
type Flag = (row: ReadableRow, facts: RowFacts) => TickFlag | null;

/** Whether a field is missing that a tick of this kind must have. */
const malformed = (row: CandidateRow): boolean => row.time === null || row.price === null || (row.kind === 'trade' && row.size === null);

const notFinite: Rule = ({ time, price, size }) =>
  Number.isFinite(time) && Number.isFinite(price) && (size === null || Number.isFinite(size)) ? null : 'not-finite';

/** A probability lies in [0, 1], ends included (they are flagged); the price of an asset is above 0. */
const priceRange: Rule = ({ price }, { market }) => {
  const possible = market === 'probability' ? price >= 0 && price <= 1 : price > 0;
  return possible ? null : 'price-range';
};

const sizeRange: Rule = ({ size }) => (size === null || size > 0 ? null : 'size-range');

/** Earliest possible time of a row. Seconds that are read as milliseconds fall before it, into January and February 1970. */
const EARLIEST = Date.UTC(1971, 0, 1);
const SECOND = 1000;

/**
 * A trade cannot be older than its market or newer than the run's now. Venues stamp trades in whole seconds, so the
 * second in which the market opened counts as open. The announced end is not a limit, since venues trade past it.
 */
const timeRange: Rule = ({ time }, { opensAt, asOf }) => {
  if (time < EARLIEST || time > asOf) return 'time-range';
  return opensAt !== null && time < Math.floor(opensAt / SECOND) * SECOND ? 'time-range' : null;
};

/** Flags the prices 0 and 1: they are payoffs, at which no order can rest, but venues print them, so the rows are kept. */
const extremePrice: Flag = ({ price }, { market }) => (market === 'probability' && (price === 0 || price === 1) ? 'extreme-price' : null);

/** Largest rounding error, as a share of a step, when decimal fractions are divided as doubles. */
const ROUNDING = 1e-6;

/** Flags a price that is not a multiple of the tick size. It is an average over several fills, or older than a change of the tick size. */
const offGrid: Flag = ({ price }, { tickSize }) => {
  if (!tickSize) return null;
  const steps = price / tickSize;
  return Math.abs(steps - Math.round(steps)) > ROUNDING ? 'off-grid' : null;
};

/** Flags a trade that was agreed off the order book, at a price that no order in the book offered. */
const blockTrade: Flag = ({ block }) => (block === true ? 'block-trade' : null);

export type Assessment =
  | { readonly verdict: 'ok'; readonly flags: readonly TickFlag[] }
  | { readonly verdict: 'quarantine'; readonly reason: QuarantineReason };

/** Rules for a row with readable fields, in order: the first rule that rejects the row gives the reason. */
const RULES: readonly Rule[] = [notFinite, priceRange, sizeRange, timeRange];
const FLAGS: readonly Flag[] = [extremePrice, offGrid, blockTrade];

const CLEAN: Assessment = { verdict: 'ok', flags: [] };

/**
 * Judges one row: a tick (perhaps with flags) or quarantined with the first reason that applies. The row is not changed. The fixed order:
 *
 * 1. the defect that the row's reader found (`defect`: `malformed`, `not-finite`, `unknown-outcome`)
 * 2. `malformed`: no time, no price, a trade without size
 * 3. `not-finite`: time, price or size is NaN or infinite
 * 4. `price-range`: a probability outside [0, 1]; an asset's price at or below 0
 * 5. `size-range`: a size at or below 0
 * 6. `time-range`: before 1971 (seconds read as milliseconds land there), before the market opened, after `asOf`
 * 7. flags: `extreme-price` (a probability of exactly 0 or 1), `off-grid` (not a multiple of the tick size), `block-trade` (agreed off
 *    the order book)
 *
 * Duplicates are not judged here (`store` merges them by identity), nor outliers, which need neighbours (`flagOutliers`).
 */
export function assessTick(row: CandidateRow, facts: RowFacts): Assessment {
  if (row.defect !== null) return { verdict: 'quarantine', reason: row.defect };
  if (malformed(row)) return { verdict: 'quarantine', reason: 'malformed' };
  const readable = row as ReadableRow;
  for (const rule of RULES) {
    const reason = rule(readable, facts);
    if (reason !== null) return { verdict: 'quarantine', reason };
  }
  let flags: TickFlag[] | undefined;
  for (const flag of FLAGS) {
    const found = flag(readable, facts);
    if (found !== null) (flags ??= []).push(found);
  }
  return flags === undefined ? CLEAN : { verdict: 'ok', flags };
}
