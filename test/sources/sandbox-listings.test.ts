import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type SandboxVenue, startSandboxVenue } from '../../sandbox/venue.ts';
import { createSources, type SourceSet } from '../../src/sources/create-sources.ts';
import type { ListedPage, SearchHit, Source } from '../../src/sources/source.ts';

const NOON = Date.UTC(2026, 5, 10, 12);
const signal = new AbortController().signal;
const VENUES = ['polymarket', 'predict', 'kalshi'] as const;

let venue: SandboxVenue;
let sources: SourceSet;
beforeAll(async () => {
  venue = await startSandboxVenue({ now: NOON });
  sources = createSources({ env: venue.environment });
});
afterAll(async () => {
  await sources.close();
  await venue.close();
});
const sourceOf = (type: (typeof VENUES)[number]): Source => (sources.byType[type] as { source: Source }).source;

async function listed(type: (typeof VENUES)[number], rules: readonly unknown[], known: readonly string[] = []) {
  venue.requests.length = 0;
  const pages: ListedPage[] = [];
  for await (const page of sourceOf(type).list?.({ rules, asOf: NOON, known: new Set(known), signal }) ?? []) pages.push(page);
  return {
    ids: pages.flatMap(({ instruments }) => instruments.map(({ id }) => id)),
    matching: pages.flatMap((page) => [...page.matching]),
    open: pages.flatMap(({ instruments }) => instruments.filter(({ closed }) => !closed)).length,
    requests: pages.reduce((sum, page) => sum + page.requests, 0),
    asked: venue.requests.length,
  };
}

describe('the listing of a universe', () => {
  it.each(['polymarket', 'kalshi'] as const)('of %s has the open markets, and the closed ones too on request', async (type) => {
    const open = await listed(type, [{}]);
    expect(open.ids.length).toBeGreaterThan(0);
    expect(open).toMatchObject({ open: open.ids.length, matching: open.ids, requests: open.asked });
    const all = await listed(type, [{ active: false }]);
    expect(all.ids).toEqual(expect.arrayContaining(open.ids));
    expect(all.ids.length).toBeGreaterThan(open.ids.length);
    expect(all.requests).toBe(all.asked);
    expect(await listed(type, [])).toMatchObject({ ids: [], asked: 0 });
  });

  it('of polymarket has the markets of any of the tags', async () => {
    const all = await listed('polymarket', [{}]);
    const some = await listed('polymarket', [{ tags: ['crypto'] }]);
    expect(some.ids.length).toBeGreaterThan(0);
    expect(some.ids.length).toBeLessThan(all.ids.length);
    expect((await listed('polymarket', [{ tags: ['no-such-tag'] }])).ids).toEqual([]);
    expect(new Set((await listed('polymarket', [{ tags: ['crypto', 'no-such-tag'] }])).ids)).toEqual(new Set(some.ids));
  });
});

describe('a search at all venues', () => {
  it('finds each event once with its markets, and venues without tags are not searched by tag', async () => {
    const found = await sources.search({ text: 'bitcoin', signal });
    const predict = found.get('predict') as { readonly hits: readonly SearchHit[] };
    expect(predict.hits.length).toBeGreaterThan(0);
    expect(predict.hits.every(({ selector }) => Object.hasOwn(Object(selector), 'categorySlug'))).toBe(true);
    for (const { markets, instruments } of predict.hits) expect(instruments).toHaveLength(markets);
    const ids = predict.hits.flatMap(({ instruments }) => instruments);
    expect(new Set(ids).size).toBe(ids.length);
    const tagged = await sources.search({ text: '', tag: 'crypto', signal });
    expect(tagged.get('predict')).toEqual({ skipped: 'predict is not searched: it has no tags' });
    expect(tagged.get('polymarket')).toMatchObject({ hits: expect.any(Array) as unknown[] });
  });
});
