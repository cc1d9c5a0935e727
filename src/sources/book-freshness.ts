import type { Instrument } from '../contracts/market-data.ts';

/** A book this old is looked at again; a run right after another one does not ask twice. */
const FRESH_MS = 300_000;

/** Whether the order book is worth a request: the market trades, and the last look is too old for this run. */
export const wantsBook = ({ closed, book }: Instrument, asOf: number): boolean =>
  !closed && (book === null || Math.abs(asOf - book.at) > FRESH_MS);
