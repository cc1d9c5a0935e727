import { type Answer, type Api, json, Refusal, type VenueRequest, wholeNumber } from './answer.ts';
import { bookOf } from './book.ts';
import { hexId, isClosed, type Market, type MarketGroup, tokenId } from './market.ts';
import { asShown, findMarket, isMissing, stageOf, type World } from './world.ts';

const iso = (time: number): string => new Date(time).toISOString().replace('.000Z', 'Z');
/** A closing time in Gamma's format, which is not ISO 8601: `2026-07-24 00:00:16+00`. */
const closingTime = (time: number): string => `${new Date(time).toISOString().slice(0, 19).replace('T', ' ')}+00`;

/** The routes of Polymarket's Gamma API: markets, events, and the search over both. */
export function gammaApi(world: World): Api {
  const shown = (now: number): readonly Market[] => world.markets.all('polymarket', now).filter((market) => !isMissing(world, market));

  function markets({ query, now }: VenueRequest): readonly Market[] {
    for (const name of ['clob_token_ids', 'condition_ids', 'slug']) {
      if (query.getAll(name).some((value) => value.includes(','))) throw new Refusal(422, `invalid ${name}: repeat the parameter`, name);
    }
    const named = (name: string, namesOf: (market: Market) => readonly string[]) => {
      const wanted = query.getAll(name);
      return (market: Market): boolean => wanted.length === 0 || namesOf(market).some((id) => wanted.includes(id));
    };
    const tests = [
      named('slug', (market) => [market.slug]),
      named('condition_ids', (market) => [market.conditionId]),
      named('clob_token_ids', (market) => market.tokens),
      named('id', (market) => [String(market.number)]),
      closedAs(query, now),
    ];
    const names = ['slug', 'condition_ids', 'clob_token_ids', 'id'].flatMap((name) => query.getAll(name));
    const known = names.flatMap((name) => findMarket(world, 'polymarket', name, now) ?? []).sort((a, b) => a.number - b.number);
    return (names.length === 0 ? shown(now) : [...new Set(known)]).filter((market) => tests.every((test) => test(market)));
  }

  function events({ query, now }: VenueRequest): readonly MarketGroup[] {
    const slugs = query.getAll('slug');
    const tag = query.get('tag_slug');
    const closed = query.get('closed') === 'true';
    return world.markets
      .groups('polymarket', now)
      .filter(
        (group) =>
          (slugs.length === 0 || slugs.includes(group.slug)) &&
          (tag === null || group.tags.includes(tag)) &&
          group.markets.every((market) => isClosed(market, now)) === closed,
      );
  }

  const volumeOf = (market: Market, now: number): number =>
    world.statesVolumes ? world.tapes.of(market).volume(now) : 1000 + (market.seed % 9_000_000) / 100;
  const marketObject = (shown: Market, now: number): Record<string, unknown> =>
    withStage(plainObject(shown, { now, volume: volumeOf(shown, now) }), stageOf(world, shown));
  const market = (found: Market, now: number): object => ({
    ...marketObject(asShown(world, found), now),
    events: [eventObject(found.group, now)],
  });
  const event = (found: MarketGroup, now: number): object => ({
    ...eventObject(found, now),
    markets: found.markets.filter((each) => !isMissing(world, each)).map((each) => marketObject(asShown(world, each), now)),
  });

  function search({ query, now }: VenueRequest): Answer {
    const text = (query.get('q') ?? '').toLowerCase();
    if (text === '') throw new Refusal(422, 'q is required', 'q');
    const perType = wholeNumber(query, 'limit_per_type', { default: 5, min: 1, max: 50 });
    const page = wholeNumber(query, 'page', { default: 1, min: 1, max: 1000 });
    const words = text.split(/\s+/);
    const found = world.markets.groups('polymarket', now).filter((group) => {
      const haystack = [group.title, group.slug, ...group.markets.map((each) => each.question)].join(' ').toLowerCase();
      return words.every((word) => haystack.includes(word));
    });
    const from = (page - 1) * perType;
    return json({
      events: found.slice(from, from + perType).map((group) => event(group, now)),
      tags: [],
      profiles: [],
      pagination: { hasMore: found.length > from + perType, totalResults: found.length },
    });
  }

  return (request) => {
    const { path, now } = request;
    const bySlug = /^\/(markets|events)\/slug\/([^/]+)$/.exec(path);
    if (bySlug) {
      const slug = decodeURIComponent(bySlug[2]);
      const group = bySlug[1] === 'events' ? world.markets.group('polymarket', slug, now) : undefined;
      if (group) return json(event(group, now));
      const found = bySlug[1] === 'markets' ? findMarket(world, 'polymarket', slug, now) : undefined;
      if (found?.slug === slug) return json(market(found, now));
      throw new Refusal(404, 'slug not found');
    }
    const { goneListings } = world.deck.faults;
    if (
      goneListings !== undefined &&
      /^\/(markets|events)(\/keyset)?$/.test(path) &&
      path.endsWith('/keyset') === (goneListings === 'keyset')
    )
      throw new Refusal(410, 'this listing is gone');
    switch (path) {
      case '/markets':
        return json(byOffset(request, markets(request), 500).map((each) => market(each, now)));
      case '/markets/keyset': {
        const { items, next } = byKeyset(request, markets(request), (each) => each.number);
        return json({ markets: items.map((each) => market(each, now)), next_cursor: next });
      }
      case '/events':
        return json(byOffset(request, events(request), 100).map((each) => event(each, now)));
      case '/events/keyset': {
        const { items, next } = byKeyset(request, events(request), (each) => each.id);
        return json({ events: items.map((each) => event(each, now)), next_cursor: next });
      }
      case '/public-search':
        return search(request);
      default:
        return undefined;
    }
  };
}

