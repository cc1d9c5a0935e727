import { z } from 'zod';
import type { Instrument } from '../../../contracts/market-data.ts';
import { DAY_MS } from '../../../contracts/words.ts';
import { conditionId } from '../../catalogue/condition-id.ts';
import { isFinal } from '../../catalogue/market-life.ts';
import { noStep, proposed, type SeriesMember, seriesMembers, unfinishedMembers } from '../../catalogue/series.ts';
import type { Http } from '../../http/venue-client.ts';
import { isRefusal } from '../../http/venue-error.ts';
import type { DiscoverRequest } from '../../source.ts';
import type { FoundInstruments } from '../../venue.ts';
import { VENUE } from '../trades.ts';
import { findMarkets, type MarketLookup } from './find-markets.ts';
import { type FoundMarkets, findEvent } from './gamma.ts';
import { settleByPayouts } from './payouts.ts';
import { existingSeries } from './search.ts';

/** Schema of a selector: a market by its id or slug, an event, or a series of markets. */
export const polymarketSelector = z.union([
  z.strictObject({ conditionId: z.string().regex(/^0x[0-9a-fA-F]+$/, 'a condition id starts with 0x') }),
  z.strictObject({ slug: z.string().min(1) }),
  z.strictObject({ eventSlug: z.string().min(1) }),
  z.strictObject({ seriesSlug: z.string().min(1) }),
]);
export type PolymarketSelector = z.infer<typeof polymarketSelector>;

const NOTHING: FoundMarkets = { instruments: [], problems: [], leftOut: [] };

/**
 * Finds the instruments of a symbol's selectors: ids and slugs in batches, an event in one request, a series by all slugs that its markets
 * may have.
 */
export async function discoverPolymarket(
  { gamma, data }: { readonly gamma: Http; readonly data: Http },
  request: DiscoverRequest<PolymarketSelector>,
): Promise<FoundInstruments> {
  const { symbol, selectors, known } = request;
  const values = (name: string): string[] =>
    selectors.flatMap((selector) => Object.entries(selector).flatMap(([key, value]) => (key === name ? [value] : [])));
  const findings = await Promise.all([
    byNames(gamma, BY_ID, symbol, values('conditionId').map(conditionId), known),
    byNames(gamma, BY_SLUG, symbol, values('slug'), known),
    ...values('eventSlug').map((slug) => byEvent(gamma, symbol, slug)),
    ...values('seriesSlug').map((slug) => bySeries(gamma, slug, request)),
  ]);
  return {
    instruments: await settleByPayouts(
      data,
      findings.flatMap((finding) => finding.instruments),
    ),
    problems: findings.flatMap((finding) => finding.problems),
  };
}

const notFound = (symbol: string, selector: object, hint: string): string =>
  `${symbol}: polymarket has no market for ${JSON.stringify(selector)}; ${hint}`;

/** A way to name single markets: the selector's field, the lookup's parameter, and the instrument's own name of that kind. */
interface Naming {
  readonly field: string;
  readonly parameter: MarketLookup['name'];
  readonly nameOf: (instrument: Instrument) => string;
  readonly hint: string;
}

const BY_ID: Naming = {
  field: 'conditionId',
  parameter: 'condition_ids',
  nameOf: ({ id }) => id.slice(`${VENUE}:`.length).toLowerCase(),
  hint: 'check the id with "predictlab symbols search"',
};
const BY_SLUG: Naming = {
  field: 'slug',
  parameter: 'slug',
  nameOf: ({ reference }) => reference,
  hint: 'a market\'s slug is the last part of its web address; for an event use {"eventSlug": …}',
};

async function byNames(
  gamma: Http,
  { field, parameter, nameOf, hint }: Naming,
  symbol: string,
  names: readonly string[],
  known: readonly Instrument[],
): Promise<FoundMarkets> {
  if (names.length === 0) return NOTHING;
  const settled = known.filter((instrument) => isFinal(instrument) && names.includes(nameOf(instrument)));
  const ended = new Set(settled.map(nameOf));
  const unfinished = new Set(known.filter((instrument) => !isFinal(instrument)).map(nameOf));
  const again = new Set(field === 'slug' ? settled.filter((each) => isToLookUpAgain(each, gamma.clock)).map(nameOf) : []);
  const kept = settled.map((each) => (again.has(nameOf(each)) ? { ...each, slugCheckedAt: gamma.clock } : each));
  const wanted = names.filter((name) => !ended.has(name) || unfinished.has(name) || again.has(name));
  const [closed, open] = [true, false].map((state) => new Set(known.filter((each) => each.closed === state).map(nameOf)));
  const areClosed = wanted.every((name) => closed.has(name) && !open.has(name));
  // a new market with the slug of an ended one would be open
  const likely = areClosed && again.size === 0 ? 'closed' : 'open';
  const found = await refusedOneByOne(wanted, (values) => findMarkets(gamma, { name: parameter, values, likely, named: true }));
  const there = new Set([...found.instruments.map(nameOf), ...found.leftOut.flatMap((left) => left.names)]);
  const problems = [
    ...found.leftOut.map(({ why }) => `${symbol}: polymarket ${why}; it cannot be collected`),
    ...[...found.refused].map(([name, said]) => `${symbol}: polymarket refuses ${JSON.stringify({ [field]: name })}: ${said}`),
    ...wanted
      .filter((name) => ![there, ended, found.refused].some((names) => names.has(name)))
      .map((name) => notFound(symbol, { [field]: name }, hint)),
  ];
  const present = new Set(kept.map(({ id }) => id));
  const instruments = [...kept, ...found.instruments.filter(({ id }) => !present.has(id))];
  return { ...found, instruments, problems: [...found.problems, ...problems] };
}

