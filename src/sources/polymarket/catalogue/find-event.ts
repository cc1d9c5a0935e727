import type { ExclusiveGroup } from '../../../contracts/market-data.ts';
import { readName } from '../../catalogue/scalars.ts';
import { isObject, listInAnswer } from '../../catalogue/schema-drift.ts';
import type { VenueClient } from '../../http/venue-client.ts';
import { type Call, VENUE } from '../api.ts';
import { type Finding, type FoundMarkets, listInEnvelope, readListing, readMarkets, undefinedIfMissing } from './gamma.ts';

const FAMILY = 'polymarket/gamma-events';

/**
 * Finds all markets of an event, open and closed; undefined when there is no such event. Hosts without the path by slug are queried by
 * their listings, which return closed events only for `closed=true`.
 */
export async function findEvent(gamma: VenueClient, slug: string, call: Call): Promise<Finding | undefined> {
  const where = '/events/slug';
  const answer = await undefinedIfMissing(gamma.get({ path: `/events/slug/${encodeURIComponent(slug)}`, family: FAMILY, ...call }));
  if (answer !== undefined) return { ...readEvent(answer.json, where), requests: answer.requests };
  let requests = 1;
  for (const closed of [false, true]) {
    const query = [['slug', slug], ...(closed ? ([['closed', true]] as const) : [])] as const;
    const read = (where: string) => async () => {
      const { json, requests } = await gamma.get({ path: where, query, family: FAMILY, ...call });
      return { list: listInEnvelope(json, 'events', where), where, requests };
    };
    const listed = await readListing(gamma, { keyset: read('/events/keyset'), plain: read('/events') });
    if (listed === undefined) return undefined;
    requests += listed.requests;
    const event = listed.list.find((each) => isObject(each) && each.slug === slug);
    if (event !== undefined) return { ...readEvent(event, listed.where), requests };
  }
  return undefined;
}

/** Reads the markets of an event. The event lists all of them, readable or not, so the size of their group is known here. */
function readEvent(event: unknown, where: string): FoundMarkets {
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