/** A filter for the `closed` parameter: only closed markets for `closed=true`, else only open ones. */
const closedAs = (query: URLSearchParams, now: number) => {
  const wanted = query.get('closed') === 'true';
  return (market: Market): boolean => isClosed(market, now) === wanted;
};

function byOffset<T>({ query }: VenueRequest, items: readonly T[], cap: number): readonly T[] {
  const limit = Math.min(cap, wholeNumber(query, 'limit', { default: 20, min: 0, max: 1e9 }));
  const offset = wholeNumber(query, 'offset', { default: 0, min: 0, max: 1e9 });
  return items.slice(offset, offset + limit);
}

/** Pages items by ascending id. The cursor is the last served id, so no item is lost when others appear in the meantime. */
function byKeyset<T>(
  { query }: VenueRequest,
  items: readonly T[],
  idOf: (item: T) => number,
): { items: readonly T[]; next: string | null } {
  const limit = Math.min(100, wholeNumber(query, 'limit', { default: 20, min: 1, max: 1e9 }));
  const cursor = query.get('after_cursor');
  const after = cursor === null ? -1 : Number(Buffer.from(cursor, 'base64url').toString());
  if (Number.isNaN(after)) throw new Refusal(400, 'invalid after_cursor', 'after_cursor');
  const rest = [...items].sort((a, b) => idOf(a) - idOf(b)).filter((item) => idOf(item) > after);
  const page = rest.slice(0, limit);
  const last = page.at(-1);
  return { items: page, next: last === undefined || rest.length <= limit ? null : Buffer.from(String(idOf(last))).toString('base64url') };
}

function outcomePrices(market: Market, now: number): readonly [string, string] {
  if (!isClosed(market, now)) {
    const { mid } = bookOf(market, now);
    return [String(mid), String(Number((1 - mid).toFixed(6)))];
  }
  const payout = market.settlement?.payout ?? null;
  return payout === null ? ['0', '0'] : [String(payout), String(1 - payout)];
}

/** The fields of a group's mutually exclusive markets: their shared id, which the markets and the event contain. */
const negativeRisk = (group: MarketGroup): object =>
  group.negativeRisk ? { negRisk: true, negRiskMarketID: hexId(`negative-risk/${group.slug}`) } : { negRisk: false };

