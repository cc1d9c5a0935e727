import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type SandboxVenue, startSandboxVenue } from '../../sandbox/venue.ts';
import { catalogueSchema } from '../../src/contracts/catalogue.ts';
import { NOW } from './walk.ts';

const entries = catalogueSchema.parse(JSON.parse(readFileSync(new URL('../../sandbox/catalogue.json', import.meta.url), 'utf8')));
let venue: SandboxVenue;
beforeAll(async () => {
  venue = await startSandboxVenue({ now: NOW, seed: 99 });
});
afterAll(() => venue.close());

it('the sandbox catalogue has at least eight symbols, including those of the first tour', () => {
  const symbols = entries.filter(({ enabled }) => enabled).map(({ symbol }) => symbol);
  expect(symbols.length).toBeGreaterThanOrEqual(8);
  expect(symbols).toEqual(
    expect.arrayContaining(['BTC_PRICE', 'ETH_PRICE', 'SOL_PRICE', 'ELECTION_WINNER', 'RATE_CUT', 'MATCH_ABANDONED']),
  );
});

it.each(entries)('each selector of $symbol matches a market of the sandbox', ({ sources }) => {
  const all = venue.truth.instruments();
  for (const selector of [...(sources.polymarket ?? []), ...(sources.predict ?? [])]) {
    const matches = all.filter(({ id, slug, group }) => {
      if ('conditionId' in selector) return id === `polymarket:${String(selector.conditionId)}`;
      if ('marketId' in selector) return id === `predict:${String(selector.marketId)}`;
      if ('slug' in selector) return slug === selector.slug;
      if ('eventSlug' in selector) return group === selector.eventSlug;
      if ('categorySlug' in selector) return group === selector.categorySlug;
      return slug.startsWith(`${String(selector.seriesSlug)}-`);
    });
    expect({ selector, found: matches.length > 0 }).toEqual({ selector, found: true });
  }
});
