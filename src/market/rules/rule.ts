import type { CandidateRow, QuarantineReason, TickFlag } from '../../contracts/market-data.ts';
import type { MarketKind } from '../../contracts/words.ts';

/** What a row is judged against; facts of its instrument and run. An `Instrument` with `asOf` fits. */
export interface RowFacts {
  readonly market: MarketKind;
  /** When trading began, where the venue says so; UTC epoch milliseconds. */
  readonly opensAt: number | null;
  /** Smallest price step in force. */
  readonly tickSize: number | null;
  /** The run's "now"; UTC epoch milliseconds. */
  readonly asOf: number;
}

/** A row whose fields are all there. */
export interface ReadableRow extends CandidateRow {
  readonly time: number;
  readonly price: number;
}

/** Says why a row cannot be a tick, or null. */
export type Rule = (row: ReadableRow, facts: RowFacts) => QuarantineReason | null;

/** Says what is unusual about a row that stays, or null. */
export type Flag = (row: ReadableRow, facts: RowFacts) => TickFlag | null;
