import { z } from 'zod';
import { PredictLabError } from '../../contracts/errors.ts';
import type { Instrument } from '../../contracts/market-data.ts';
import { DAY_MS } from '../../contracts/words.ts';
import { together } from '../catalogue/found-markets.ts';
import { isFinal } from '../catalogue/market-life.ts';
import { isObject, objectAt, parsedBy, schemaChanged } from '../catalogue/schema-drift.ts';
import { noStep, proposed, seriesMembers, unfinishedMembers } from '../catalogue/series.ts';
import { noteFields } from '../http/venue-changes.ts';
import type { Http } from '../http/venue-client.ts';
import { isRefusal } from '../http/venue-error.ts';
import type { DiscoverRequest } from '../source.ts';
import type { FoundInstruments } from '../venue.ts';
import { instrumentOf } from './instrument.ts';
import { listCategories } from './list-categories.ts';
import { type PredictMarket, predictCategorySchema, predictMarketSchema } from './market-schema.ts';
import { VENUE } from './matches.ts';

/** Schema of a selector: a market, a category, or a series of categories. */
export const predictSelector = z.union([
  z.strictObject({ marketId: z.int().positive() }),
  z.strictObject({ categorySlug: z.string().min(1) }),
  /** Selects every category with a slug `<seriesSlug>-<startUnix>` that is open in the window. */
  z.strictObject({ seriesSlug: z.string().min(1) }),
]);
export type PredictSelector = z.infer<typeof predictSelector>;

/** Finds the instruments of a symbol's Predict.fun selectors, with one request per market or category. */
export async function discoverPredict(api: Http, request: DiscoverRequest<PredictSelector>): Promise<FoundInstruments> {
  const findings = await Promise.all(
    request.selectors.map(async (selector) => {
      if ('marketId' in selector) return await byMarket(api, request, selector.marketId);
      if ('seriesSlug' in selector) return await bySeries(api, request, selector.seriesSlug);
      const hint = "a category's slug is the last part of its web address";
      const missing = `${request.symbol}: predict has no category ${JSON.stringify(selector)}; ${hint}`;
      return (await findCategory(api, request.symbol, selector.categorySlug, 'category')) ?? { instruments: [], problems: [missing] };
    }),
  );
  return together(findings);
}

async function byMarket(api: Http, { symbol, known }: DiscoverRequest, marketId: number): Promise<FoundInstruments> {
  const final = known.find((each) => each.id === `${VENUE}:${marketId}` && isFinal(each));
  if (final !== undefined) return { instruments: [final], problems: [] };
  const problem = (text: string): FoundInstruments => ({ instruments: [], problems: [`${symbol}: predict ${text}`] });
  const answer = await getOrMissing(api, `/v1/markets/${marketId}`);
  if ('refused' in answer)
    return problem(`has no market {"marketId":${marketId}} (${answer.refused}); look it up with "predictlab symbols search"`);
  const reading = instrumentOf(readMarket(answer.data, '/v1/markets/{id}'));
  return 'leftOut' in reading ? problem(reading.leftOut) : { instruments: [reading.instrument], problems: [] };
}

/** Maximum number of a series' markets that are looked up one by one. For more of them, the pages of the listing are read. */
const ONE_BY_ONE = 3;
/** Key of a host's memory, for slugs of markets that were never published. */
const ABSENT = 'absent markets of series';
/** Time after a market's planned start from which it can no longer appear: markets are published up to a day before they start. */
const FINALLY_ABSENT_MS = 2 * DAY_MS;

async function bySeries(api: Http, { symbol, window, known }: DiscoverRequest, seriesSlug: string): Promise<FoundInstruments> {
  const members = seriesMembers(seriesSlug, window);
  if (members === undefined) return { instruments: [], problems: [noStep(symbol, seriesSlug)] };
  const bySlug = new Map(known.map((instrument) => [instrument.reference, instrument]));
  const absent = (api.memory.get(ABSENT) ?? new Set()) as Set<string>;
  api.memory.set(ABSENT, absent);
  const slugs = new Set([...members.flatMap((member) => member.slugs), ...unfinishedMembers(seriesSlug, known)]);
  const kept = [...slugs].flatMap((slug) => bySlug.get(slug) ?? []).filter(isFinal);
  for (const slug of [...kept.map(({ reference }) => reference), ...absent]) slugs.delete(slug);
  const listed = slugs.size > ONE_BY_ONE ? await listCategories(api, slugs) : { found: [], rest: [...slugs], series: [] };
  const findings = [
    ...listed.found.map((category) => readCategory(category, symbol, 'series')),
    ...(await Promise.all(listed.rest.map((slug) => findCategory(api, symbol, slug, 'series')))).flatMap((found) => found ?? []),
  ];
  const instruments = [...kept, ...findings.flatMap((finding) => finding.instruments)];
  const problems = findings.flatMap((finding) => finding.problems);
  const there = new Set(instruments.map(({ reference }) => reference));
  for (const { slugs: names, start } of members)
    if (start < window.to - FINALLY_ABSENT_MS && problems.length === 0) for (const slug of names) if (!there.has(slug)) absent.add(slug);
  if (instruments.length === 0) {
    problems.push(
      `${symbol}: predict has no market of {"seriesSlug":"${seriesSlug}"} in the window; they would be named ${members[0]?.slugs.at(-1)} and so on${proposed(listed.series)}`,
    );
  }
  return { instruments, problems };
}

