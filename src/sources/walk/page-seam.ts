import { PredictLabError } from '../../contracts/errors.ts';
import type { CandidateRow } from '../../contracts/market-data.ts';

/** Consecutive re-reads without a new row after which a venue's order within a second counts as stable. */
const CLEAN_READS = 8;
/** Number of re-reads of a seam that has a row on both pages. */
const TWICE_READS = 5;
/** Largest number of re-reads of one seam. */
const MOST_READS = 16;

interface Page {
  readonly rows: readonly CandidateRow[];
  readonly requests: number;
}

/**
 * Checks the seams between pages that fall within one second. Where a venue reorders the rows of a second in each answer, a row may be on
 * neither page. The two pages of the first such seams are read again. If that finds a row that neither page had, every later seam of the
 * walk is read again until no new row appears.
 */
export class PageSeam {
  #before: (Page & { readonly cursor: string | null }) | undefined;
  #clean = 0;
  #isUnstable = false;

  /** Checks the seam before the next page. @returns rows of the second at the seam that neither page had */
  async take(cursor: string | null, page: Page, fetch: (cursor: string | null) => Promise<Page>): Promise<Page> {
    const before = this.#before;
    const { rows } = page;
    this.#before = { ...page, cursor };
    const second = before?.rows.at(-1)?.time ?? null;
    if (before === undefined || second === null || rows[0]?.time !== second) return { rows: [], requests: 0 };
    // a second that fills a whole page is not checked
    if (before.rows[0]?.time === second || rows.at(-1)?.time === second) return { rows: [], requests: 0 };
    const known = new Set([...before.rows, ...rows].map(({ identity }) => identity));
    // a row on both pages may have displaced another one
    const reads = before.rows.some((row) => row.time === second && rows.some(({ identity }) => identity === row.identity))
      ? TWICE_READS
      : 1;
    const found: CandidateRow[] = [];
    let requests = 0;
    let clean = this.#isUnstable ? 0 : this.#clean;
    for (let read = 1; read <= MOST_READS && clean < CLEAN_READS; read++) {
      let isClean = true;
      for (const each of [before.cursor, cursor]) {
        const again = await readAgain(fetch, each);
        // the venue no longer knows the cursor: the rows found so far are returned
        if (again === undefined) return { rows: found, requests };
        requests += again.requests;
        for (const row of again.rows) {
          if (row.time !== second || known.has(row.identity)) continue;
          known.add(row.identity);
          found.push(row);
          isClean = false;
        }
      }
      if (!isClean) this.#isUnstable = true;
      clean = isClean ? clean + 1 : 0;
      if (isClean && !this.#isUnstable && read >= reads) break;
    }
    if (!this.#isUnstable) this.#clean = clean;
    return { rows: found, requests };
  }
}

async function readAgain(fetch: (cursor: string | null) => Promise<Page>, cursor: string | null): Promise<Page | undefined> {
  try {
    return await fetch(cursor);
  } catch (error) {
    if (error instanceof PredictLabError && error.type === 'BadInput') return undefined;
    throw error;
  }
}
