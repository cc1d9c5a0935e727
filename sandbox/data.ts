import { type Answer, type Api, json, Refusal, type VenueRequest, wholeNumber } from './answer.ts';
import { hexId, isClosed, type Market } from './market.ts';
import { polymarketRows } from './polymarket-trades.ts';
import { pricePoints } from './price-points.ts';
import type { Place } from './trade-pages.ts';
import { findMarket, isMissing, stageOf, type World } from './world.ts';

const BUCKETS = [60, 300, 1800, 10_800, 43_200];
const MAX_WINDOW = 15 * 86_400;
const INTERVALS: Readonly<Record<string, number>> = { '1h': 3600, '6h': 21_600, '1d': 86_400, '1w': 604_800, '1m': 2_592_000 };

/** Polymarket's Data API: `/v2/trades`, `/v2/prices-history`, `/v2/resolutions` and the old `/trades`. */
export function dataApi(world: World): Api {
  const rows = { 1: polymarketRows(1, () => world.deck.faults), 2: polymarketRows(2, () => world.deck.faults) };

  function trades(request: VenueRequest): Answer {
    const { query, now, strike } = request;
    if (query.has('offset')) throw new Refusal(400, 'offset is not supported; use cursor', 'offset');
    const limit = wholeNumber(query, 'limit', { default: 100, min: 1, max: 1000 });
    for (const name of ['start', 'end']) {
      if (query.has(name)) throw new Refusal(400, `${name} is only supported together with user`, name);
    }
    const markets = marketsOf(query, now);
    const cursor = query.get('cursor');
    const page = world.pages.page({
      markets,
      after: cursor === null ? undefined : readCursor(cursor, markets.length),
      limit,
      now,
      strike,
      writer: rows[2],
      withMakers: query.get('taker_only') === 'false',
    });
    const next = page.next === null ? 'null' : `"${writeCursor(page.next, strike.repeatPage)}"`;
    return {
      status: 200,
      body: `{"data":[${page.rows.join(',')}],"pagination":{"limit":${limit},"offset":0,"has_more":${page.next !== null},"next_cursor":${next}}}`,
    };
  }

  function marketsOf(query: URLSearchParams, now: number): Market[] {
    const event = query.get('event_id');
    if (event !== null) {
      const group = world.markets.groups('polymarket', now).find((candidate) => String(candidate.id) === event);
      return (group?.markets ?? []).filter((market) => !isMissing(world, market));
    }
    const text = query.get('condition') ?? query.get('condition_id') ?? query.get('conditionId') ?? query.get('market');
    if (text === null) throw new Refusal(400, 'one of condition, event_id or user is required', 'condition');
    const ids = text.split(',');
    if (ids.length > 20) throw new Refusal(400, 'at most 20 conditions', 'condition');
    return ids.flatMap((id) => (id.startsWith('0x') ? (findMarket(world, 'polymarket', id, now) ?? []) : []));
  }

  function oldTrades(request: VenueRequest): Answer {
    const { query, now, strike } = request;
    const limit = wholeNumber(query, 'limit', { default: 100, min: 1, max: 10_000 });
    const offset = wholeNumber(query, 'offset', { default: 0, min: 0, max: 10_000 });
    // beyond offset 3,000 the older route silently repeats its rows
    const from = Math.min(offset, 3000);
    const writer = rows[1];
    const page = world.pages.page({
      markets: marketsOf(query, now),
      limit: from + limit,
      now,
      strike: { ...strike, repeatPage: false },
      writer,
    });
    return { status: 200, body: `[${page.rows.slice(from, from + limit).join(',')}]` };
  }

  function pricesHistory({ query, now }: VenueRequest): Answer {
    const token = query.get('token_id') ?? '';
    const market = findMarket(world, 'polymarket', token, now);
    if (token === '') throw new Refusal(400, 'token_id is required', 'token_id');
    if (market === undefined) throw new Refusal(404, 'token not found', 'token_id');
    const forms = ['start', 'interval', 'as_of'].filter((name) => query.has(name));
    if (forms.length !== 1) throw new Refusal(400, 'exactly one of start, interval or as_of is required', 'start');
    const bucket = wholeNumber(query, 'bucket_seconds', { default: 60, min: 1, max: 43_200 });
    if (!BUCKETS.includes(bucket)) throw new Refusal(400, `bucket_seconds must be one of ${BUCKETS.join(', ')}`, 'bucket_seconds');
    const limit = wholeNumber(query, 'limit', { default: 1000, min: 1, max: 10_000 });
    const [start, end] = windowOf(query, Math.floor(now / 1000));
    const cursor = query.get('cursor');
    const from = cursor === null ? start : Number(Buffer.from(cursor, 'base64url').toString());
    const points = pricePoints(world, market, { token, from, to: end, bucket, now });
    const page = points.slice(0, limit);
    const more = points[limit];
    return json({
      data: page.map(({ time, price }) => ({ timestamp: time, price, resolution_seconds: bucket })),
      pagination: {
        limit,
        offset: 0,
        has_more: more !== undefined,
        next_cursor: more === undefined ? null : Buffer.from(String(more.time)).toString('base64url'),
      },
    });
  }

  function resolutions({ query, now }: VenueRequest): Answer {
    const data = marketsOf(query, now).map((market) => {
      const stage = stageOf(world, market);
      const settled = isClosed(market, now) && stage === 'final' ? market.settlement : null;
      const payout = settled?.payout ?? null;
      const changedAt = Math.floor((settled?.at ?? market.opensAt) / 1000);
      return {
        condition_id: market.conditionId,
        status: settled !== null ? 'resolved' : stage === 'proposed' || stage === 'disputed' ? stage : 'initialized',
        extended_review: false,
        was_disputed: settled?.disputed ?? false,
        new_version_q: false,
        transaction_hash: hexId(`record ${market.seed} ${changedAt}`),
        log_index: '1',
        last_update_timestamp: String(changedAt),
        // the venue leaves these out until there is a result
        ...(settled !== null && {
          resolved_at: new Date(changedAt * 1000).toISOString(),
          payouts: payout === null ? [0, 0] : [payout * 1e6, (1 - payout) * 1e6],
        }),
      };
    });
    return json({ data, pagination: { limit: 100, offset: 0, has_more: false, next_cursor: null } });
  }

  return (request) => {
    switch (request.path) {
      case '/v2/trades':
        return trades(request);
      case '/v2/prices-history':
        return pricesHistory(request);
      case '/v2/resolutions':
        return resolutions(request);
      case '/trades':
        return oldTrades(request);
      default:
        return undefined;
    }
  };
}

