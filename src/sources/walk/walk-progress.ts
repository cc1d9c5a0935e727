import type { CandidateRow } from '../../contracts/market-data.ts';

/** Consecutive pages with few new rows after which the venue's paging counts as broken. */
const STALE_PAGES = 5;
/** Consecutive pages without an older row after which the paging counts as broken; no second has trades for that many pages. */
const STILL_PAGES = 200;
/** Share of a page's rows that the previous page also had, above which the page counts as having few new rows. */
const STALE_SHARE = 0.5;

/**
 * Checks whether a walk over a venue's pages makes progress. The walk itself handles repeated pages. This class detects a venue that
 * ignores its cursor (it returns the newest page again and again, with a few new rows each time), pages in a circle, or invents rows
 * without end.
 */
export class WalkProgress {
  readonly #cursors = new Set<string>();
  #last = new Set<string>();
  #oldest = Number.POSITIVE_INFINITY;
  #stale = 0;
  #still = 0;

  /**
   * Checks the next page.
   *
   * @param next the cursor to the page after it
   * @param oldest the oldest plausible time of its rows; null when no row has one
   * @returns the problem with the paging, as a phrase; undefined while the walk makes progress
   */
  take(rows: readonly CandidateRow[], next: string | null, oldest: number | null): string | undefined {
    const identities = new Set(rows.map(({ identity }) => identity));
    const known = [...identities].filter((identity) => this.#last.has(identity)).length;
    this.#last = identities;
    const older = oldest !== null && oldest < this.#oldest;
    if (older) this.#oldest = oldest;
    this.#still = older ? 0 : this.#still + 1;
    this.#stale = !older && known > identities.size * STALE_SHARE ? this.#stale + 1 : 0;
    if (next === null) return undefined;
    if (this.#cursors.has(next)) return 'a cursor that leads back to a page it has sent';
    this.#cursors.add(next);
    if (this.#stale >= STALE_PAGES) return `the same rows ${STALE_PAGES + 1} pages in a row`;
    return this.#still >= STILL_PAGES ? `${STILL_PAGES} pages in a row with nothing older` : undefined;
  }
}
