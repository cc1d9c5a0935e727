import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type SandboxVenue, startSandboxVenue } from '../../sandbox/venue.ts';
import { type Body, get, NOW } from './walk.ts';

const DAY = 86_400;
const SECONDS = Math.floor(NOW / 1000);
let venue: SandboxVenue;
beforeAll(async () => {
  venue = await startSandboxVenue({ now: NOW });
});
afterAll(() => venue.close());

const market = async (slug: string): Promise<Body> => (await get(venue, `/polymarket/gamma/markets/slug/${slug}`)).body;
const tokenOf = async (slug: string, index = 0): Promise<string> => JSON.parse((await market(slug)).clobTokenIds)[index];
const OPEN = 'bitcoin-above-110k-this-month';
const CLOSED = 'rate-cut-at-the-last-meeting';

describe('the sandbox’s Gamma API of Polymarket', () => {
  it('writes lists as JSON inside JSON in the same order, and numbers both as text and as numbers', async () => {
    const found = await market(OPEN);
    expect(JSON.parse(found.outcomes)).toEqual(['Yes', 'No']);
    const prices = JSON.parse(found.outcomePrices).map(Number);
    expect(prices[0] + prices[1]).toBeCloseTo(1, 9);
    expect(JSON.parse(found.clobTokenIds)).toHaveLength(2);
    expect(Number(found.volume)).toBe(found.volumeNum);
    expect(found.events[0].slug).toBe('bitcoin-above-this-month');
  });

  it.each([
    [CLOSED, '["1","0"]', 'resolved'],
    ['match-abandoned', '["0.5","0.5"]', 'resolved'],
    ['legacy-poll', '["0","0"]', undefined],
  ])('shows how %s ended, although the market is still marked active', async (slug, prices, uma) => {
    const found = await market(slug);
    expect(found).toMatchObject({ active: true, closed: true, outcomePrices: prices, acceptingOrders: false });
    expect(found.umaResolutionStatus).toBe(uma);
    expect(found.closedTime).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\+00$/);
  });

  it('excludes closed markets unless closed=true, even when asked by condition id', async () => {
    const { conditionId } = await market(CLOSED);
    expect((await get(venue, `/polymarket/gamma/markets?condition_ids=${conditionId}`)).body).toEqual([]);
    expect((await get(venue, `/polymarket/gamma/markets?condition_ids=${conditionId}&closed=true`)).body).toHaveLength(1);
  });

  it('accepts repeated keys, and refuses comma-separated lists with 422', async () => {
    const [a, b] = [await tokenOf(OPEN), await tokenOf('solana-above-200-this-month')];
    expect((await get(venue, `/polymarket/gamma/markets?clob_token_ids=${a}&clob_token_ids=${b}`)).body).toHaveLength(2);
    expect((await get(venue, `/polymarket/gamma/markets?clob_token_ids=${a},${b}`)).status).toBe(422);
  });

  it('returns all pages by cursor without a loss, and pages by offset', async () => {
    const seen: string[] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const path: string = `/polymarket/gamma/markets/keyset?limit=7&closed=true${cursor === '' ? '' : `&after_cursor=${cursor}`}`;
      const { body } = await get(venue, path);
      seen.push(...body.markets.map((each: { slug: string }) => each.slug));
      cursor = body.next_cursor;
    }
    const byOffset = await get(venue, '/polymarket/gamma/markets?closed=true&limit=500&offset=0');
    expect(new Set(seen).size).toBe(seen.length);
    expect(seen.sort()).toEqual(byOffset.body.map((each: { slug: string }) => each.slug).sort());
  });

  it('lists a series as markets with their start in the slug, all but two of them resolved', async () => {
    const hourly = venue.truth.instruments({ venue: 'polymarket', group: 'btc-updown-1h' });
    expect(hourly.length).toBeGreaterThan(45);
    const open = await Promise.all(hourly.map(async ({ slug }) => (await market(slug)).closed === false));
    expect(open.filter(Boolean)).toHaveLength(2);
    expect(hourly[0].slug).toMatch(/^btc-updown-1h-\d{10}$/);
  });

  it('finds events by slug, tag and text', async () => {
    expect((await get(venue, '/polymarket/gamma/events/slug/presidential-election-winner')).body.markets).toHaveLength(4);
    expect((await get(venue, '/polymarket/gamma/events?tag_slug=politics')).body.map((each: { slug: string }) => each.slug)).toEqual([
      'presidential-election-winner',
    ]);
    const found = await get(venue, '/polymarket/gamma/public-search?q=bitcoin%20above');
    expect(found.body.events[0].slug).toBe('bitcoin-above-this-month');
    expect((await get(venue, '/polymarket/gamma/events/slug/nothing')).status).toBe(404);
  });
});

