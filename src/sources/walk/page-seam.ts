import { PredictLabError } from '../../contracts/errors.ts';
import type { CandidateRow } from '../../contracts/market-data.ts';

/** Number of trade pairs (of one second, in the same order in two answers) from which a venue's order counts as stable. */
const ENOUGH_EVIDENCE = 16;
/** Maximum number of pairs kept as evidence after `TRUSTED_MS`, since a venue may change how it answers. */
const OLD_EVIDENCE = 8;
const TRUSTED_MS = 60_000;
/** Number of pairs after which an order that changed counts as stable again. */
const RESTORED_EVIDENCE = 256;
/** Maximum number of re-reads at one seam while the order counts as stable or is not known. */
const MOST_CHECKS = 4;
/** Maximum number of seams with a row on both pages that are checked per trust period; some venues repeat rows at every seam. */
const CHECKED_REPEATS = 8;
/** While the order counts as stable, one page boundary ("seam") in this many is checked. */
const SAMPLED_SEAMS = 50;
/** Consecutive re-reads without a new row after which a seam of an unstable order counts as complete. */
const CLEAN_READS = 8;
/** Maximum number of re-reads of one seam. */
const MOST_READS = 16;

/**
 * Whether a venue keeps the order of the trades of one second from answer to answer, as far as this process has seen; one object per
 * source, shared by the walks of all its markets.
 */
export class TradeOrder {
  isUnstable = false;
  /** Whether a walk is checking a seam; others continue meanwhile, and start over if the order turns out to be unstable. */
  isChecking = false;
  #evidence = 0;
  #seams = 0;
  #since = 0;
  #repeats = 0;

  get isTrusted(): boolean {
    return !this.isUnstable && this.#evidence >= ENOUGH_EVIDENCE;
  }

