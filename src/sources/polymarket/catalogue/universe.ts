import { z } from 'zod';
import { together } from '../../catalogue/found-markets.ts';
import { readName } from '../../catalogue/scalars.ts';
import { isObject } from '../../catalogue/schema-drift.ts';
import { chosenBy, oneOf, ruleFields, withCategory } from '../../catalogue/universe-rule.ts';
import type { Http, QueryPairs } from '../../http/venue-client.ts';
import type { VenueUniverse } from '../../venue.ts';
import { listEvents, readEvent } from './gamma.ts';
import { settleByPayouts } from './payouts.ts';

const rule = z.strictObject({ ...ruleFields, tags: oneOf('tags') });
type Rule = z.infer<typeof rule>;

/** Lists events with their markets: 100 events a request, whatever the number of their markets. */
export const polymarketUniverse: VenueUniverse<Rule, 'gamma' | 'data' | 'clob'> = {
  rule,
  forms: '{"active": true, "minVolume": 10000, "tags": ["politics"]}, each field optional',
  async *list({ http }, { tags = [], ...fields }, known) {
    const { active = true } = fields;
    const listings = (active ? [false] : [false, true]).flatMap((closed): QueryPairs[] =>
      tags.length === 0
        ? [[['closed', closed]]]
        : tags.map(
            (tag): QueryPairs => [
              ['closed', closed],
              ['tag_slug', tag],
            ],
          ),
    );
    for (const filters of listings) for await (const events of listEvents(http.gamma, filters)) yield await marketsOf(http.data, events);

    async function marketsOf(data: Http, events: readonly unknown[]) {
      const found = chosenBy(fields, together(events.map((event) => readEvent(event, '/events'))), known);
      const categories = new Map(events.map((event) => [`polymarket:${readName(isObject(event) ? event.slug : null)}`, firstTag(event)]));
      const settled = await settleByPayouts(data, found.instruments);
      return { ...found, instruments: settled.map((each) => withCategory(each, categories.get(each.event ?? ''))) };
    }
  },
};

/** The first tag of an event that the venue does not hide. */
function firstTag(event: unknown): string | undefined {
  const tags = isObject(event) && Array.isArray(event.tags) ? (event.tags as unknown[]) : [];
  const shown = tags.flatMap((tag) => (isObject(tag) && tag.forceHide !== true ? (readName(tag.slug) ?? []) : []));
  return shown[0];
}
