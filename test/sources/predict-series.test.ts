import { describe, expect, it } from 'vitest';
import type { Instrument } from '../../src/contracts/market-data.ts';
import { VenueError } from '../../src/sources/http/venue-error.ts';
import { discoverPredict } from '../../src/sources/predict/discover.ts';
import { gammaStub } from './gamma-stub.ts';

const MINUTE = 60_000;
const DAY = 86_400_000;
const NOW = Date.UTC(2026, 10, 20, 12);
const never = new AbortController().signal;

interface Category {
  readonly slug: string;
  readonly status: string;
  readonly publishedAt: string;
  readonly startsAt: string;
  readonly endsAt: string;
  readonly markets: readonly unknown[];
}

/** Every window of some series that is published at `NOW`, newest first, as the venue lists them. */
function categories(days = 9, { registered = true }: { registered?: boolean } = {}): Category[] {
  const found: Category[] = [];
  for (const [series, step] of [
    ['btc-updown-5m', 5],
    ['eth-updown-5m', 5],
    ['btc-updown-15m', 15],
    ['eth-updown-15m', 15],
  ] as const) {
    for (let start = NOW + DAY; start > NOW - days * DAY; start -= step * MINUTE) {
      const over = start + step * MINUTE <= NOW;
      const outcomes = ['Up', 'Down'].map((name, index) => ({
        name,
        indexSet: index + 1,
        onChainId: registered || over ? `${start / MINUTE}${index}` : null,
        status: over ? (index === 0 ? 'WON' : 'LOST') : null,
      }));
      const slug = `${series}-${start / 1000}`;
      const markets = [{ id: `${series}${start}`, categorySlug: slug, status: over ? 'RESOLVED' : 'REGISTERED', outcomes }];
      found.push({
        slug,
        status: over ? 'RESOLVED' : 'OPEN',
        publishedAt: new Date(start - DAY).toISOString(),
        startsAt: new Date(start).toISOString(),
        endsAt: new Date(start + step * MINUTE).toISOString(),
        markets,
      });
    }
  }
  return found.sort((a, b) => (a.publishedAt < b.publishedAt ? 1 : -1));
}

/** A venue that lists categories by pages, and knows each by its slug. */
function venue(listed: readonly Category[], { largest = 1000, openOnly = false, listing = true } = {}) {
  return gammaStub((path, query) => {
    const slug = /^\/v1\/categories\/(.+)$/.exec(path)?.[1];
    if (slug !== undefined) {
      const data = listed.find((each) => each.slug === slug);
      if (data === undefined) throw new VenueError('BadInput', 'Category not found', { status: 404 });
      return { success: true, data };
    }
    if (!listing || path !== '/v1/categories') throw new VenueError('BadInput', 'no route', { status: 404 });
    const first = Number(query.get('first'));
    if (first > largest) throw new VenueError('BadInput', 'first is too large', { status: 400 });
    const status = query.get('status') ?? (openOnly ? 'OPEN' : null);
    const wanted = listed.filter((each) => status === null || each.status === status);
    const from = Number(query.get('after') ?? 0);
    return { success: true, cursor: from + first < wanted.length ? String(from + first) : null, data: wanted.slice(from, from + first) };
  });
}

const discover = (client: ReturnType<typeof venue>['client'], seriesSlug: string, days: number, known: readonly Instrument[] = []) =>
  discoverPredict(client, {
    symbol: 'BTC',
    selectors: [{ seriesSlug }],
    window: { from: NOW - days * DAY, to: NOW },
    asOf: NOW,
    known,
    signal: never,
  });

describe('a series at Predict.fun', () => {
  it('with a week of five-minute markets is found in fewer than 60 requests, and in fewer than 8 by the next run', async () => {
    const { client, asked } = venue(categories());
    const first = await discover(client, 'btc-updown-5m', 7);
    expect(first.instruments).toHaveLength(7 * 288 + 1);
    expect(asked.length).toBeLessThan(60);
    asked.length = 0;
    const known = first.instruments.map((each) => ({ ...each, closedAt: 1, resolution: { kind: 'settled', payout: 1, at: 1 } as const }));
    // the oldest window that is not settled is two hours old
    const again = known.map((each) => ((each.endsAt ?? 0) < NOW - 2 * 3_600_000 ? each : { ...each, closed: false }));
    await discover(client, 'btc-updown-5m', 7, again);
    expect(asked.length).toBeLessThan(8);
  });

  it.each([
    ['at a host with smaller pages', { largest: 100 }],
    ['at a host that lists open ones alone', { openOnly: true }],
    ['at a host without the listing', { listing: false }],
  ])('is found %s', async (_, options) => {
    const { client } = venue(categories(2), options);
    expect((await discover(client, 'eth-updown-15m', 1)).instruments).toHaveLength(97);
  });

  it('that does not exist is reported with the series that do', async () => {
    const { client } = venue(categories(2));
    expect((await discover(client, 'btc-updown-10m', 1)).problems).toEqual([
      expect.stringContaining('series there: btc-updown-15m, btc-updown-5m, eth-updown-15m, eth-updown-5m'),
    ]);
  });

  it('leaves out windows that are not registered yet, while a selector for such a window reports it', async () => {
    const listed = categories(2, { registered: false });
    const { client } = venue(listed);
    const { instruments, problems } = await discover(client, 'btc-updown-15m', 1);
    expect({ found: instruments.length, problems }).toEqual({ found: 96, problems: [] });
    const [next] = listed;
    const request = {
      symbol: 'B',
      selectors: [{ categorySlug: next.slug }],
      window: { from: 0, to: NOW },
      asOf: NOW,
      known: [],
      signal: never,
    };
    expect((await discoverPredict(client, request)).problems).toEqual([expect.stringContaining('is not registered on the chain yet')]);
  });
});
