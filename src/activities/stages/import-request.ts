import { badInput } from '../../contracts/errors.ts';
import type { Log } from '../../contracts/log.ts';
import type { Instrument } from '../../contracts/market-data.ts';
import type { OwnFacts } from '../../contracts/own-facts.ts';
import type { MarketKind } from '../../contracts/words.ts';
import type { MarketDescription } from '../../files/read/read-market-file.ts';
import type { TickFileBatch } from '../../files/read/read-tick-file.ts';
import type { TickSource } from '../../files/read/tick-source.ts';
import type { Database } from '../../storage/database/database.ts';
import type { ImportCounts } from '../../storage/staging/import-progress.ts';

export interface TicksImport {
  readonly database: Database;
  readonly log: Log;
  readonly symbol: string;
  readonly source: TickSource;
  /** The kind of market of instruments that are not stored yet. */
  readonly market: MarketKind;
  /** Kind of market and priced outcome as the user states them; a stored instrument that differs is refused. @default as stored */
  readonly stated?: { readonly market?: MarketKind | undefined; readonly firstOutcome?: string | undefined };
  /** Facts about the markets that the user states; other facts stay as they are stored. @default none */
  readonly facts?: OwnFacts;
  /** Descriptions of the markets from a file of markets, by the market's name in the ticks. @default none */
  readonly descriptions?: ReadonlyMap<string, MarketDescription>;
  /** The current time; rows after it are quarantined. UTC epoch milliseconds. */
  readonly asOf: number;
  /** Called after each batch with the rows read so far. */
  readonly onBatch: (rows: number, batch: TickFileBatch) => void;
  /** Whether to stop, checked after each batch; stored rows stay, and the next import of the files continues behind them. @default never */
  readonly isStopped?: () => boolean;
  /** Number of rows stored together, the most that a killed import loses. @default 200,000 */
  readonly chunkRows?: number;
}

export interface ImportedInstrument extends ImportCounts {
  readonly instrument: string;
  /** Time of the first and last readable row, UTC epoch milliseconds; null when there is none. */
  readonly from: number | null;
  readonly to: number | null;
  /** Names of the market's outcomes, the priced one first. */
  readonly outcomes: readonly string[];
}

/** Id of the instrument of a market in imported files: `file:<symbol>`, or `file:<symbol>-<market>` if they have several markets. */
export const instrumentIdOf = (symbol: string, market: string | null): string =>
  market === null ? `file:${symbol}` : `file:${symbol}-${market.replaceAll(/[^\p{L}\p{N}_.-]+/gu, '-').slice(0, 80)}`;

/** Refuses an import whose priced outcome or kind of market differs from the stored instrument's. @throws PredictLabError BadInput */
export function checkAgainstStored(
  stored: Instrument,
  { firstOutcome, market }: { firstOutcome?: string | undefined; market?: MarketKind | undefined },
): void {
  const [priced] = stored.outcomes;
  if (firstOutcome !== undefined && priced !== undefined && priced.toLowerCase() !== firstOutcome.trim().toLowerCase()) {
    throw badInput(`${stored.id} already holds prices of ${priced}; import with --first-outcome ${priced}, or under another --symbol`);
  }
  if (market !== undefined && market !== stored.market) {
    throw badInput(
      `${stored.id} already holds prices of a ${stored.market} market; leave --market ${market} out, or import under another --symbol`,
    );
  }
}
