import type { PolymarketSelector } from '../../../contracts/catalogue.ts';
import { PredictLabError } from '../../../contracts/errors.ts';
import type { Instrument, TimeRange } from '../../../contracts/market-data.ts';
import { DAY_MS } from '../../../contracts/words.ts';
import { conditionId } from '../../catalogue/condition-id.ts';
import { isFinal } from '../../catalogue/market-life.ts';
import { noStep, proposed, type SeriesMember, seriesMembers, unfinishedMembers } from '../../catalogue/series.ts';
import type { VenueClient } from '../../http/venue-client.ts';
import { VenueError } from '../../http/venue-error.ts';
import type { DiscoverRequest, Discovery } from '../../source.ts';
import { type Call, type PolymarketApi, VENUE } from '../api.ts';
import { findEvent } from './find-event.ts';
import { findMarkets } from './find-markets.ts';
import type { Finding } from './gamma.ts';
import { settleByPayouts } from './payouts.ts';
import { existingSeries } from './search.ts';

const NOTHING: Finding = { instruments: [], problems: [], leftOut: [], requests: 0 };

/**
 * Finds the instruments of a symbol's Polymarket selectors, earliest end first. Ids and slugs are looked up in batches, an event in one
 * request, a series by the slugs that its markets must have in the window.
 */
export async function discoverPolymarket(
  { gamma, data }: Pick<PolymarketApi, 'gamma' | 'data'>,
  request: DiscoverRequest<PolymarketSelector>,
  call: Call,
): Promise<Discovery> {
  const { symbol, selectors } = request;
  const known = new Map(request.known.map((instrument) => [instrument.reference, instrument]));
  const conditionIds = selectors.flatMap((selector) => ('conditionId' in selector ? [conditionId(selector.conditionId)] : []));
  const slugs = selectors.flatMap((selector) => ('slug' in selector ? [selector.slug] : []));
  const events = selectors.flatMap((selector) => ('eventSlug' in selector ? [selector.eventSlug] : []));
  const series = selectors.flatMap((selector) => ('seriesSlug' in selector ? [selector.seriesSlug] : []));

  const findings = await Promise.all([
    byId(gamma, symbol, conditionIds, request.known, call),
    bySlug(gamma, symbol, slugs, known, call),
    ...events.map((slug) => byEvent(gamma, symbol, slug, call)),
    ...series.map((slug) => bySeries(gamma, { symbol, slug, window: request.window, known }, call)),
  ]);
  const instruments = new Map(findings.flatMap((finding) => finding.instruments).map((instrument) => [instrument.id, instrument]));
  const problems = findings.flatMap((finding) => finding.problems);
  if (instruments.size === 0 && problems.length > 0) throw new PredictLabError('BadInput', problems.join('\n'));
  const settled = await settleByPayouts(data, [...instruments.values()], call);
  const clock = gamma.clock;
  const dated = settled.instruments.map((each) => (each.stated?.at === 0 ? { ...each, stated: { ...each.stated, at: clock } } : each));
  return {
    instruments: dated.sort((a, b) => (a.closesAt ?? Infinity) - (b.closesAt ?? Infinity) || (a.id < b.id ? -1 : 1)),
    problems,
    requests: findings.reduce((sum, { requests }) => sum + requests, settled.requests),
    clock,
  };
}

const notFound = (symbol: string, selector: object, hint: string): string =>
  `${symbol}: polymarket has no market for ${JSON.stringify(selector)}; ${hint}`;

async function byId(
  gamma: VenueClient,
  symbol: string,
  ids: readonly string[],
  known: readonly Instrument[],
  call: Call,
): Promise<Finding> {
  if (ids.length === 0) return NOTHING;
  const keyOf = (id: string): string => `${VENUE}:${id}`.toLowerCase();
  const final = new Map(known.filter(isFinal).map((instrument) => [instrument.id.toLowerCase(), instrument]));
  const kept = ids.flatMap((id) => final.get(keyOf(id)) ?? []);
  const wanted = ids.filter((id) => !final.has(keyOf(id)));
  const found = await refusedOneByOne(wanted, (values) =>
    findMarkets(gamma, { name: 'condition_ids', values, likely: 'open', named: true }, call),
  );
  const there = new Set(found.instruments.map(({ id }) => id.toLowerCase()));
  for (const { names } of found.leftOut) for (const name of names) there.add(keyOf(name));
  const missing = wanted.filter((id) => !there.has(keyOf(id)) && !found.refused.has(id));
  const problems = [
    ...found.leftOut.map(({ why }) => `${symbol}: polymarket ${why}; it cannot be collected`),
    ...[...found.refused].map(([id, said]) => `${symbol}: polymarket refuses ${JSON.stringify({ conditionId: id })}: ${said}`),
    ...missing.map((id) => notFound(symbol, { conditionId: id }, 'check the id with "predictlab symbols search"')),
  ];
  return { ...found, instruments: [...kept, ...found.instruments], problems: [...found.problems, ...problems] };
}

