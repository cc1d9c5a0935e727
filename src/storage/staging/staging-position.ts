/** Where a row stands among all staged rows of one instrument: pages may be delivered newest first, positions ascend oldest first. */
export type PageOrder = 'newest-first' | 'oldest-first';

/** Most rows of one page: 2^24 rows and 2^29 pages stay within JavaScript's whole numbers. */
const PAGE = 2 ** 24;

/**
 * The position of row `index` of page `page`, so that ascending positions are the venue's own order, oldest first: pages and
 * rows that come oldest first count upwards from 0, those that come newest first count downwards from −1.
 *
 * @example
 * stagingPosition('newest-first', 0, 0); // -1, the newest row of all
 * stagingPosition('newest-first', 1, 0); // -16777217: page 1 is older
 */
export function stagingPosition(order: PageOrder, page: number, index: number): number {
  if (index >= PAGE) throw new RangeError(`a page holds at most ${PAGE - 1} rows; split it`);
  const count = page * PAGE + index;
  return order === 'oldest-first' ? count : -1 - count;
}

/** Bounds of the pages from `page` on, in both directions: `position < below or position >= from`. */
export const positionsFromPage = (page: number): { readonly below: number; readonly from: number } => ({
  below: -page * PAGE,
  from: page * PAGE,
});

/**
 * SQL that sorts the positions in `column` by when their rows were met: later pages first, whichever direction pages have; inside a page the newest
 * first.
 */
export const metLast = (column: string): string =>
  `(case when ${column} < 0 then -1 - ${column} else ${column} end) / ${PAGE} desc, ${column} desc`;
