import type { PredictLabError } from '../../../contracts/errors.ts';
import type { ExclusiveGroup, Instrument } from '../../../contracts/market-data.ts';
import { conditionId } from '../../catalogue/condition-id.ts';
import { readName } from '../../catalogue/scalars.ts';
import { isObject, listInAnswer, schemaChanged } from '../../catalogue/schema-drift.ts';
import { pagesByCursor } from '../../http/listing.ts';
import type { Http, QueryPairs } from '../../http/venue-client.ts';
import { isRedirect, VenueError } from '../../http/venue-error.ts';
import { VENUE } from '../trades.ts';
import { instrumentOf } from './instrument.ts';
import { gammaMarketSchema, noteMarketFields } from './market-schema.ts';

export interface FoundMarkets {
  readonly instruments: readonly Instrument[];
  /** Messages about markets that could not be read, one sentence each. */
  readonly problems: readonly string[];
  /** Markets that cannot be collected (not binary, without tokens), with the reason; a problem only if a selector names them. */
  readonly leftOut: readonly LeftOutMarket[];
}

export interface LeftOutMarket {
  /** Slug and condition id, by which a selector may name the market. */
  readonly names: readonly string[];
  readonly why: string;
}

/** Statuses of a host that does not have the requested route. */
const NO_ROUTE = new Set([404, 405]);
/** Status of a refused parameter: the listing no longer accepts it, or its value is invalid. */
const UNPROCESSABLE = 422;
const GONE = 410;

/** Returns the answer of a route; undefined at a host that does not have the route, so that the caller can use another one. */
export async function undefinedIfMissing<Answer>(requested: Promise<Answer>): Promise<Answer | undefined> {
  try {
    return await requested;
  } catch (error) {
    if (error instanceof VenueError && NO_ROUTE.has(Number(error.status))) return undefined;
    throw error;
  }
}

/** Whether a refused listing is a reason to read the other one, because it is gone, has moved, or no longer accepts the request. */
const shouldReadOther = (error: unknown): error is VenueError =>
  error instanceof VenueError && ([...NO_ROUTE, GONE, UNPROCESSABLE].includes(Number(error.status)) || isRedirect(error.status));

/** Key of a host's memory, set for a host that refused the keyset listing and answered on the older one. */
const OLDER = 'reads the older listings';

/**
 * Reads a listing by keyset, and by the older route where the host refuses the keyset; the other way round at a host that is known for its
 * older route. A block (403 with a page of HTML) does not change the route.
 * @returns the answer; undefined at a host without either listing
 * @throws VenueError the refusal of a value (422) where no listing accepts it
 */
export async function readListing<Answer>(
  gamma: Http,
  routes: { keyset(): Promise<Answer>; plain(): Promise<Answer> },
): Promise<Answer | undefined> {
  const order = gamma.memory.has(OLDER) ? (['plain', 'keyset'] as const) : (['keyset', 'plain'] as const);
  let refused: VenueError | undefined;
  for (const route of order) {
    try {
      const answer = await routes[route]();
      // A refused value (422) does not show whether the host has the route, so only other refusals are remembered.
      if (refused !== undefined && refused.status !== UNPROCESSABLE) {
        if (route === 'plain') gamma.memory.set(OLDER, true);
        else gamma.memory.delete(OLDER);
      }
      return answer;
    } catch (error) {
      if (!shouldReadOther(error)) throw error;
      if (refused === undefined || error.status === UNPROCESSABLE) refused = error;
    }
  }
  if (refused?.status === UNPROCESSABLE) throw refused;
  return undefined;
}

/** Returns the list in an answer, which is the answer itself or one of its fields: `data` or the given name (`markets`, `events`). */
export function listInEnvelope(json: unknown, name: string, where: string): readonly unknown[] {
  const key = !isObject(json) ? '$' : ([name, 'data'].find((each) => each in json) ?? name);
  return listInAnswer(json, key, { venue: VENUE, where });
}

/**
 * Reads a list of Gamma markets. A market without a required field is left out with a problem.
 * @throws PredictLabError SourceSchemaChanged when no market of the list can be read
 */
export function readMarkets(list: readonly unknown[], where: string): FoundMarkets {
  noteMarketFields(list);
  const instruments: Instrument[] = [];
  const problems: string[] = [];
  const leftOut: LeftOutMarket[] = [];
  let unreadable: { path: string; message: string } | undefined;
  let read = 0;
  for (const item of list) {
    const parsed = gammaMarketSchema.safeParse(item);
    if (!parsed.success) {
      const issue = parsed.error.issues[0];
      unreadable ??= { path: `[].${issue?.path.join('.') ?? ''}`, message: issue?.message ?? 'unreadable' };
      problems.push(
        `polymarket: market ${isObject(item) ? String(item.slug ?? item.id) : 'without a name'} cannot be read (${unreadable.path}: ${issue?.message})`,
      );
      continue;
    }
    read++;
    const reading = instrumentOf(parsed.data);
    if ('instrument' in reading) instruments.push(reading.instrument);
    else leftOut.push({ names: [parsed.data.slug, conditionId(parsed.data.conditionId)], why: reading.notBinary });
  }
  if (unreadable !== undefined && read === 0) {
    const field = unreadable.path.slice(3);
    const got = isObject(list[0]) ? list[0][field] : list[0];
    throw schemaChanged({ venue: VENUE, where, path: unreadable.path, expected: unreadable.message, got, sample: list[0] });
  }
  return { instruments, problems, leftOut };
}

