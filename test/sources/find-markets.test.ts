import { describe, expect, it } from 'vitest';
import type { Instrument } from '../../src/contracts/market-data.ts';
import { VenueError } from '../../src/sources/http/venue-error.ts';
import { discoverPolymarket } from '../../src/sources/polymarket/catalogue/discover.ts';
import { findMarkets } from '../../src/sources/polymarket/catalogue/find-markets.ts';
import { findEvent } from '../../src/sources/polymarket/catalogue/gamma.ts';
import { gammaStub, noRoute } from './gamma-stub.ts';

const market = (slug: string, closed = false) => ({
  conditionId: `0x${slug.length}${slug.charCodeAt(slug.length - 1)}`,
  slug,
  closed,
  outcomes: '["Yes","No"]',
  clobTokenIds: '["1","2"]',
});
type Market = ReturnType<typeof market>;

const MARKETS = ['rain', 'snow', 'fog', 'hail', 'wind', 'sun'].map((slug) => market(slug, slug === 'fog'));
const SLUGS = MARKETS.map(({ slug }) => slug);
const of = (query: URLSearchParams, slugs = query.getAll('slug')): Market[] =>
  MARKETS.filter(({ slug, closed }) => slugs.includes(slug) && closed === (query.get('closed') === 'true'));

const slugs = (values: readonly string[], named = true) => ({ name: 'slug', values, likely: 'open', named }) as const;
const names = (finding: { instruments: readonly { reference: string }[] } | undefined) =>
  finding?.instruments.map(({ reference }) => reference).sort();

describe('a market that is selected by slug and has ended', () => {
  it('is looked up once a day, and the next market with that slug is collected next to it', async () => {
    const [first, next] = [market('rain', true), { ...market('rain'), conditionId: '0x77' }];
    let listed: Market[] = [first];
    const { client, asked } = gammaStub((_, query) => listed.filter(({ closed }) => closed === (query.get('closed') === 'true')));
    const host = { client, now: Date.now() };
    const gamma = {
      ...host.client,
      get clock() {
        return host.now;
      },
    };
    const window = { from: 0, to: host.now };
    const request = { symbol: 'RAIN', selectors: [{ slug: 'rain' }], window, asOf: host.now, signal: new AbortController().signal };
    const discover = async (known: readonly Instrument[]) =>
      (await discoverPolymarket({ gamma, data: client }, { ...request, known })).instruments;
    const [found] = await discover([]);
    const ended: Instrument = { ...found, closed: true, closedAt: 1, resolution: { kind: 'settled', payout: 1, at: 1 } };
    asked.length = 0;
    const checked = { ...ended, slugCheckedAt: host.now };
    expect(await discover([ended])).toEqual([checked]);
    const requests = asked.length;
    expect(requests).toBeGreaterThan(0);
    expect(await discover([checked])).toEqual([checked]);
    expect(await discover([{ ...ended, settledFrom: host.now }])).toHaveLength(1);
    expect(asked).toHaveLength(requests);
    listed = [first, next];
    host.now += 25 * 3_600_000;
    const later = await discover([checked]);
    expect(later.map(({ closed }) => closed)).toEqual([true, false]);
    expect((await discover(later)).map(({ id }) => id)).toEqual(later.map(({ id }) => id));
  });
});

describe('markets are found', () => {
  it('with two requests, for open and closed ones, when the listing has them all', async () => {
    const { client, asked } = gammaStub((_, query) => of(query));
    expect(names(await findMarkets(client, slugs(SLUGS)))).toEqual([...SLUGS].sort());
    expect(asked).toHaveLength(2);
  });

  it('in an answer that wraps the list, as well as in a bare list', async () => {
    const { client } = gammaStub((_, query) => ({ data: of(query) }));
    expect(names(await findMarkets(client, slugs(SLUGS)))).toEqual([...SLUGS].sort());
  });

  it.each([404, 405, 410, 422, 308])(
    'in the older listing of a host that answers the cursor listing with %i, and the older one is then used first',
    async (status) => {
      const refuse = (type: 'BadInput' | 'SourceBlocked') => new VenueError(type, 'gone', { status });
      const { client, asked } = gammaStub((path, query) => {
        if (path === '/markets/keyset') throw refuse(status === 308 ? 'SourceBlocked' : 'BadInput');
        return of(query);
      });
      expect(names(await findMarkets(client, slugs(['rain'])))).toEqual(['rain']);
      expect(names(await findMarkets(client, slugs(['snow'])))).toEqual(['snow']);
      expect(asked.map((each) => each.split('?')[0])).toEqual(
        status === 422 ? ['/markets/keyset', '/markets', '/markets/keyset', '/markets'] : ['/markets/keyset', '/markets', '/markets'],
      );
    },
  );

  it('by one request only when the host blocks this address', async () => {
    const { client, asked } = gammaStub(() => {
      throw new VenueError('SourceBlocked', 'an HTML page', { status: 403 });
    });
    await expect(findMarkets(client, slugs(['rain']))).rejects.toMatchObject({ type: 'SourceBlocked' });
    expect(asked).toHaveLength(1);
  });

  it('page by page in the cursor listing of a host without the plain listing', async () => {
    const { client } = gammaStub((path, query) => {
      if (path !== '/markets/keyset') throw noRoute();
      const from = Number(query.get('after_cursor') ?? 0);
      const found = of(query);
      return { markets: found.slice(from, from + 2), ...(from + 2 < found.length && { next_cursor: String(from + 2) }) };
    });
    expect(names(await findMarkets(client, slugs(SLUGS)))).toEqual([...SLUGS].sort());
  });

  it('by their paths at a host without any listing, including those of a series', async () => {
    const { client } = gammaStub((path) => {
      const found = MARKETS.find(({ slug }) => path === `/markets/slug/${slug}`);
      if (found === undefined) throw noRoute();
      return found;
    });
    expect(names(await findMarkets(client, slugs([...SLUGS, 'none'], false)))).toEqual([...SLUGS].sort());
  });

  it.each([
    ['first', 0],
    ['last', -1],
  ])('one by one at a host that reads only the %s of several values', async (_, at) => {
    const { client } = gammaStub((_path, query) => of(query, [query.getAll('slug').at(at) ?? '']));
    expect(names(await findMarkets(client, slugs(['none', ...SLUGS], false)))).toEqual([...SLUGS].sort());
    expect(names(await findMarkets(client, slugs(SLUGS, false)))).toEqual([...SLUGS].sort());
  });

  it('with at most one more request when members of a series do not exist', async () => {
    const { client, asked } = gammaStub((_, query) => of(query));
    await findMarkets(client, slugs(['a', 'b', 'c', 'd', 'e', 'f', 'rain'], false));
    expect(asked).toHaveLength(3);
  });

  it('without others at a host that ignores the filter', async () => {
    const { client } = gammaStub(() => MARKETS);
    expect(names(await findMarkets(client, slugs(['snow'])))).toEqual(['snow']);
  });

  it('only in a list with all fields; a missing field means a changed schema', async () => {
    const { client } = gammaStub((_, query) => of(query).map(({ conditionId, ...rest }) => ({ ...rest, condition: conditionId })));
    await expect(findMarkets(client, slugs(SLUGS))).rejects.toThrow(/changed its answer on \/markets\/keyset: .*conditionId/);
    const { client: renamed } = gammaStub((_, query) => ({ items: of(query) }));
    await expect(findMarkets(renamed, slugs(SLUGS))).rejects.toThrow(/expected a list at markets/);
  });
});