/** Finds the markets of a category; undefined when no category has that slug. */
async function findCategory(api: Http, symbol: string, slug: string, as: 'category' | 'series'): Promise<FoundInstruments | undefined> {
  const answer = await getOrMissing(api, `/v1/categories/${encodeURIComponent(slug)}`);
  return 'refused' in answer ? undefined : readCategory(answer.data, symbol, as);
}

/**
 * Reads the markets of a category. A market that cannot be read is a problem, and so is one that is not registered on the chain yet. In a
 * series, the latter is normal: its markets are published before they are registered.
 * @throws PredictLabError SourceSchemaChanged when no market can be read
 */
export function readCategory(data: unknown, symbol: string, as: 'category' | 'series'): FoundInstruments {
  const where = '/v1/categories/{slug}';
  const at = { venue: VENUE, where };
  const category = parsedBy(predictCategorySchema, data, at);
  noteCategoryFields(data);
  noteMarketFields(category.markets);
  const instruments: Instrument[] = [];
  const problems: string[] = [];
  const unreadable: PredictLabError[] = [];
  for (const item of category.markets) {
    try {
      const reading = instrumentOf(parsedBy(predictMarketSchema, item, at), category);
      if ('instrument' in reading) instruments.push(reading.instrument);
      else if (as === 'category' || !reading.waits) problems.push(`${symbol}: predict ${reading.leftOut}`);
    } catch (error) {
      if (!(error instanceof PredictLabError) || error.type !== 'SourceSchemaChanged') throw error;
      unreadable.push(error);
    }
  }
  if (unreadable.length === category.markets.length && unreadable.length > 0) throw unreadable[0];
  return { instruments, problems: [...problems, ...unreadable.map(({ message }) => `${symbol}: ${message}`)] };
}

/** Returns the `data` of an answer, or the venue's message when it refuses the requested id (400, 404). */
async function getOrMissing(api: Http, path: string): Promise<{ readonly data: unknown } | { readonly refused: string }> {
  try {
    const json = await api.get(path);
    const body = objectAt(json, { venue: VENUE, where: path });
    if ('data' in body) return { data: body.data };
    throw schemaChanged({ venue: VENUE, where: path, path: 'data', expected: 'an object', got: undefined, sample: json });
  } catch (error) {
    if (isRefusal(error)) return { refused: error.message };
    throw error;
  }
}

/** Reads one market. @throws PredictLabError SourceSchemaChanged */
export function readMarket(item: unknown, where: string): PredictMarket {
  noteMarketFields([item]);
  return parsedBy(predictMarketSchema, item, { venue: VENUE, where });
}

/** All fields of a market in answers recorded in August and September 2026. */
const KNOWN_OF_MARKET = (
  'boostEndsAt boostStartsAt categorySlug conditionId createdAt decimalPrecision description feeRateBps id imageUrl isBoosted isNegRisk ' +
  'isVisible isYieldBearing kalshiMarketTicker marketType marketVariant oracleQuestionId outcomes polymarketConditionIds question ' +
  'questionIndex resolution resolverAddress rewards shareThreshold spreadThreshold stats status team title tradingStatus variantData'
).split(' ');
const KNOWN_OF_OUTCOME = ['indexSet', 'name', 'onChainId', 'status', 'bestBid', 'bestAsk', 'team', 'variantData'];
const KNOWN_OF_CATEGORY = (
  'createdAt description endsAt id imageUrl isNegRisk isVisible isYieldBearing marketVariant markets negRiskOnChainId parentSlug ' +
  'publishedAt resolutionProvider shortTitle slug startsAt stats status tags teams title variantData variantDetails'
).split(' ');

/** Notes fields that all markets lack. New fields without a missing one are not noted, since most of them serve the venue's own pages. */
function noteMarketFields(markets: readonly unknown[]): void {
  const always = ['id', 'title', 'outcomes', 'status', 'tradingStatus', 'decimalPrecision', 'feeRateBps'];
  noteFields(VENUE, 'market', markets, {
    known: KNOWN_OF_MARKET,
    always,
    neverNull: ['status', 'decimalPrecision', 'feeRateBps'],
    notesNew: false,
    least: 1,
  });
  const outcomes = markets.flatMap((market) => (isObject(market) && Array.isArray(market.outcomes) ? (market.outcomes as unknown[]) : []));
  // An outcome that is not registered yet has an id of null; one without the field shows that the field was renamed.
  noteFields(VENUE, 'outcome', outcomes, {
    known: KNOWN_OF_OUTCOME,
    always: ['indexSet', 'name', 'onChainId'],
    neverNull: ['indexSet', 'name'],
    notesNew: false,
    least: 1,
  });
  noteFields(VENUE, 'outcome', outcomes, { known: KNOWN_OF_OUTCOME, always: ['status'], notesNew: false });
}

const noteCategoryFields = (category: unknown): void =>
  noteFields(VENUE, 'category', [category], {
    known: KNOWN_OF_CATEGORY,
    always: ['slug', 'startsAt', 'endsAt', 'markets'],
    notesNew: false,
    least: 1,
  });
