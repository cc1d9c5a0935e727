import { z } from 'zod';
import type { Http, QueryPairs } from '../../http/venue-client.ts';
import type { VenueUniverse } from '../../venue.ts';
import { listEvents, readEvent } from './gamma.ts';
import { settleByPayouts } from './payouts.ts';

/** Schema of a rule: open markets by default, from a volume on, of events with one of the tags. */
const rule = z.strictObject({
  active: z.boolean('write true for open markets alone, false for closed ones too').optional(),
  minVolume: z.number('write a number of dollars, such as 10000').min(0, 'write a number of dollars, such as 10000').optional(),
  tags: z.array(z.string().min(1)).min(1, 'name at least one tag, or leave tags out').optional(),
});
type Rule = z.infer<typeof rule>;

/** Lists events with their markets: 100 events a request, whatever the number of their markets. */
export const polymarketUniverse: VenueUniverse<Rule, 'gamma' | 'data' | 'clob'> = {
  rule,
  forms: '{"active": true, "minVolume": 10000, "tags": ["politics"]}, each field optional',
  pageSize: 100,
  async *list({ http }, { active = true, minVolume = 0, tags = [] }, isKnown) {
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
      const found = events.map((event) => readEvent(event, '/events'));
      const all = found.flatMap(({ instruments }) => instruments);
      const matching = new Set(
        all.filter(({ closed, stated }) => !(active && closed) && (stated?.volume ?? 0) >= minVolume).map(({ id }) => id),
      );
      const wanted = all.filter(({ id }) => matching.has(id) || isKnown(id));
      return {
        instruments: await settleByPayouts(data, wanted),
        problems: found.flatMap(({ problems }) => problems),
        matching,
      };
    }
  },
};