describe('an event is found', () => {
  const event = { slug: 'weather', markets: MARKETS };
  it.each([
    ['by its path', (path: string) => (path === '/events/slug/weather' ? event : undefined)],
    ['in the listing', (path: string) => (path === '/events' ? [{ slug: 'other', markets: [] }, event] : undefined)],
    ['in the keyset listing', (path: string) => (path === '/events/keyset' ? { events: [event] } : undefined)],
  ])('%s', async (_, answer) => {
    const { client } = gammaStub((path) => {
      const found = answer(path);
      if (found === undefined) throw noRoute();
      return found;
    });
    expect(names(await findEvent(client, 'weather'))).toEqual([...SLUGS].sort());
    expect(await findEvent(client, 'politics')).toBeUndefined();
  });
});

describe('the markets of a series', () => {
  const HOUR = 3_600_000;
  const NOW = Date.UTC(2026, 5, 10, 12);
  const from = NOW - 7 * 24 * HOUR;
  const slugOf = (start: number): string => `btc-updown-1h-${start / 1000}`;
  const FIRST = NOW - 30 * HOUR;

  /** A host whose series has hourly markets since `FIRST`, and what it was queried for. */
  const seriesHost = () => {
    const { client, asked } = gammaStub((path, query) => {
      if (path === '/v2/resolutions') return { data: [] };
      const found = query.getAll('slug').flatMap((slug) => {
        const start = Number(/^btc-updown-1h-(\d+)$/.exec(slug)?.[1]) * 1000;
        const closed = start + HOUR <= NOW;
        return start >= FIRST && start <= NOW && closed === (query.get('closed') === 'true') ? [market(slug, closed)] : [];
      });
      return { markets: found.map((each, index) => ({ ...each, conditionId: `0x${index}${each.slug}` })) };
    });
    Object.assign(client, { clock: NOW });
    const discover = () =>
      discoverPolymarket(
        { gamma: client, data: client },
        {
          symbol: 'BTC',
          selectors: [{ seriesSlug: 'btc-updown-1h' }],
          window: { from, to: NOW },
          asOf: NOW,
          known: [],
          signal: new AbortController().signal,
        },
      );
    const listed = () =>
      asked.filter((each) => each.startsWith('/markets')).map((each) => new URLSearchParams(each.split('?')[1]).getAll('slug'));
    return { discover, listed, asked };
  };

  it('are not looked up under another name once they are found', async () => {
    const { discover, listed } = seriesHost();
    const { instruments } = await discover();
    expect(instruments).toHaveLength(31);
    const times = listed().filter((slugs) => slugs.includes(slugOf(FIRST)));
    expect(times).toHaveLength(1);
    const named = listed().filter((slugs) => slugs.some((slug) => slug.startsWith('bitcoin-up-or-down-june-9-2026-6am')));
    expect(named).toHaveLength(1);
  });

  it('are not looked up again within a day from before the start of the series', async () => {
    const { discover, asked, listed } = seriesHost();
    await discover();
    const before = asked.length;
    asked.length = 0;
    await discover();
    expect(asked.length).toBeLessThan(before / 2);
    expect(listed().flat()).not.toContain(slugOf(from));
    // a hole among the series' markets is still looked up
    expect(listed().flat()).toContain(slugOf(FIRST + HOUR));
  });
});