async function bySlug(
  gamma: VenueClient,
  symbol: string,
  slugs: readonly string[],
  known: ReadonlyMap<string, Instrument>,
  call: Call,
): Promise<Finding> {
  if (slugs.length === 0) return NOTHING;
  const kept: Instrument[] = [];
  const wanted = slugs.filter((slug) => {
    const instrument = known.get(slug);
    if (instrument === undefined || !isFinal(instrument)) return true;
    kept.push(instrument);
    return false;
  });
  const likely = wanted.every((slug) => known.get(slug)?.closed === true) ? 'closed' : 'open';
  const found = await refusedOneByOne(wanted, (values) => findMarkets(gamma, { name: 'slug', values, likely, named: true }, call));
  const there = new Set(found.instruments.map(({ reference }) => reference));
  for (const { names } of found.leftOut) for (const name of names) there.add(name);
  const missing = wanted.filter((slug) => !there.has(slug) && !found.refused.has(slug));
  const problems = [
    ...found.leftOut.map(({ why }) => `${symbol}: polymarket ${why}; it cannot be collected`),
    ...[...found.refused].map(([slug, said]) => `${symbol}: polymarket refuses ${JSON.stringify({ slug })}: ${said}`),
    ...missing.map((slug) =>
      notFound(symbol, { slug }, 'a market\'s slug is the last part of its web address; for an event use {"eventSlug": …}'),
    ),
  ];
  return { ...found, instruments: [...kept, ...found.instruments], problems: [...found.problems, ...problems] };
}

/** Looks up a batch of values; a batch that the venue refuses is looked up value by value, so that only the invalid value is lost. */
async function refusedOneByOne(
  values: readonly string[],
  find: (values: readonly string[]) => Promise<Finding>,
): Promise<Finding & { refused: ReadonlyMap<string, string> }> {
  const refused = new Map<string, string>();
  if (values.length === 0) return { ...NOTHING, refused };
  try {
    return { ...(await find(values)), refused };
  } catch (error) {
    if (!(error instanceof VenueError) || error.type !== 'BadInput') throw error;
    if (values.length === 1) {
      refused.set(values[0], error.message);
      return { ...NOTHING, requests: 1, refused };
    }
  }
  const parts: Finding[] = [];
  for (const value of values) {
    const part = await refusedOneByOne([value], find);
    for (const [id, said] of part.refused) refused.set(id, said);
    parts.push(part);
  }
  return {
    instruments: parts.flatMap(({ instruments }) => instruments),
    problems: parts.flatMap(({ problems }) => problems),
    leftOut: parts.flatMap(({ leftOut }) => leftOut),
    requests: parts.reduce((sum, { requests }) => sum + requests, 1),
    refused,
  };
}

async function byEvent(gamma: VenueClient, symbol: string, eventSlug: string, call: Call): Promise<Finding> {
  const found = await findEvent(gamma, eventSlug, call);
  if (found !== undefined) return found;
  return { ...NOTHING, problems: [notFound(symbol, { eventSlug }, "an event's slug follows /event/ in its web address")], requests: 1 };
}

/** When a client's host was last queried for markets of a series before its first one, which do not exist; by their first name. */
const missing = new WeakMap<VenueClient, Map<string, number>>();
/** Time for which a market that does not exist is not queried again. */
const MISSING_MS = DAY_MS;
/** Largest number of remembered names of markets that do not exist. */
const MOST_MISSING = 50_000;

async function bySeries(
  gamma: VenueClient,
  { symbol, slug, window, known }: { symbol: string; slug: string; window: TimeRange; known: ReadonlyMap<string, Instrument> },
  call: Call,
): Promise<Finding> {
  const members = seriesMembers(slug, window);
  if (members === undefined) {
    const there = await existingSeries(gamma, slug, call);
    return { ...NOTHING, problems: [noStep(symbol, slug) + proposed(there)], requests: 1 };
  }
  const kept: Instrument[] = [];
  const ended: string[] = [];
  const running: string[] = [];
  const absent = missing.get(gamma) ?? new Map<string, number>();
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
  ended.push(...unfinishedMembers(slug, [...known.values()]).filter((each) => !named.has(each)));
  const findings = await Promise.all([
    findMarkets(gamma, { name: 'slug', values: ended, likely: 'closed', named: false, namesOf }, call),
    findMarkets(gamma, { name: 'slug', values: running, likely: 'open', named: false, namesOf }, call),
  ]);
  const instruments = [...kept, ...findings.flatMap((finding) => finding.instruments)];
  const existing = new Set(instruments.map(({ reference }) => reference));
  const first = members.findIndex(({ slugs }) => slugs.some((each) => existing.has(each)));
  if (absent.size > MOST_MISSING) absent.clear();
  for (const member of members.slice(0, Math.max(0, first)))
    if (member.end < gamma.clock - DAY_MS && !isAbsent(member)) absent.set(member.slugs[0] ?? '', gamma.clock);
  missing.set(gamma, absent);
  const problems = findings.flatMap((finding) => finding.problems);
  if (instruments.length === 0) {
    const names = members[0]?.slugs.join(' or ');
    const there = proposed(await existingSeries(gamma, slug, call));
    const hint = `its markets would be named ${names} and so on; check the series' slug and the window${there}`;
    problems.push(notFound(symbol, { seriesSlug: slug }, hint));
  }
  return { ...NOTHING, instruments, problems, requests: findings.reduce((sum, { requests }) => sum + requests, 0) };
}