describe('the sandbox’s Data API of Polymarket', () => {
  it.each([
    ['limit=1001', 'limit'],
    ['limit=10&offset=5', 'offset'],
    [`start=${SECONDS}`, 'start'],
  ])('refuses trades with %s and names the parameter', async (query, parameter) => {
    const { conditionId } = await market(OPEN);
    const { status, body } = await get(venue, `/polymarket/data/v2/trades?condition=${conditionId}&${query}`);
    expect(status).toBe(400);
    expect(body).toMatchObject({ code: 'invalid_request', retryable: false, parameter });
  });

  it('answers an unknown condition id with no rows', async () => {
    expect((await get(venue, '/polymarket/data/v2/trades?condition=0x00')).body.data).toEqual([]);
  });

  it('has 1-minute price points for 7 days, 3-hour ones for ever, and a last point between the regular times', async () => {
    const token = await tokenOf(OPEN);
    const points = async (bucket: number): Promise<{ timestamp: number; price: number }[]> =>
      (
        await get(
          venue,
          `/polymarket/data/v2/prices-history?token_id=${token}&start=${SECONDS - 14 * DAY}&bucket_seconds=${bucket}&limit=10000`,
        )
      ).body.data;
    const fine = await points(60);
    expect(fine[0].timestamp).toBeGreaterThanOrEqual(SECONDS - 7 * DAY);
    expect(fine.slice(0, -1).every(({ timestamp }) => timestamp % 60 === 0)).toBe(true);
    const coarse = await points(10_800);
    expect(coarse[0].timestamp).toBeLessThan(SECONDS - 13 * DAY);
    expect(coarse.at(-1)!.timestamp % 10_800).not.toBe(0);
    const old = await get(
      venue,
      `/polymarket/data/v2/prices-history?token_id=${token}&start=${SECONDS - 13 * DAY}&end=${SECONDS - 10 * DAY}&bucket_seconds=60`,
    );
    expect(old).toMatchObject({ status: 200, body: { data: [] } });
  });

  it('pages price points by cursor, mirrors the other token, and refuses long windows and bounds of 0', async () => {
    const [yes, no] = [await tokenOf(OPEN, 0), await tokenOf(OPEN, 1)];
    const path = (token: string): string =>
      `/polymarket/data/v2/prices-history?token_id=${token}&start=${SECONDS - DAY}&end=${SECONDS - 3600}&bucket_seconds=300`;
    const all = (await get(venue, path(yes))).body.data;
    const first = (await get(venue, `${path(yes)}&limit=100`)).body;
    const rest = (await get(venue, `${path(yes)}&cursor=${first.pagination.next_cursor}`)).body;
    expect([...first.data, ...rest.data]).toEqual(all);
    const mirrored = (await get(venue, path(no))).body.data;
    expect(mirrored.map((point: { price: number }) => Number((1 - point.price).toFixed(6)))).toEqual(
      all.map((point: { price: number }) => point.price),
    );
    expect((await get(venue, `/polymarket/data/v2/prices-history?token_id=${yes}&start=${SECONDS - 16 * DAY}`)).status).toBe(400);
    expect((await get(venue, `/polymarket/data/v2/prices-history?token_id=${yes}&start=0`)).status).toBe(400);
    expect((await get(venue, `/polymarket/data/v2/prices-history?token_id=${yes}&start=5&interval=1d`)).status).toBe(400);
  });

  it.each([
    [CLOSED, [1_000_000, 0], false],
    ['match-abandoned', [500_000, 500_000], true],
    ['legacy-poll', [0, 0], false],
  ])('shows the payouts of %s', async (slug, payouts, disputed) => {
    const { conditionId } = await market(slug);
    const { body } = await get(venue, `/polymarket/data/v2/resolutions?condition=${conditionId}`);
    expect(body.data[0]).toMatchObject({ status: 'resolved', payouts, was_disputed: disputed });
  });
});

