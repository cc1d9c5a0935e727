import { isObject, listAt } from '../schema-drift.ts';
import type { VenueClient } from '../http/venue-client.ts';
import { type Call, VENUE } from './api.ts';
import { type Finding, ifThere, listOf, readMarkets } from './gamma.ts';

const FAMILY = 'polymarket/gamma-events';

/**
 * All markets of an event, open and closed; undefined when there is no such event. The listings know an event where the path by
 * slug does not, closed ones only when they are asked for.
 */
export async function findEvent(gamma: VenueClient, slug: string, call: Call): Promise<Finding | undefined> {
  const at = { venue: VENUE, where: '/events/slug' };
  const answer = await ifThere(gamma.get({ path: `/events/slug/${encodeURIComponent(slug)}`, family: FAMILY, ...call }));
  if (answer !== undefined) return { ...readMarkets(listAt(answer.json, 'markets', at), at.where), requests: answer.requests };
  return (await findListed(gamma, '/events', slug, call)) ?? (await findListed(gamma, '/events/keyset', slug, call));
}

async function findListed(gamma: VenueClient, where: string, slug: string, call: Call): Promise<Finding | undefined> {
  let requests = 1;
  for (const closed of [false, true]) {
    const query = [['slug', slug], ...(closed ? ([['closed', true]] as const) : [])] as const;
    const answer = await ifThere(gamma.get({ path: where, query, family: FAMILY, ...call }));
    if (answer === undefined) return undefined;
    requests += answer.requests;
    const event = listOf(answer.json, 'events', where).find((each) => isObject(each) && each.slug === slug);
    if (event !== undefined) return { ...readMarkets(listAt(event, 'markets', { venue: VENUE, where }), where), requests };
  }
  return undefined;
}