/** Maximum number of events on a page of Gamma, even if a request asks for more. */
const PAGE = 100;
const EVENTS = 'gamma-events';

/**
 * Reads the pages of an event listing: by keyset, which misses no event when new ones appear meanwhile, or by offset at hosts without
 * keysets.
 */
export async function* listEvents(gamma: Http, filters: QueryPairs): AsyncGenerator<readonly unknown[]> {
  const limited: QueryPairs = [...filters, ['limit', PAGE]];
  const where = '/events/keyset';
  const read = async (path: string, query: QueryPairs) => ({
    path,
    json: await gamma.get(path, query, EVENTS),
  });
  const first = await readListing(gamma, {
    keyset: () => read(where, limited),
    plain: () => read('/events', [...limited, ['offset', 0]]),
  });
  if (first === undefined)
    throw schemaChanged({ venue: VENUE, where, path: '$', expected: 'a listing of events', got: undefined, sample: null });
  if (first.path !== where) return yield* listByOffset(gamma, limited, first.json);
  yield* pagesByCursor({
    read: async (cursor) => (cursor === null ? first : await read(where, [...limited, ['after_cursor', cursor]])).json,
    itemsOf: (json) => listInAnswer(json, 'events', { venue: VENUE, where }),
    nextOf: (json) => (isObject(json) && typeof json.next_cursor === 'string' && json.next_cursor !== '' ? json.next_cursor : null),
    endless: (got) => circular(where, 'next_cursor', got),
  });
}

/** The error for a listing whose pages lead back to an earlier page, so that the rest cannot be reached. */
export const circular = (where: string, path: string, got: unknown): PredictLabError =>
  schemaChanged({ venue: VENUE, where, path, expected: 'pages that come to an end', got, sample: got });

async function* listByOffset(gamma: Http, filters: QueryPairs, first: unknown): AsyncGenerator<readonly unknown[]> {
  const where = '/events';
  let before: string | undefined;
  let json = first;
  for (let offset = PAGE; ; offset += PAGE) {
    const items = listInAnswer(json, '$', { venue: VENUE, where });
    const page = JSON.stringify(items);
    if (items.length > 0 && page === before) throw circular(where, 'offset', offset - PAGE);
    before = page;
    yield items;
    if (items.length < PAGE) return;
    json = await gamma.get(where, [...filters, ['offset', offset]], EVENTS);
  }
}

/**
 * Finds all markets of an event, open and closed; undefined when there is no such event. At hosts without the route by slug, it reads their
 * listings, which return closed events only for `closed=true`.
 */
export async function findEvent(gamma: Http, slug: string): Promise<FoundMarkets | undefined> {
  const answer = await undefinedIfMissing(gamma.get(`/events/slug/${encodeURIComponent(slug)}`, [], EVENTS));
  if (answer !== undefined) return readEvent(answer, '/events/slug');
  for (const closed of [false, true]) {
    const query: QueryPairs = [['slug', slug], ...(closed ? ([['closed', true]] as const) : [])];
    const read = (where: string) => async () => ({ list: listInEnvelope(await gamma.get(where, query, EVENTS), 'events', where), where });
    const listed = await readListing(gamma, { keyset: read('/events/keyset'), plain: read('/events') });
    if (listed === undefined) return undefined;
    const event = listed.list.find((each) => isObject(each) && each.slug === slug);
    if (event !== undefined) return readEvent(event, listed.where);
  }
  return undefined;
}

/** Reads the markets of an event. An event lists all its markets, readable or not, which gives the size of their exclusive group. */
export function readEvent(event: unknown, where: string): FoundMarkets {
  const list = listInAnswer(event, 'markets', { venue: VENUE, where });
  const found = readMarkets(list, where);
  const slug = isObject(event) ? readName(event.slug) : null;
  const sized = (group: ExclusiveGroup): ExclusiveGroup => ({ ...group, markets: list.filter((market) => isOf(group, market)).length });
  return {
    ...found,
    instruments: found.instruments.map((each) => ({
      ...each,
      ...(slug !== null && { event: `${VENUE}:${slug}` }),
      ...(each.group !== undefined && { group: sized(each.group) }),
    })),
  };
}

const isOf = ({ id }: ExclusiveGroup, market: unknown): boolean =>
  isObject(market) && [market.negRiskMarketID, market.onchainEventId].some((each) => `${VENUE}:${String(each).toLowerCase()}` === id);
