import type { Instrument } from '../contracts/market-data.ts';

/** Age after which a book is read again; a run right after another one does not read it twice. */
const FRESH_MS = 300_000;

/** Whether the order book is worth a request: the market trades, and the last look is too old for this run. */
export const wantsBook = ({ closed, book }: Instrument, asOf: number): boolean =>
  !closed && (book === null || Math.abs(asOf - book.at) > FRESH_MS);
