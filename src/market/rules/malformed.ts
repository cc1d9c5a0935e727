import type { CandidateRow } from '../../contracts/market-data.ts';

/** A field that a tick of its kind must have is missing or could not be read. */
export const malformed = (row: CandidateRow): boolean =>
  row.time === null || row.price === null || (row.kind === 'trade' && row.size === null);
