import type { Instrument } from '../contracts/market-data.ts';
import type { SourceType, TickKind } from '../contracts/words.ts';
import type { ReadRow } from './candidate.ts';
import { readTrade } from './polymarket/trade-row.ts';
import { readMatch } from './predict/match-row.ts';

/** The function that reads one original trade, per source. */
const READERS: Partial<Record<SourceType, (row: unknown, instrument: Instrument) => ReadRow>> = {
  polymarket: readTrade,
  predict: readMatch,
};

/**
 * Reads a quarantined row again from its original text.
 *
 * @returns the row; undefined for a price point, which the next collection reads again, and for a line of a file
 */
export function rereadRow(row: string, kind: TickKind, instrument: Instrument): ReadRow | undefined {
  const read = READERS[instrument.source];
  if (read === undefined || kind !== 'trade') return undefined;
  try {
    return read(JSON.parse(row), instrument);
  } catch {
    return undefined;
  }
}