function windowOf(query: URLSearchParams, now: number): readonly [start: number, end: number] {
  const seconds = (name: string, fallback: number): number => wholeNumber(query, name, { default: fallback, min: 1, max: 1e11 });
  if (query.has('interval')) {
    const interval = query.get('interval') ?? '';
    const length = interval === 'max' || interval === 'all' ? now : INTERVALS[interval];
    if (length === undefined) throw new Refusal(400, 'interval must be one of 1h, 6h, 1d, 1w, 1m, max, all', 'interval');
    return [now - length, now + 1];
  }
  if (query.has('as_of')) return [seconds('as_of', now) - 86_400, seconds('as_of', now)];
  const start = seconds('start', now);
  const end = seconds('end', now + 1);
  if (end - start > MAX_WINDOW) throw new Refusal(400, 'the window may span at most 15 days', 'start');
  return [start, end];
}

/** Writes a cursor. @param repeated whether the page was served twice: then the text must differ from the cursor that led to it */
const writeCursor = (places: readonly Place[], repeated: boolean): string =>
  Buffer.from(JSON.stringify([...places.map(({ time, place }) => [time, place]), ...(repeated ? ['again'] : [])])).toString('base64url');

function readCursor(cursor: string, markets: number): Place[] {
  let places: unknown;
  try {
    places = JSON.parse(Buffer.from(cursor, 'base64url').toString());
  } catch {
    places = null;
  }
  if (!Array.isArray(places) || places.length < markets) throw new Refusal(400, 'cursor does not belong to this query', 'cursor');
  return (places as [number, number][]).slice(0, markets).map(([time, place]) => ({ time, place }));
}
