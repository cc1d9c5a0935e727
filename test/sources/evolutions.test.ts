import { afterAll, beforeAll, expect, it } from 'vitest';
import { Random } from '../../sandbox/random.ts';
import { type SandboxVenue, startSandboxVenue } from '../../sandbox/venue.ts';
import type { Instrument } from '../../src/contracts/market-data.ts';
import { bestOf } from '../../src/sources/book.ts';
import { isObject } from '../../src/sources/catalogue/schema-drift.ts';
import { createRequestTally } from '../../src/sources/http/request-tally.ts';
import { noteHeaders } from '../../src/sources/http/venue-changes.ts';
import { listInEnvelope, readMarkets } from '../../src/sources/polymarket/catalogue/gamma.ts';
import { readResolutionPage, readResolutions } from '../../src/sources/polymarket/catalogue/payouts.ts';
import { readPricePage } from '../../src/sources/polymarket/prices.ts';
import { readBook as readPolymarketBook, readTradePage } from '../../src/sources/polymarket/trades.ts';
import { readCategory } from '../../src/sources/predict/discover.ts';
import { readMatchPage, readBook as readPredictBook } from '../../src/sources/predict/matches.ts';
import { worlds } from '../support/worlds.ts';

type Row = { [key: string]: unknown };
type Json = Row | unknown[];

/** A route's answer, what an adapter reads of it, and which of its fields matter. */
interface Route {
  readonly name: string;
  readonly base: Json;
  /** The objects that a change of the schema changes, all alike. */
  rows(json: Json): readonly Row[];
  /** What is stored of an answer, and how many of its rows and facts cannot be read. */
  read(json: Json): { readonly facts: unknown; readonly unreadable: number };
  /** Dotted paths in a row that the adapter reads; `*` is every element of a list. */
  readonly fields: readonly string[];
  /** Fields of which the value is one of a few words. */
  readonly words: readonly string[];
  /** Fields that single rows may lack, or have as null. */
  readonly optional: readonly string[];
}

const NOW = Date.UTC(2026, 5, 1, 12);
let venue: SandboxVenue;
let routes: readonly Route[];
beforeAll(async () => {
  venue = await startSandboxVenue({ now: NOW });
  routes = await routesOf();
});
afterAll(() => venue.close());

async function get(path: string): Promise<Json> {
  const response = await fetch(venue.url + path, { headers: { 'x-api-key': 'sandbox-key' } });
  expect(response.status, path).toBe(200);
  return (await response.json()) as Json;
}

const listAt =
  (key: string) =>
  (json: Json): readonly Row[] =>
    (Array.isArray(json) ? [] : (json[key] as Row[] | undefined)) ?? [];

/** Which signs of a result agree may vary as long as the result does not. */
const withoutSigns = ({ settlement, ...rest }: Instrument) => ({ ...rest, payout: settlement?.payout, state: settlement?.state });

