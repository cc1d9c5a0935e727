import { PredictLabError } from '../../../contracts/errors.ts';
import { readName } from '../../catalogue/scalars.ts';
import { isObject, listInAnswer } from '../../catalogue/schema-drift.ts';
import { seriesOfSlug } from '../../catalogue/series.ts';
import type { Http } from '../../http/venue-client.ts';
import type { SearchHit } from '../../source.ts';
import { VENUE } from '../trades.ts';
import { listEvents, readMarkets } from './gamma.ts';

const PER_TYPE = 20;

const found = async (gamma: Http, words: string): Promise<unknown> =>
  await gamma.get(
    '/public-search',
    [
      ['q', words],
      ['limit_per_type', PER_TYPE],
    ],
    'gamma-search',
  );

/** Finds events that match the words. A hit is the market of an event that has only one, otherwise the whole event. */
export async function searchPolymarket(gamma: Http, text: string): Promise<readonly SearchHit[]> {
  const json = await found(gamma, text);
  // The answer of a search without hits has no list.
  const events =
    isObject(json) && (json.events === undefined || json.events === null)
      ? []
      : listInAnswer(json, 'events', { venue: VENUE, where: '/public-search' });
  return events.flatMap((event) => hitOf(event) ?? []);
}

/** Existing series of up/down markets for the coin in a slug, as a hint where a series was not found; empty if the search fails. */
export async function existingSeries(gamma: Http, seriesSlug: string, signal: AbortSignal): Promise<readonly string[]> {
  const [coin] = seriesSlug.split('-');
  try {
    const json = await found(gamma, `${coin} up or down`);
    const events = isObject(json) && Array.isArray(json.events) ? (json.events as unknown[]) : [];
    return events.flatMap((event) =>
      isObject(event) ? (readName(event.seriesSlug) ?? seriesOfSlug(readName(event.slug) ?? '') ?? []) : [],
    );
  } catch (error) {
    // The series are only a hint in an error message, which is reported without them too.
    if (error instanceof PredictLabError && !signal.aborted) return [];
    throw error;
  }
}

/** Maximum number of pages that a search reads of a tag's events. A user who needs more should search by words. */
const TAG_PAGES = 5;

/** Finds the open events of a tag (`crypto`, `politics`) whose title contains every word. */
export async function searchPolymarketTag(gamma: Http, tag: string, text: string): Promise<readonly SearchHit[]> {
  const words = text
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '');
  const filters = [
    ['tag_slug', tag],
    ['closed', false],
  ] as const;
  const hits: SearchHit[] = [];
  let pages = 0;
  for await (const events of listEvents(gamma, filters)) {
    hits.push(
      ...events.flatMap((event) => hitOf(event) ?? []).filter(({ title }) => words.every((word) => title.toLowerCase().includes(word))),
    );
    if (++pages === TAG_PAGES) break;
  }
  return hits;
}

function hitOf(event: unknown): SearchHit | undefined {
  if (!isObject(event)) return undefined;
  const slug = readName(event.slug);
  if (slug === null) return undefined;
  const markets = Array.isArray(event.markets) ? readMarkets(event.markets as unknown[], '/public-search').instruments : [];
  const [only] = markets;
  return {
    source: VENUE,
    title: readName(event.title) ?? slug,
    selector: markets.length === 1 && only !== undefined ? { slug: only.reference } : { eventSlug: slug },
    markets: markets.length,
    closed: event.closed === true,
    twins: [],
    instruments: markets.map(({ id }) => id),
  };
}
