import type { PredictSelector } from '../../contracts/catalogue.ts';
import { PredictLabError } from '../../contracts/errors.ts';
import type { Instrument, TimeRange } from '../../contracts/market-data.ts';
import { isFinal } from '../catalogue/market-life.ts';
import { isObject, objectAt, schemaChanged } from '../catalogue/schema-drift.ts';
import { noStep, proposed, seriesMembers, unfinishedMembers } from '../catalogue/series.ts';
import { noteFields } from '../http/venue-changes.ts';
import { VenueError } from '../http/venue-error.ts';
import type { DiscoverRequest, Discovery } from '../source.ts';
import { type Call, type PredictApi, VENUE } from './api.ts';
import { instrumentOf } from './instrument.ts';
import { listCategories } from './list-categories.ts';
import { type PredictCategory, type PredictMarket, predictCategorySchema, predictMarketSchema } from './market-schema.ts';

interface Finding {
  readonly instruments: readonly Instrument[];
  readonly problems: readonly string[];
  readonly requests: number;
}

const NOTHING: Finding = { instruments: [], problems: [], requests: 0 };

/** The common inputs for looking up a selector. */
interface Context {
  readonly symbol: string;
  readonly window: TimeRange;
  readonly byId: ReadonlyMap<string, Instrument>;
  readonly bySlug: ReadonlyMap<string, Instrument>;
  readonly api: PredictApi;
  readonly call: Call;
}

/** Finds the instruments of a symbol's Predict.fun selectors, earliest end first, with one request per market or category. */
export async function discoverPredict(api: PredictApi, request: DiscoverRequest<PredictSelector>, call: Call): Promise<Discovery> {
  const byId = new Map(request.known.map((instrument) => [instrument.id, instrument]));
  const bySlug = new Map(request.known.map((instrument) => [instrument.reference, instrument]));
  const context: Context = { symbol: request.symbol, window: request.window, byId, bySlug, api, call };
  const findings = await Promise.all(
    request.selectors.map((selector) => {
      if ('marketId' in selector) return byMarket(context, selector.marketId);
      return 'categorySlug' in selector ? byCategory(context, selector.categorySlug) : bySeries(context, selector.seriesSlug);
    }),
  );
  const instruments = new Map(findings.flatMap((finding) => finding.instruments).map((instrument) => [instrument.id, instrument]));
  const problems = findings.flatMap((finding) => finding.problems);
  if (instruments.size === 0 && problems.length > 0) throw new PredictLabError('BadInput', problems.join('\n'));
  return {
    instruments: [...instruments.values()].sort((a, b) => (a.closesAt ?? Infinity) - (b.closesAt ?? Infinity) || (a.id < b.id ? -1 : 1)),
    problems,
    requests: findings.reduce((sum, { requests }) => sum + requests, 0),
    clock: api.clock,
  };
}

async function byMarket({ api, call, symbol, byId }: Context, marketId: number): Promise<Finding> {
  const known = byId.get(`${VENUE}:${marketId}`);
  if (known !== undefined && isFinal(known)) return { instruments: [known], problems: [], requests: 0 };
  const where = `/v1/markets/${marketId}`;
  const answer = await getOrMissing(api, where, call);
  if ('refused' in answer) {
    return {
      instruments: [],
      problems: [
        `${symbol}: predict has no market {"marketId":${marketId}} (${answer.refused}); look it up with "predictlab symbols search"`,
      ],
      requests: 1,
    };
  }
  const reading = instrumentOf(readMarket(answer.data, '/v1/markets/{id}'));
  if ('leftOut' in reading) return { instruments: [], problems: [`${symbol}: predict ${reading.leftOut}`], requests: answer.requests };
  return { instruments: [reading.instrument], problems: [], requests: answer.requests };
}

async function byCategory(context: Context, slug: string): Promise<Finding> {
  const finding = await findCategory(context, slug);
  if (finding !== undefined) return finding;
  const hint = "a category's slug is the last part of its web address";
  return { instruments: [], problems: [`${context.symbol}: predict has no category {"categorySlug":"${slug}"}; ${hint}`], requests: 1 };
}

/** Largest number of a series' markets that are looked up one by one; more are looked up in the pages of the listing. */
const ONE_BY_ONE = 3;

async function bySeries(context: Context, seriesSlug: string): Promise<Finding> {
  const { symbol, window, bySlug, api, call } = context;
  const members = seriesMembers(seriesSlug, window);
  if (members === undefined) return { instruments: [], problems: [noStep(symbol, seriesSlug)], requests: 0 };
  const slugs = new Set([...members.flatMap((member) => member.slugs), ...unfinishedMembers(seriesSlug, [...bySlug.values()])]);
  const kept = [...slugs].flatMap((slug) => bySlug.get(slug) ?? []).filter(isFinal);
  for (const { reference } of kept) slugs.delete(reference);
  const listed =
    slugs.size > ONE_BY_ONE ? await listCategories(api, slugs, call) : { found: [], rest: [...slugs], requests: 0, series: [] };
  const findings = [
    ...listed.found.map((category) => readCategory(category, symbol, 'series')),
    ...(await Promise.all(
      listed.rest.map(async (slug): Promise<Finding> => (await findCategory(context, slug, 'series')) ?? { ...NOTHING, requests: 1 }),
    )),
  ];
  const instruments = [...kept, ...findings.flatMap((finding) => finding.instruments)];
  const problems = findings.flatMap((finding) => finding.problems);
  if (instruments.length === 0) {
    problems.push(
      `${symbol}: predict has no market of {"seriesSlug":"${seriesSlug}"} in the window; they would be named ${members[0]?.slugs.at(-1)} and so on${proposed(listed.series)}`,
    );
  }
  return { instruments, problems, requests: findings.reduce((sum, { requests }) => sum + requests, listed.requests) };
}