/** Whether to look up the slug of an ended market again, once a day: the venue may give it to a new market. */
const isToLookUpAgain = ({ slugCheckedAt, confirmedAt, settledFrom }: Instrument, now: number): boolean =>
  now - (slugCheckedAt ?? confirmedAt ?? settledFrom ?? Number.NEGATIVE_INFINITY) >= DAY_MS;

/** Looks up values in one batch. If the venue refuses the batch, each value is looked up alone, so that only the invalid one is lost. */
async function refusedOneByOne(
  values: readonly string[],
  find: (values: readonly string[]) => Promise<FoundMarkets>,
): Promise<FoundMarkets & { refused: ReadonlyMap<string, string> }> {
  const refused = new Map<string, string>();
  if (values.length === 0) return { ...NOTHING, refused };
  try {
    return { ...(await find(values)), refused };
  } catch (error) {
    if (!isRefusal(error)) throw error;
    if (values.length === 1) {
      refused.set(values[0], error.message);
      return { ...NOTHING, refused };
    }
  }
  const parts: FoundMarkets[] = [];
  for (const value of values) {
    const part = await refusedOneByOne([value], find);
    for (const [id, said] of part.refused) refused.set(id, said);
    parts.push(part);
  }
  return {
    instruments: parts.flatMap(({ instruments }) => instruments),
    problems: parts.flatMap(({ problems }) => problems),
    leftOut: parts.flatMap(({ leftOut }) => leftOut),
    refused,
  };
}

async function byEvent(gamma: Http, symbol: string, eventSlug: string): Promise<FoundMarkets> {
  const found = await findEvent(gamma, eventSlug);
  return found ?? { ...NOTHING, problems: [notFound(symbol, { eventSlug }, "an event's slug follows /event/ in its web address")] };
}

/** Key of a host's memory. Its value holds when markets older than a series' first one, which do not exist, were last queried, by slug. */
const MISSING = 'missing markets of series';
/** Time after which a market that does not exist is queried again. */
const MISSING_MS = DAY_MS;
/** Maximum number of slugs of such markets that are remembered. */
const MAX_MISSING_VALUES = 50_000;

async function bySeries(
  gamma: Http,
  slug: string,
  { symbol, window, known: earlier, signal }: DiscoverRequest<PolymarketSelector>,
): Promise<FoundMarkets> {
  const members = seriesMembers(slug, window);
  if (members === undefined) return { ...NOTHING, problems: [noStep(symbol, slug) + proposed(await existingSeries(gamma, slug, signal))] };
  const known = new Map(earlier.map((instrument) => [instrument.reference, instrument]));
  const kept: Instrument[] = [];
  const ended: string[] = [];
  const running: string[] = [];
  const absent = (gamma.memory.get(MISSING) ?? new Map()) as Map<string, number>;
  const isAbsent = ({ slugs: [first = ''] }: SeriesMember): boolean =>
    gamma.clock - (absent.get(first) ?? Number.NEGATIVE_INFINITY) < MISSING_MS;
  for (const member of members) {
    const instrument = member.slugs.map((each) => known.get(each)).find((each) => each !== undefined);
    if (instrument === undefined && isAbsent(member)) continue;
    if (instrument !== undefined && isFinal(instrument)) kept.push(instrument);
    else (member.end < window.to ? ended : running).push(...(instrument === undefined ? member.slugs : [instrument.reference]));
  }
  const named = new Map(members.flatMap(({ slugs }) => slugs.map((each) => [each, slugs] as const)));
  const namesOf = (each: string): readonly string[] => named.get(each) ?? [each];
  ended.push(...unfinishedMembers(slug, earlier).filter((each) => !named.has(each)));
  const findings = await Promise.all([
    findMarkets(gamma, { name: 'slug', values: ended, likely: 'closed', named: false, namesOf }),
    findMarkets(gamma, { name: 'slug', values: running, likely: 'open', named: false, namesOf }),
  ]);
  const instruments = [...kept, ...findings.flatMap((finding) => finding.instruments)];
  const existing = new Set(instruments.map(({ reference }) => reference));
  const first = members.findIndex(({ slugs }) => slugs.some((each) => existing.has(each)));
  if (absent.size > MAX_MISSING_VALUES) absent.clear();
  for (const member of members.slice(0, Math.max(0, first)))
    if (member.end < gamma.clock - DAY_MS && !isAbsent(member)) absent.set(member.slugs[0], gamma.clock);
  gamma.memory.set(MISSING, absent);
  const problems = findings.flatMap((finding) => finding.problems);
  if (instruments.length === 0) {
    const names = members[0]?.slugs.join(' or ');
    const there = proposed(await existingSeries(gamma, slug, signal));
    const hint = `its markets would be named ${names} and so on; check the series' slug and the window${there}`;
    problems.push(notFound(symbol, { seriesSlug: slug }, hint));
  }
  return { ...NOTHING, instruments, problems };
}
