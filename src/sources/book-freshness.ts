import type { Instrument } from '../contracts/market-data.ts';

/** Age from which an order book is read again, so that a run right after another one does not read it twice. */
const FRESH_MS = 300_000;

/** Whether to request an order book: the market is open, and its stored book is too old for this run. */
export const wantsBook = ({ closed, book }: Instrument, asOf: number): boolean =>
  !closed && (book === null || Math.abs(asOf - book.at) > FRESH_MS);
