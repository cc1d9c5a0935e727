import type { Instrument } from '../contracts/market-data.ts';
import type { SourceType, TickKind } from '../contracts/words.ts';
import type { ReadRow } from './candidate.ts';
import { readTrade } from './polymarket/trade-row.ts';
import { readMatch } from './predict/match-row.ts';

/** How this build reads one original trade of a source. */
const READERS: Partial<Record<SourceType, (row: unknown, instrument: Instrument) => ReadRow>> = {
  polymarket: readTrade,
  predict: readMatch,
};

/**
 * Reads an original row again that an earlier build put into quarantine.
 *
 * @returns undefined where the row has no reader of its own: a price point, which the next collection brings again, or a line of a file
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