/** A closed market whose result is not final yet: with the oracle's status or none, and with the prices of its last trades. */
function withStage(shown: Record<string, unknown>, stage: string): Record<string, unknown> {
  if (stage === 'final' || shown.closed !== true) return shown;
  return {
    ...shown,
    umaResolutionStatus: stage === 'silent' ? null : stage,
    umaResolutionStatuses: stage === 'silent' ? '[]' : JSON.stringify(stage === 'proposed' ? [stage] : ['proposed', stage]),
    outcomePrices: '["0.9995","0.0005"]',
  };
}

/** The ids of a market by its protocol version: the condition id of a v2 market has 31 bytes here, and its token ids are not traded. */
const idsOf = (market: Market): object =>
  market.protocol === 'v1'
    ? { conditionId: market.conditionId, clobTokenIds: JSON.stringify(market.tokens) }
    : {
        version: market.protocol,
        conditionId: market.conditionId.slice(0, -2),
        positionIds: market.tokens,
        clobTokenIds: JSON.stringify([tokenId(`${market.slug}/old/0`), tokenId(`${market.slug}/old/1`)]),
        requestId: market.conditionId,
      };

function plainObject(market: Market, { now, volume }: { now: number; volume: number }): Record<string, unknown> {
  const closed = isClosed(market, now);
  const book = bookOf(market, now);
  const updown = market.group.variant === 'CRYPTO_UP_DOWN';
  return {
    id: String(market.number),
    question: market.question,
    ...idsOf(market),
    slug: market.slug,
    resolutionSource: '',
    startDate: iso(market.opensAt),
    endDate: iso(market.closesAt),
    ...(updown ? { eventStartTime: iso(market.opensAt) } : {}),
    image: '',
    icon: '',
    description: `A made-up market: ${market.question} In case of a tie, this market resolves 50-50.`,
    outcomes: JSON.stringify(market.outcomes),
    outcomePrices: JSON.stringify(outcomePrices(market, now)),
    volume: String(volume),
    volumeNum: volume,
    liquidity: closed ? '0' : '1621.93',
    liquidityNum: closed ? 0 : 1621.93,
    active: true,
    closed,
    ...(closed ? { closedTime: closingTime(market.settlement?.at ?? market.closesAt) } : {}),
    ...(closed && market.settlement?.payout !== null ? { umaResolutionStatus: 'resolved' } : {}),
    umaResolutionStatuses: market.settlement?.disputed && closed ? '["proposed","disputed","resolved"]' : '[]',
    archived: false,
    restricted: true,
    acceptingOrders: !closed,
    enableOrderBook: true,
    ...negativeRisk(market.group),
    orderPriceMinTickSize: 10 ** -market.decimals,
    orderMinSize: 5,
    bestBid: closed ? 0 : book.bestBid,
    bestAsk: closed ? 1 : book.bestAsk,
    spread: closed ? 1 : book.spread,
    lastTradePrice: closed ? 0 : book.bestBid,
    feesEnabled: updown,
    feeType: updown ? 'crypto_fees_v2' : null,
    ...(updown ? { feeSchedule: { rate: 0.07, exponent: 1, takerOnly: true, rebateRate: 0.2 } } : {}),
    makerBaseFee: updown ? 1000 : 0,
    takerBaseFee: updown ? 1000 : 0,
    createdAt: iso(market.opensAt - 3_600_000),
    updatedAt: iso(Math.min(now, market.closesAt)),
  };
}

function eventObject(group: MarketGroup, now: number): Record<string, unknown> {
  const first = group.markets[0];
  const closed = group.markets.every((market) => isClosed(market, now));
  return {
    id: String(group.id),
    ticker: group.slug,
    slug: group.slug,
    title: group.title,
    description: '',
    startDate: first && iso(first.opensAt),
    endDate: first && iso(first.closesAt),
    active: true,
    closed,
    archived: false,
    restricted: true,
    ...negativeRisk(group),
    enableOrderBook: true,
    ...(group.seriesSlug ? { seriesSlug: group.seriesSlug } : {}),
    tags: group.tags.map((tag, index) => ({ id: String(index + 1), label: tag, slug: tag })),
  };
}