  /** Starts a new period of trust where the last one is over. @param clock the venue's clock */
  expire(clock: number): void {
    if (Math.abs(clock - this.#since) < TRUSTED_MS) return;
    this.#since = clock;
    this.#repeats = 0;
    this.#evidence = Math.min(this.#evidence, OLD_EVIDENCE);
  }

  /** Whether the next seam is checked although the order counts as stable. @param repeats whether a row is on both pages */
  isSampled(repeats: boolean): boolean {
    return this.#seams++ % SAMPLED_SEAMS === SAMPLED_SEAMS - 1 || (repeats && this.#repeats++ < CHECKED_REPEATS);
  }

  /** Compares two readings of one page. @param second the time where two pages meet; its rows may move to the neighbouring page */
  compare(first: readonly CandidateRow[], again: readonly CandidateRow[], second: number): void {
    const places = new Map(first.map(({ identity }, place) => [identity, place]));
    const known = again.flatMap(({ identity, time }) => {
      const place = places.get(identity);
      return place === undefined ? [] : [{ place, time }];
    });
    const isReordered = known.some(
      ({ place, time }, index) => index > 0 && known[index - 1].time === time && known[index - 1].place > place,
    );
    const inSecond = (rows: readonly CandidateRow[]): number => rows.filter(({ time }) => time === second).length;
    const kept = known.filter(({ time }) => time === second).length;
    // A new trade only moves rows off a page or only onto it; both at once show another order.
    const isExchanged = kept < inSecond(first) && kept < inSecond(again);
    if (isReordered || isExchanged) this.distrust();
    else this.#evidence += tiesOf(known);
    if (this.#evidence >= RESTORED_EVIDENCE) this.isUnstable = false;
  }

  distrust(): void {
    this.isUnstable = true;
    this.#evidence = 0;
  }
}

/** Number of rows with the same time as the row before them. */
const tiesOf = (rows: readonly Pick<CandidateRow, 'time'>[]): number =>
  rows.filter(({ time }, index) => index > 0 && rows[index - 1].time === time).length;

interface Page {
  readonly clock: number;
  readonly rows: readonly CandidateRow[];
  readonly requests: number;
}

interface SeamCheck {
  /** Rows of the second at the seam that neither page had. */
  readonly rows: readonly CandidateRow[];
  readonly requests: number;
  /** Whether the order turned out to be unstable, so that seams that were not checked may have lost rows: the walk has to start over. */
  readonly restart: boolean;
}

const NOTHING: SeamCheck = { rows: [], requests: 0, restart: false };

/**
 * Checks the seams between the pages of one walk: where a venue reorders the trades of a second in each answer, a trade may be on neither
 * page. Re-reads seams until the order counts as stable; while it is unstable, each one until no new row appears.
 */
export class PageSeam {
  readonly #order: TradeOrder;
  #before: (Page & { readonly cursor: string | null }) | undefined;
  #hasUnchecked = false;

  constructor(order: TradeOrder) {
    this.#order = order;
  }

  /** Checks the seam before the next page. */
  async take(cursor: string | null, page: Page, fetch: (cursor: string | null) => Promise<Page>): Promise<SeamCheck> {
    const order = this.#order;
    const before = this.#before;
    this.#before = { ...page, cursor };
    const second = before?.rows.at(-1)?.time ?? null;
    // A second that fills a whole page is not checked.
    if (before === undefined || second === null || before.rows[0]?.time === second || page.rows.at(-1)?.time === second) return NOTHING;
    const rows = [...before.rows, ...page.rows].filter(({ time }) => time === second);
    const known = new Set(rows.map(({ identity }) => identity));
    const found: CandidateRow[] = [];
    let requests = 0;
    /** Reads one of the two pages again. @returns whether it has no new row of the second; undefined where its cursor has expired */
    const isClean = async (which: Page & { readonly cursor: string | null }): Promise<boolean | undefined> => {
      const again = await readAgain(fetch, which.cursor);
      if (again === undefined) return undefined;
      requests += again.requests;
      order.compare(which.rows, again.rows, second);
      const fresh = again.rows.filter(({ time, identity }) => time === second && !known.has(identity));
      for (const row of fresh) known.add(row.identity);
      found.push(...fresh);
      if (fresh.length > 0) order.distrust();
      return fresh.length === 0;
    };
    const pages = [before, { ...page, cursor }];
    order.expire(page.clock);
    if (!order.isUnstable) {
      const ties = pages.map((each) => tiesOf(each.rows));
      // A row on both pages may have displaced another one.
      const isForced = order.isSampled(known.size < rows.length);
      const isDue = isForced || (!order.isTrusted && ties.some((count) => count > 0));
      if (order.isChecking || !isDue) {
        this.#hasUnchecked = true;
        return NOTHING;
      }
      order.isChecking = true;
      try {
        const first = ties[0] < ties[1] ? 1 : 0;
        for (let read = 0; read < MOST_CHECKS && !order.isUnstable && (!order.isTrusted || read === 0); read++)
          if ((await isClean(pages[(first + read) % 2])) === undefined) break;
      } finally {
        order.isChecking = false;
      }
      return { rows: found, requests, restart: order.isUnstable };
    }
    if (this.#hasUnchecked) return { ...NOTHING, restart: true };
    let clean = 0;
    for (let read = 0; read < MOST_READS && clean < CLEAN_READS; read++) {
      const results = [await isClean(pages[0]), await isClean(pages[1])];
      if (results.includes(undefined)) break;
      clean = results.every(Boolean) ? clean + 1 : 0;
    }
    return { rows: found, requests, restart: false };
  }
}

/** Reads a page again; undefined where the venue no longer knows its cursor. */
async function readAgain(fetch: (cursor: string | null) => Promise<Page>, cursor: string | null): Promise<Page | undefined> {
  try {
    return await fetch(cursor);
  } catch (error) {
    if (error instanceof PredictLabError && error.type === 'BadInput') return undefined;
    throw error;
  }
}

/** Consecutive pages with few new rows after which the venue's paging counts as broken. */
const STALE_PAGES = 5;
/** Consecutive pages without an older row after which the paging counts as broken; no second has trades for that many pages. */
const STILL_PAGES = 200;
/** Share of a page's rows that the previous page also had, above which the page counts as having few new rows. */
const STALE_SHARE = 0.5;

/**
 * Checks whether a walk makes progress: detects a venue that ignores its cursor (it returns the newest page again and again, with a few new
 * rows each time), pages in a circle, or invents rows without end.
 */
export class WalkProgress {
  readonly #cursors = new Set<string>();
  #last = new Set<string>();
  #oldest = Number.POSITIVE_INFINITY;
  #stale = 0;
  #still = 0;

  /**
   * Checks the next page.
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