async function routesOf(): Promise<readonly Route[]> {
  const gamma = async (closed: boolean): Promise<Route> => ({
    name: `gamma ${closed ? 'closed' : 'open'}`,
    base: await get(`/polymarket/gamma/markets/keyset?limit=40&closed=${closed}`),
    rows: listAt('markets'),
    read: (json) => {
      const { instruments, problems, leftOut } = readMarkets(listInEnvelope(json, 'markets', '/markets/keyset'), '/markets/keyset');
      return { facts: instruments.map(withoutSigns), unreadable: problems.length + leftOut.length };
    },
    fields: 'conditionId slug question outcomes closed startDate endDate createdAt orderPriceMinTickSize feesEnabled negRisk clobTokenIds'
      .split(' ')
      .concat(closed ? ['closedTime', 'outcomePrices'] : []),
    words: closed ? ['umaResolutionStatus', 'version'] : ['version'],
    optional: ['question', 'lastTradePrice', 'volume', 'description', 'image', 'feeType', 'spread', 'bestBid'],
  });
  const open = await gamma(false);
  const [busy] = readMarkets(listAt('markets')(open.base), 'test').instruments.filter(({ id }) => id.length > 0);
  const condition = busy.id.slice('polymarket:'.length);
  const closed = await gamma(true);
  const ids = listAt('markets')(closed.base)
    .slice(0, 20)
    .map(({ conditionId }) => conditionId as string);
  const categories = await get('/predict/v1/categories?marketVariant=CRYPTO_UP_DOWN&sort=PUBLISHED_AT_DESC&first=200');
  const ended = listAt('data')(categories).filter(({ status }) => status === 'RESOLVED');
  const markets = ended.flatMap((category) => category.markets as Row[]);
  const listing = { ...(categories as Row), data: ended.slice(0, 40) };
  const market = readCategory(ended[0], 'X', 'series').instruments[0];
  const second = Math.floor(NOW / 1000);
  const levels = (json: Json): Row[] => (Array.isArray(json) ? [] : [json]);
  const single: Route = {
    ...open,
    name: 'gamma one open market',
    base: { ...(open.base as Row), markets: listAt('markets')(open.base).slice(0, 1) },
    // a single market may have no title, end or fees
    fields: 'conditionId slug outcomes closed startDate orderPriceMinTickSize negRisk clobTokenIds'.split(' '),
  };
  return [
    open,
    closed,
    single,
    {
      name: '/v2/trades',
      base: await get(`/polymarket/data/v2/trades?condition=${condition}&limit=60&taker_only=true`),
      rows: listAt('data'),
      read: (json) => rowsOf(readTradePage(json, busy, '/v2/trades').rows),
      fields: ['token_id', 'side', 'price', 'size', 'timestamp', 'transaction_hash', 'proxy_wallet', 'outcome'],
      words: ['side'],
      optional: ['bio', 'name', 'pseudonym', 'icon', 'title', 'profile_image', 'outcome'],
    },
    {
      name: '/v2/prices-history',
      base: await get(
        `/polymarket/data/v2/prices-history?token_id=${busy.outcomeIds[0]}&start=${second - 7200}&end=${second}&bucket_seconds=60&limit=100`,
      ),
      rows: listAt('data'),
      read: (json) => rowsOf(readPricePage(json).rows),
      fields: ['timestamp', 'price', 'resolution_seconds'],
      words: [],
      optional: [],
    },
    {
      name: '/v2/resolutions',
      base: await get(`/polymarket/data/v2/resolutions?condition=${ids.join(',')}`),
      rows: listAt('data'),
      read: (json) => ({ facts: [...readResolutions(readResolutionPage(json))], unreadable: 0 }),
      fields: ['condition_id', 'status', 'payouts'],
      words: ['status'],
      optional: ['was_disputed'],
    },
    {
      name: '/book',
      base: await get(`/polymarket/clob/book?token_id=${busy.outcomeIds[0]}`),
      rows: levels,
      read: (json) => ({ facts: bestOf(readPolymarketBook(json), 0), unreadable: 0 }),
      fields: ['bids', 'asks', 'timestamp'],
      words: [],
      optional: [],
    },
    {
      name: '/v1/categories',
      base: listing,
      rows: listAt('data'),
      read: (json) => {
        const found = listAt('data')(json).map((category) => readCategory(category, 'X', 'series'));
        return {
          facts: found.flatMap(({ instruments }) => instruments.map(withoutSigns)),
          unreadable: found.reduce((sum, { problems }) => sum + problems.length, 0),
        };
      },
      fields: ['slug', 'startsAt', 'endsAt', 'markets'].concat(
        [
          'id',
          'title',
          'status',
          'feeRateBps',
          'decimalPrecision',
          'outcomes',
          'outcomes.*.indexSet',
          'outcomes.*.name',
          'outcomes.*.onChainId',
        ].map((field) => `markets.*.${field}`),
      ),
      words: ['markets.*.status', 'markets.*.outcomes.*.status'],
      optional: ['description', 'imageUrl', 'tags', 'markets.*.description', 'markets.*.imageUrl'],
    },
    {
      name: '/v1/orders/matches',
      base: await get(`/predict/v1/orders/matches?marketId=${String(markets[0].id)}&first=60`),
      rows: listAt('data'),
      read: (json) => rowsOf(readMatchPage(json, market).rows),
      fields: [
        'settlementId',
        'executedAt',
        'priceExecuted',
        'amountFilled',
        'taker',
        'taker.quoteType',
        'taker.outcome',
        'taker.outcome.indexSet',
      ],
      words: ['taker.quoteType'],
      optional: [],
    },
    {
      name: '/v1/markets/{id}/orderbook',
      base: await get(`/predict/v1/markets/${String(markets[0].id)}/orderbook`),
      rows: (json) => levels(json).flatMap(({ data }) => (isObject(data) ? [data] : [])),
      read: (json) => ({ facts: bestOf(readPredictBook(json), 0), unreadable: 0 }),
      fields: ['bids', 'asks', 'updateTimestampMs'],
      words: [],
      optional: [],
    },
  ];
}

