import type { CandidateRow } from '../../contracts/market-data.ts';

/** Pages in a row that bring next to nothing new before the venue's paging counts as broken. */
const STALE_PAGES = 5;
/** Pages in a row that lead to no older moment: more than any venue has trades in one second. */
const STILL_PAGES = 200;
/** Share of a page's rows that the page before it had too, from which the page brings next to nothing new. */
const STALE_SHARE = 0.5;

/**
 * Watches whether a walk over a venue's pages makes progress. The walk itself handles repeated pages; this class detects a venue that
 * ignores its cursor (the newest page again and again, each with a few new rows), pages in a circle, or makes up rows without end.
 */
export class WalkProgress {
  readonly #cursors = new Set<string>();
  #last = new Set<string>();
  #oldest = Number.POSITIVE_INFINITY;
  #stale = 0;
  #still = 0;

  /**
   * Takes the next page.
   *
   * @param next the cursor it leads to
   * @param oldest its oldest plausible time; null when no row has one
   * @returns what is wrong with the paging; undefined while the walk makes progress
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
