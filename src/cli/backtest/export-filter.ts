import type { Interval, TickKind } from '../../contracts/words.ts';
import type { Queryable } from '../../storage/database/database.ts';
import { type ExportedInstrument, exportedInstruments } from '../../storage/ticks/ticks.ts';

/** Which of the stored data to export; a part that is undefined selects everything. */
export interface ExportFilter {
  readonly symbols: readonly string[] | undefined;
  readonly instruments: readonly string[] | undefined;
  readonly intervals: readonly Interval[] | undefined;
  readonly priceType: TickKind | undefined;
  /** Whether to leave out candles that are open or touch a gap. */
  readonly completeOnly: boolean;
  /** `from ≤ time < to`, UTC epoch milliseconds. */
  readonly from: number | undefined;
  readonly to: number | undefined;
  /** Names of the sources to export. @default all */
  readonly sources?: readonly string[] | undefined;
  /** Whether ticks are sorted by instrument first, not only by time. */
  readonly byInstrument?: boolean;
  /** Sequence number from which on the ticks of an instrument are read. */
  readonly sinceSeq?: ((instrument: ExportedInstrument) => number) | undefined;
}

/** The filter that selects all rows. */
export const EVERYTHING: ExportFilter = {
  symbols: undefined,
  instruments: undefined,
  intervals: undefined,
  priceType: undefined,
  completeOnly: false,
  from: undefined,
  to: undefined,
};

/** Whether a filter selects rows of an instrument and interval. */
export const isWanted = (
  { instruments, intervals }: ExportFilter,
  one: { readonly instrument: string; readonly interval?: Interval },
): boolean =>
  (instruments?.includes(one.instrument) ?? true) && (one.interval === undefined || (intervals?.includes(one.interval) ?? true));

/** The instruments that a filter selects, by symbol, source and id. */
export const selectedInstruments = async (database: Queryable, filter: ExportFilter): Promise<readonly ExportedInstrument[]> =>
  (await exportedInstruments(database, filter.symbols)).filter(
    (one) => isWanted(filter, one) && (filter.sources?.includes(one.source) ?? true),
  );

/** The time range of a filter. */
export const rangeOf = ({ from, to }: ExportFilter) => ({ ...(from !== undefined && { from }), ...(to !== undefined && { to }) });
