import { readTime } from '../catalogue/scalars.ts';
import { isObject, type JsonObject, listInAnswer } from '../catalogue/schema-drift.ts';
import { seriesOfSlug } from '../catalogue/series.ts';
import type { Http } from '../http/venue-client.ts';
import { isRefusal } from '../http/venue-error.ts';
import { VENUE } from './matches.ts';

const WHERE = '/v1/categories';
/** Page sizes to try, largest first, since hosts differ in their limits. */
const SIZES = [1000, 100] as const;
/** Age by which a page must exceed the oldest wanted market to be past it: markets are published up to a day before they start. */
const PUBLISHED_AHEAD_MS = 2 * 86_400_000;
/** Maximum number of pages, which is more than a week of markets has. A host with more pages has ignored the requested order. */
const MAX_PAGES = 60;

export interface ListedCategories {
  /** The wanted categories, as the venue returned them. */
  readonly found: readonly JsonObject[];
  /** Wanted slugs that may exist although the pages read do not have them; they must be looked up one by one. */
  readonly rest: readonly string[];
  /** Names of all series in the listing. */
  readonly series: readonly string[];
}

/**
 * Finds markets of up/down series in the pages of the listing, newest first. Slugs that a complete listing lacks do not exist. Where the
 * listing is missing or in another order, the slugs that were not found are left for a lookup by slug.
 * @param slugs slugs of the wanted markets, `<series>-<startUnix>`
 */
export async function listCategories(api: Http, slugs: ReadonlySet<string>): Promise<ListedCategories> {
  const oldest = Math.min(...[...slugs].flatMap((slug) => startOf(slug) ?? []));
  const found = new Map<string, JsonObject>();
  const series = new Set<string>();
  // Some hosts list only open categories unless a status is requested.
  for (const status of [undefined, 'RESOLVED'] as const) {
    const listing = await readPages(api, status, oldest, (category, slug) => {
      const name = seriesOfSlug(slug);
      if (name !== undefined) series.add(name);
      if (slugs.has(slug) && !found.has(slug)) found.set(slug, category);
    });
    const rest = [...slugs].filter((slug) => !found.has(slug));
    if (!listing.complete) return { found: [...found.values()], rest, series: [...series] };
    if (rest.length === 0 || listing.showedEnded) break;
  }
  return { found: [...found.values()], rest: [], series: [...series] };
}

/** Start time of a market by its slug; UTC epoch milliseconds. */
const startOf = (slug: string): number | undefined => {
  const unix = /-(\d{9,10})$/.exec(slug)?.[1];
  return unix === undefined ? undefined : Number(unix) * 1000;
};

interface Listing {
  /** Whether the pages reach past the oldest wanted market or to the end of the listing. */
  readonly complete: boolean;
  /** Whether the listing includes ended categories, so that it need not be read again for them. */
  readonly showedEnded: boolean;
}

async function readPages(
  api: Http,
  status: string | undefined,
  oldest: number,
  take: (category: JsonObject, slug: string) => void,
): Promise<Listing> {
  let showedEnded = false;
  let cursor: string | undefined;
  let size = 0;
  const seen = new Set<string>();
  for (let page = 0; page < MAX_PAGES; page++) {
    const query = [
      ['marketVariant', 'CRYPTO_UP_DOWN'],
      ['sort', 'PUBLISHED_AT_DESC'],
      ...(status === undefined ? [] : ([['status', status]] as const)),
      ['first', SIZES[size]],
      ...(cursor === undefined ? [] : ([['after', cursor]] as const)),
    ] as const;
    let json: unknown;
    try {
      json = await api.get(WHERE, query);
    } catch (error) {
      if (!isRefusal(error)) throw error;
      size += 1;
      if (cursor !== undefined || size >= SIZES.length) return { complete: false, showedEnded };
      continue;
    }
    const categories = listInAnswer(json, 'data', { venue: VENUE, where: WHERE }).filter(isObject);
    let newest = Number.NEGATIVE_INFINITY;
    for (const category of categories) {
      const slug = typeof category.slug === 'string' ? category.slug : '';
      take(category, slug);
      if (category.status === 'RESOLVED') showedEnded = true;
      newest = Math.max(newest, readTime(category.publishedAt ?? category.startsAt).value ?? startOf(slug) ?? Number.NEGATIVE_INFINITY);
    }
    const next = isObject(json) && typeof json.cursor === 'string' && json.cursor !== '' ? json.cursor : undefined;
    // A first page with nothing but old markets shows that the listing is not newest first.
    if (newest < oldest - PUBLISHED_AHEAD_MS) return { complete: page > 0 || next === undefined, showedEnded };
    if (next === undefined) return { complete: true, showedEnded };
    if (seen.has(next)) return { complete: false, showedEnded };
    seen.add(next);
    cursor = next;
  }
  return { complete: false, showedEnded };
}