/** Rows as they would be stored; their original text is kept for people only. */
const rowsOf = (rows: readonly { readonly defect: string | null; readonly raw: string }[]) => ({
  facts: rows.map((row) => ({ ...row, raw: undefined })),
  unreadable: rows.filter(({ defect }) => defect !== null).length,
});

/** What an adapter made of an answer. */
interface Reading {
  readonly refused: string | undefined;
  readonly unreadable: number;
  readonly changes: readonly string[];
  readonly facts: string;
}

async function reading(route: Route, json: Json, headers: Record<string, string> = {}): Promise<Reading> {
  const tally = createRequestTally();
  return await tally.count<Reading>(() => {
    noteHeaders('venue', route.name, headers);
    try {
      const { facts, unreadable } = route.read(json);
      return Promise.resolve({ refused: undefined, unreadable, changes: tally.changes(), facts: JSON.stringify(facts) });
    } catch (error) {
      return Promise.resolve({ refused: (error as Error).message, unreadable: 0, changes: tally.changes(), facts: '' });
    }
  });
}

/** Applies a change wherever a dotted path leads. */
function change(row: Row, path: string, to: (parent: Row, key: string) => void): void {
  const [key, ...rest] = path.split('.');
  if (rest.length === 0) return to(row, key);
  const next = row[key];
  const places = rest[0] === '*' ? (Array.isArray(next) ? (next as unknown[]) : []) : [next];
  for (const place of places) if (isObject(place)) change(place, rest.slice(rest[0] === '*' ? 1 : 0).join('.'), to);
}

const pick = <T>(random: Random, list: readonly T[]): T => list[random.integer(list.length)];

