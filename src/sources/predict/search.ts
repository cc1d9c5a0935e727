import { readName } from '../catalogue/scalars.ts';
import { isObject, listInAnswer, objectAt } from '../catalogue/schema-drift.ts';
import type { Http } from '../http/venue-client.ts';
import type { SearchHit } from '../source.ts';
import { instrumentOf } from './instrument.ts';
import { predictMarketSchema } from './market-schema.ts';
import { VENUE } from './matches.ts';

const LIMIT = 25;
const WHERE = '/v1/search';

/** Finds categories that match the words, and matching markets outside of these, with their twins at Polymarket. */
export async function searchPredict(api: Http, text: string): Promise<readonly SearchHit[]> {
  const query = [
    ['query', text],
    ['limit', LIMIT],
    ['includeResolved', true],
  ] as const;
  const json = await api.get(WHERE, query, 'search');
  const at = { venue: VENUE, where: WHERE };
  const data = objectAt(objectAt(json, at).data, at);
  const categories = data.categories === undefined ? [] : listInAnswer(data, 'categories', at);
  const markets = data.markets === undefined ? [] : listInAnswer(data, 'markets', at);
  const hits = categories.flatMap((category) => categoryHit(category) ?? []);
  const shown = new Set(hits.flatMap(({ instruments }) => instruments));
  return [
    ...hits,
    ...markets.flatMap((market) => marketHit(market) ?? []).filter(({ instruments }) => !instruments.every((id) => shown.has(id))),
  ];
}

/** The instrument of a search result; undefined for an unreadable one, which is left out. Search results are not stored. */
function instrumentFrom(item: unknown) {
  const market = predictMarketSchema.safeParse(item);
  const reading = market.success ? instrumentOf(market.data) : undefined;
  return reading !== undefined && 'instrument' in reading ? reading.instrument : undefined;
}

function categoryHit(category: unknown): SearchHit | undefined {
  const slug = isObject(category) ? readName(category.slug) : null;
  if (!isObject(category) || slug === null) return undefined;
  const instruments = Array.isArray(category.markets) ? (category.markets as unknown[]).flatMap((item) => instrumentFrom(item) ?? []) : [];
  return {
    source: VENUE,
    title: readName(category.title) ?? slug,
    selector: { categorySlug: slug },
    markets: instruments.length,
    closed: instruments.length > 0 && instruments.every(({ closed }) => closed),
    twins: instruments.flatMap(({ twins }) => twins),
    instruments: instruments.map(({ id }) => id),
  };
}

function marketHit(item: unknown): SearchHit | undefined {
  const instrument = instrumentFrom(item);
  if (instrument === undefined) return undefined;
  const marketId = Number(instrument.id.slice(`${VENUE}:`.length));
  return {
    source: VENUE,
    title: instrument.title,
    selector: Number.isSafeInteger(marketId) ? { marketId } : { categorySlug: instrument.reference },
    markets: 1,
    closed: instrument.closed,
    twins: instrument.twins,
    instruments: [instrument.id],
  };
}
