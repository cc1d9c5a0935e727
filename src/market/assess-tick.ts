import type { CandidateRow, QuarantineReason, TickFlag } from '../contracts/market-data.ts';
import { extremePrice } from './rules/extreme-price.ts';
import { malformed } from './rules/malformed.ts';
import { notFinite } from './rules/not-finite.ts';
import { offGrid } from './rules/off-grid.ts';
import { priceRange } from './rules/price-range.ts';
import type { Flag, ReadableRow, RowFacts, Rule } from './rules/rule.ts';
import { sizeRange } from './rules/size-range.ts';
import { timeRange } from './rules/time-range.ts';

export type { RowFacts } from './rules/rule.ts';

export type Assessment =
  | { readonly verdict: 'ok'; readonly flags: readonly TickFlag[] }
  | { readonly verdict: 'quarantine'; readonly reason: QuarantineReason };

/** Rules over a row whose fields can all be read; the first that objects gives the reason. */
const RULES: readonly Rule[] = [notFinite, priceRange, sizeRange, timeRange];
const FLAGS: readonly Flag[] = [extremePrice, offGrid];

const CLEAN: Assessment = { verdict: 'ok', flags: [] };

/**
 * Judges one row: it is a tick (perhaps with flags) or it goes to quarantine with the first reason that applies.
 * Nothing is changed, clamped or dropped. The order is fixed:
 *
 * 1. what its reader found (`defect`: `malformed`, `not-finite`, `unknown-outcome`)
 * 2. `malformed`: no time, no price, a trade without size
 * 3. `not-finite`: time, price or size is NaN or infinite
 * 4. `price-range`: a probability outside [0, 1]; an asset's price at or below 0
 * 5. `size-range`: a size at or below 0
 * 6. `time-range`: before 1971 (seconds read as milliseconds land there), before the market opened, after `asOf`
 * 7. flags: `extreme-price` (a probability of exactly 0 or 1), `off-grid` (not a multiple of the tick size)
 *
 * Duplicates are not judged here: `store` merges them by identity and counts them. Outliers need neighbours: see
 * `flagOutliers`.
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