/** Finds the markets of a category; undefined when no category has that slug. */
async function findCategory(
  { api, call, symbol }: Context,
  slug: string,
  as: 'category' | 'series' = 'category',
): Promise<Finding | undefined> {
  const answer = await getOrMissing(api, `/v1/categories/${encodeURIComponent(slug)}`, call);
  if ('refused' in answer) return undefined;
  return { ...readCategory(answer.data, symbol, as), requests: answer.requests };
}

/**
 * Reads the markets of a category. A market that cannot be read or is not registered yet is a problem of that market. Markets of a series
 * are published before they are registered, so for a series an unregistered market is not a problem.
 *
 * @throws PredictLabError SourceSchemaChanged when no market can be read
 */
export function readCategory(data: unknown, symbol: string, as: 'category' | 'series'): Finding {
  const where = '/v1/categories/{slug}';
  const parsed = predictCategorySchema.safeParse(data);
  if (!parsed.success) throw drift(where, parsed.error.issues[0], data);
  const category: PredictCategory = parsed.data;
  noteCategoryFields(data);
  noteMarketFields(category.markets);
  const instruments: Instrument[] = [];
  const problems: string[] = [];
  const unreadable: PredictLabError[] = [];
  for (const item of category.markets) {
    const market = predictMarketSchema.safeParse(item);
    if (!market.success) {
      unreadable.push(drift(where, market.error.issues[0], item));
      continue;
    }
    const reading = instrumentOf(market.data, category);
    if ('instrument' in reading) instruments.push(reading.instrument);
    else if (as === 'category' || !reading.waits) problems.push(`${symbol}: predict ${reading.leftOut}`);
  }
  if (unreadable.length === category.markets.length && unreadable.length > 0) throw unreadable[0];
  return { instruments, problems: [...problems, ...unreadable.map(({ message }) => `${symbol}: ${message}`)], requests: 0 };
}

type Found = { readonly data: unknown; readonly requests: number } | { readonly refused: string };

/** Returns the `data` of an answer, or the venue's message when it refuses the id (400, 404). */
async function getOrMissing(api: PredictApi, path: string, call: Call): Promise<Found> {
  try {
    const { json, requests } = await api.get({ path, family: 'predict/general', ...call });
    const body = objectAt(json, { venue: VENUE, where: path });
    if (!('data' in body))
      throw schemaChanged({ venue: VENUE, where: path, path: 'data', expected: 'an object', got: undefined, sample: json });
    return { data: body.data, requests };
  } catch (error) {
    if (error instanceof VenueError && error.type === 'BadInput') return { refused: error.message };
    throw error;
  }
}

/** Reads one market. @throws PredictLabError SourceSchemaChanged */
export function readMarket(item: unknown, where: string): PredictMarket {
  noteMarketFields([item]);
  const parsed = predictMarketSchema.safeParse(item);
  if (parsed.success) return parsed.data;
  throw drift(where, parsed.error.issues[0], item);
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

/** Notes fields that all markets lack. New fields alone are not noted, since most of them serve the venue's own pages. */
function noteMarketFields(markets: readonly unknown[]): void {
  const always = ['id', 'title', 'outcomes', 'status', 'tradingStatus', 'decimalPrecision', 'feeRateBps'];
  noteFields(VENUE, 'market', markets, { known: KNOWN_OF_MARKET, always, notesNew: false, least: 1 });
  const outcomes = markets.flatMap((market) => (isObject(market) && Array.isArray(market.outcomes) ? (market.outcomes as unknown[]) : []));
  // a null id is one that is not registered yet, an absent one has another name
  noteFields(VENUE, 'outcome', outcomes, { known: KNOWN_OF_OUTCOME, always: ['indexSet', 'name', 'onChainId'], notesNew: false, least: 1 });
  noteFields(VENUE, 'outcome', outcomes, { known: KNOWN_OF_OUTCOME, always: ['status'], notesNew: false });
}

const noteCategoryFields = (category: unknown): void =>
  noteFields(VENUE, 'category', [category], {
    known: KNOWN_OF_CATEGORY,
    always: ['slug', 'startsAt', 'endsAt', 'markets'],
    notesNew: false,
    least: 1,
  });

interface Issue {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

function drift(where: string, issue: Issue | undefined, sample: unknown): PredictLabError {
  const path = (issue?.path ?? []).map(String).join('.');
  const got = (issue?.path ?? []).reduce<unknown>((value, key) => (value as Record<PropertyKey, unknown> | undefined)?.[key], sample);
  return schemaChanged({ venue: VENUE, where, path: path === '' ? '$' : path, expected: issue?.message ?? 'something else', got, sample });
}