/** A name as venues change it: another case, a prefix, a suffix. */
const renamed = (random: Random, name: string): string =>
  pick(random, [
    name.includes('_') ? name.replaceAll(/_(\w)/g, (_, letter: string) => letter.toUpperCase()) : `${name}_value`,
    `${name}V2`,
    `new_${name}`,
    name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`).concat('_'),
  ]);

const KINDS = ['renamed', 'removed', 'added', 'word', 'type', 'null', 'header'] as const;
type Kind = (typeof KINDS)[number];

/** One change of a venue's schema, applied to every row of an answer. */
function evolution(random: Random): {
  readonly route: Route;
  readonly kind: Kind;
  readonly field: string;
  readonly json: Json;
  readonly headers: Record<string, string>;
} {
  const kind = pick(random, KINDS);
  const route = pick(
    random,
    routes.filter(({ words, name }) => (kind !== 'word' || words.length > 0) && (kind !== 'added' || !/gamma|categories/.test(name))),
  );
  const field = kind === 'word' ? pick(random, route.words) : pick(random, route.fields);
  const json = structuredClone(route.base);
  const name = renamed(random, field.split('.').at(-1) ?? '');
  const kinds: Readonly<Record<Kind, (parent: Row, key: string) => void>> = {
    renamed: (parent, key) => {
      parent[name] = parent[key];
      delete parent[key];
    },
    removed: (parent, key) => delete parent[key],
    added: (parent) => void (parent.settledBy = 'oracle'),
    word: (parent, key) => void (parent[key] = 'ARCHIVED_BY_VENUE'),
    type: (parent, key) => void (parent[key] = otherType(parent[key])),
    null: (parent, key) => void (parent[key] = null),
    header: () => undefined,
  };
  for (const row of route.rows(json)) change(row, kind === 'added' ? 'x' : field, kinds[kind]);
  const headers =
    kind === 'header'
      ? pick(random, [{ deprecation: 'true' }, { sunset: 'Fri, 01 May 2027 00:00:00 GMT' }, { warning: '299 - "use v3"' }])
      : {};
  return { route, kind, field, json, headers };
}

/** A number as text, text as a number, and anything else wrapped. */
const otherType = (value: unknown): unknown => {
  if (typeof value === 'number') return String(value);
  if (typeof value === 'string' && value !== '' && String(Number(value)) === value) return Number(value);
  return typeof value === 'boolean' ? String(value) : { value };
};

it('a change in a venue’s answers is reported before a row or a fact is lost', async () => {
  const random = new Random(29);
  const count = worlds(100, { quick: 100 });
  const silent: string[] = [];
  let named = 0;
  for (let i = 0; i < count; i++) {
    const { route, kind, field, json, headers } = evolution(random);
    const before = await reading(route, route.base);
    const after = await reading(route, json, headers);
    const isNamed = after.refused !== undefined || after.unreadable > before.unreadable || after.changes.length > 0;
    if (isNamed) named += 1;
    else if (after.facts !== before.facts) silent.push(`${route.name} ${field} ${kind}`);
  }
  expect(silent.length, silent.join('\n')).toBeLessThanOrEqual(count * 0.01);
  // of those that change what is read, at least 95 of 100 are named
  expect(named / (named + silent.length)).toBeGreaterThanOrEqual(0.95);
  // the rest are numbers as text and the like, which are read as before
  expect(named).toBeGreaterThanOrEqual(count * 0.85);
});

/** An answer as an unchanged venue gives it: other rows, absent or empty optional facts, numbers as text, other letter case, cache headers. */
function variation(random: Random): { readonly route: Route; readonly json: Json; readonly headers: Record<string, string> } {
  const route = pick(random, routes);
  const json = structuredClone(route.base);
  if (!Array.isArray(json)) {
    const key = ['data', 'markets'].find((name) => Array.isArray(json[name]));
    if (key !== undefined) json[key] = (json[key] as unknown[]).filter(() => random.next() < 0.9).slice(random.integer(5));
  }
  for (const row of route.rows(json)) {
    for (const field of route.optional) {
      if (random.next() < 0.1) change(row, field, (parent, key) => void (parent[key] = null));
    }
    for (const field of ['price', 'size', 'volume', 'volumeNum', 'orderPriceMinTickSize', 'lastTradePrice'])
      if (random.next() < 0.2 && typeof row[field] === 'number') row[field] = String(row[field]);
    for (const field of route.words) {
      if (random.next() < 0.3)
        change(row, field, (parent, key) => {
          if (typeof parent[key] === 'string') parent[key] = random.next() < 0.5 ? parent[key].toLowerCase() : parent[key].toUpperCase();
        });
    }
  }
  return {
    route,
    json,
    headers: pick<Record<string, string>>(random, [{}, { age: '120' }, { warning: '110 - "Response is Stale"' }, { deprecation: 'false' }]),
  };
}

it('answers that have not changed raise no alarm', async () => {
  const random = new Random(7);
  const alarms: string[] = [];
  for (let i = 0; i < worlds(500); i++) {
    const { route, json, headers } = variation(random);
    const before = await reading(route, route.base);
    const { refused, changes, unreadable } = await reading(route, json, headers);
    if (refused !== undefined || changes.length > 0 || unreadable > before.unreadable)
      alarms.push(`${route.name}: ${refused ?? changes.join(', ')} ${unreadable}`);
  }
  expect(alarms).toEqual([]);
});

it('the answers that this test changes can all be read before the change', async () => {
  for (const route of routes) {
    const { refused, changes, facts } = await reading(route, route.base);
    expect({ name: route.name, refused, changes }).toEqual({ name: route.name, refused: undefined, changes: [] });
    expect(route.rows(route.base).length, route.name).toBeGreaterThan(0);
    expect(facts.length, route.name).toBeGreaterThan(20);
  }
});
