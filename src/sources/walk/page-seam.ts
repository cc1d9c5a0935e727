import { PredictLabError } from '../../contracts/errors.ts';
import type { CandidateRow } from '../../contracts/market-data.ts';

/** Re-readings without news after which a venue's order within a second counts as stable. */
const CLEAN_READS = 8;
/** Re-readings of a seam with a row on both pages. */
const TWICE_READS = 5;
/** Re-readings of one seam at most. */
const MOST_READS = 16;

interface Page {
  readonly rows: readonly CandidateRow[];
  readonly requests: number;
}

/**
 * Watches the seams between pages that fall inside one second. Where a venue reorders the rows of a second in each answer, a row
 * may be on neither page. The two pages of the first such seams are read again; when that brings a row that neither had, every seam of
 * the walk is, until it brings nothing new.
 */
export class PageSeam {
  #before: (Page & { readonly cursor: string | null }) | undefined;
  #clean = 0;
  #isUnstable = false;

  /** Takes the next page. @returns rows of the second at its upper seam that no reading had shown before */
  async take(cursor: string | null, page: Page, fetch: (cursor: string | null) => Promise<Page>): Promise<Page> {
    const before = this.#before;
    const { rows } = page;
    this.#before = { ...page, cursor };
    const second = before?.rows.at(-1)?.time ?? null;
    if (before === undefined || second === null || rows[0]?.time !== second) return { rows: [], requests: 0 };
    // a burst that fills whole pages is not a seam
    if (before.rows[0]?.time === second || rows.at(-1)?.time === second) return { rows: [], requests: 0 };
    const known = new Set([...before.rows, ...rows].map(({ identity }) => identity));
    // a row on both pages may stand in the place of another one
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
        // the venue does not know the cursor any more: what was read stays read
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
