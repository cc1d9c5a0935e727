import { PredictLabError } from '../../contracts/errors.ts';
import type { CandidateRow } from '../../contracts/market-data.ts';

/** Number of observed trade pairs (of one second, in the same order in two answers) that make a venue's order count as stable. */
const ENOUGH_EVIDENCE = 16;
/** Maximum number of observed trade pairs that still count after `TRUSTED_MS`, since a venue may change how it answers. */
const OLD_EVIDENCE = 8;
const TRUSTED_MS = 60_000;
/** Number of observed trade pairs that make an order count as stable again after it was unstable. */
const RESTORED_EVIDENCE = 256;
/** Maximum number of re-reads at one page boundary ("seam") while the order is not known to be unstable. */
const MAX_CHECKS = 4;
/** Maximum number of seams per `TRUSTED_MS` that are checked because both pages have the same row, which some venues always repeat. */
const CHECKED_REPEATS = 8;
/** While the order counts as stable, one seam in this many is checked. */
const SAMPLED_SEAMS = 50;
/** Number of consecutive re-reads without a new row that make a seam complete while the order is unstable. */
const CLEAN_READS = 8;
/** Maximum number of re-reads of both pages at one seam while the order is unstable. */
const MAX_READS = 16;

/**
 * Whether a venue returns the trades of one second in the same order in every answer, as far as this process has seen. The walks of all
 * markets of a source share one object.
 */
export class TradeOrder {
  isUnstable = false;
  /** Whether some walk is checking a seam. Other walks continue meanwhile, and start again if the order turns out to be unstable. */
  isChecking = false;
  #evidence = 0;
  #seams = 0;
  #since = 0;
  #repeats = 0;

  get isTrusted(): boolean {
    return !this.isUnstable && this.#evidence >= ENOUGH_EVIDENCE;
  }

  /** Starts a new period of trust if the last one is over. @param clock the venue's clock */
  expire(clock: number): void {
    if (Math.abs(clock - this.#since) < TRUSTED_MS) return;
    this.#since = clock;
    this.#repeats = 0;
    this.#evidence = Math.min(this.#evidence, OLD_EVIDENCE);
  }

  /** Whether to check the next seam although the order counts as stable. @param repeats whether a row is on both pages */
  isSampled(repeats: boolean): boolean {
    return this.#seams++ % SAMPLED_SEAMS === SAMPLED_SEAMS - 1 || (repeats && this.#repeats++ < CHECKED_REPEATS);
  }

  /** Compares two readings of one page. @param second the time at which two pages meet; rows of it may move between the pages */
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
    // A new trade either only adds rows of the second to a page or only removes some; both at once show another order.
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
  /** Rows of the second at the seam that were on neither page. */
  readonly rows: readonly CandidateRow[];
  readonly requests: number;
  /** Whether the walk must start again: the order has turned out to be unstable, so seams that it did not check may have lost rows. */
  readonly restart: boolean;
}

const NOTHING: SeamCheck = { rows: [], requests: 0, restart: false };

/**
 * Checks the boundaries ("seams") between the pages of one walk: where a venue reorders the trades of a second in each answer, a trade may
 * be on neither page. Seams are read again until the order counts as stable; while it is unstable, each until no new row appears.
 */
export class PageSeam {
  readonly #order: TradeOrder;
  #before: (Page & { readonly cursor: string | null }) | undefined;
  #hasUnchecked = false;

  constructor(order: TradeOrder) {
    this.#order = order;
  }

  /** Checks the seam between the previous page and this one. */
  async take(cursor: string | null, page: Page, fetch: (cursor: string | null) => Promise<Page>): Promise<SeamCheck> {
    const order = this.#order;
    const before = this.#before;
    this.#before = { ...page, cursor };
    const second = before?.rows.at(-1)?.time ?? null;
    // A second that fills one of the two pages cannot be checked.
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
      // Where a row is on both pages, another row may be on neither.
      const isForced = order.isSampled(known.size < rows.length);
      const isDue = isForced || (!order.isTrusted && ties.some((count) => count > 0));
      if (order.isChecking || !isDue) {
        this.#hasUnchecked = true;
        return NOTHING;
      }
      order.isChecking = true;
      try {
        const first = ties[0] < ties[1] ? 1 : 0;
        for (let read = 0; read < MAX_CHECKS && !order.isUnstable && (!order.isTrusted || read === 0); read++)
          if ((await isClean(pages[(first + read) % 2])) === undefined) break;
      } finally {
        order.isChecking = false;
      }
      return { rows: found, requests, restart: order.isUnstable };
    }
    if (this.#hasUnchecked) return { ...NOTHING, restart: true };
    let clean = 0;
    for (let read = 0; read < MAX_READS && clean < CLEAN_READS; read++) {
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

/** Number of consecutive pages with few new rows after which the venue's paging counts as broken. */
const STALE_PAGES = 5;
/** Number of consecutive pages without an older row after which the paging counts as broken; no second has that many trades. */
const STILL_PAGES = 200;
/** A page counts as having few new rows when more than this share of its rows was on the previous page. */
const STALE_SHARE = 0.5;

/**
 * Checks whether a walk makes progress. Detects a venue that ignores its cursor (it returns the newest page again and again, with a few new
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