describe('the sandbox’s CLOB API of Polymarket', () => {
  it('returns books with the worst price first, complementary for the other outcome, and no book after the close', async () => {
    const yes = (await get(venue, `/polymarket/clob/book?token_id=${await tokenOf(OPEN, 0)}`)).body;
    const no = (await get(venue, `/polymarket/clob/book?token_id=${await tokenOf(OPEN, 1)}`)).body;
    const prices = (levels: { price: string }[]): number[] => levels.map(({ price }) => Number(price));
    expect(prices(yes.bids)).toEqual([...prices(yes.bids)].sort((a, b) => a - b));
    expect(prices(yes.asks)).toEqual([...prices(yes.asks)].sort((a, b) => b - a));
    expect(prices(no.bids).at(-1)).toBeCloseTo(1 - prices(yes.asks).at(-1)!, 9);
    expect(yes.timestamp).toBe(String(NOW));
    expect(await get(venue, `/polymarket/clob/book?token_id=${await tokenOf(CLOSED)}`)).toMatchObject({
      status: 404,
      body: { error: 'No orderbook exists for the requested token id' },
    });
  });

  it('gives midpoint and spread as text', async () => {
    const token = await tokenOf(OPEN);
    const { bids, asks } = (await get(venue, `/polymarket/clob/book?token_id=${token}`)).body;
    const [bid, ask] = [Number(bids.at(-1).price), Number(asks.at(-1).price)];
    expect(Number((await get(venue, `/polymarket/clob/midpoint?token_id=${token}`)).body.mid)).toBeCloseTo((bid + ask) / 2, 9);
    expect(Number((await get(venue, `/polymarket/clob/spread?token_id=${token}`)).body.spread)).toBeCloseTo(ask - bid, 9);
  });

  it('returns history for `market` only, within 15 days, and no finer than 12 hours once the market is closed', async () => {
    const [token, closed] = [await tokenOf(OPEN), await tokenOf(CLOSED)];
    const history = async (query: string): Promise<Body> => (await get(venue, `/polymarket/clob/prices-history?${query}`)).body;
    expect((await history(`market=${token}&interval=1d&fidelity=60`)).history.length).toBeGreaterThan(15);
    expect(await history(`token_id=${token}&interval=1d`)).toEqual({ history: [] });
    expect((await history(`market=${token}&startTs=${SECONDS - 16 * DAY}&endTs=${SECONDS}`)).error).toContain('interval is too long');
    expect((await history(`market=${closed}&startTs=${SECONDS - 10 * DAY}&endTs=${SECONDS}&fidelity=60`)).history).toEqual([]);
    expect((await history(`market=${closed}&startTs=${SECONDS - 10 * DAY}&endTs=${SECONDS}&fidelity=720`)).history.length).toBeGreaterThan(
      5,
    );
  });
});

describe('the sandbox’s Predict.fun API', () => {
  it('answers 401 without a key', async () => {
    const response = await fetch(`${venue.url}/predict/v1/markets`);
    expect(response.status).toBe(401);
    expect(await response.json()).toMatchObject({ success: false, error: 'unauthorized' });
  });

  it('states in every answer how many requests are left in the minute', async () => {
    const { headers } = await get(venue, '/predict/v1/search?query=eth');
    expect(headers.get('ratelimit-limit')).toBe('120');
    expect(Number(headers.get('ratelimit-remaining'))).toBeLessThan(120);
    expect(Number(headers.get('ratelimit-reset'))).toBeGreaterThan(0);
  });

  it('names the twins at Polymarket', async () => {
    const { body } = await get(venue, '/predict/v1/markets/1012');
    expect(body.data.polymarketConditionIds).toEqual([(await market(OPEN)).conditionId]);
  });

  it('pages markets by cursor, and finds categories and texts', async () => {
    const seen: number[] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const { body }: { body: Body } = await get(venue, `/predict/v1/markets?first=10${cursor === '' ? '' : `&after=${cursor}`}`);
      seen.push(...body.data.map((each: { id: number }) => each.id));
      cursor = body.cursor;
    }
    expect(seen.length).toBe(venue.truth.instruments({ venue: 'predict' }).length);
    expect((await get(venue, '/predict/v1/categories/presidential-election-winner')).body.data.markets).toHaveLength(4);
    expect((await get(venue, '/predict/v1/search?query=solana')).body.data.markets[0].id).toBe(1031);
    expect((await get(venue, '/predict/v1/markets/77')).body).toMatchObject({ success: false, code: 404, error: 'not_found' });
  });

  it('shows winners by the status of the outcomes, and a push by its prices only', async () => {
    const won = (await get(venue, '/predict/v1/markets/4011')).body.data;
    expect(won.status).toBe('RESOLVED');
    expect(won.outcomes.map((outcome: { status: string }) => outcome.status)).toEqual(['WON', 'LOST']);
    const push = (await get(venue, '/predict/v1/markets/4041')).body.data;
    expect(push).toMatchObject({ status: 'REGISTERED', resolution: null });
    expect(push.variantData.endPrice).toBe(push.variantData.startPrice);
  });

  it('writes integers scaled by 1e18 and quotes the book for the first outcome', async () => {
    const { body } = await get(venue, '/predict/v1/orders/matches?marketId=1012&first=5');
    expect(body.data).toHaveLength(5);
    for (const match of body.data) {
      expect(match.priceExecuted).toMatch(/^\d{17,18}$/);
      expect(match.amountFilled).toMatch(/^\d+$/);
      expect(match.executedAt).toMatch(/Z$/);
    }
    const book = (await get(venue, '/predict/v1/markets/1012/orderbook')).body.data;
    expect(book.bids[0][0]).toBeLessThan(book.asks[0][0]);
    const { series } = (await get(venue, '/predict/v1/markets/1012/timeseries?metric=chance&resolution=1h')).body.data;
    expect(series.length).toBeGreaterThan(15);
  });
});
