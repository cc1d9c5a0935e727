import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { ROOT } from '../set-up/project.mjs';

const DATA = path.resolve(ROOT, '../shared/data');
const NOW = Date.UTC(2026, 5, 1, 12);

const text = (file) => (file.endsWith('.gz') ? gunzipSync(readFileSync(file)).toString() : readFileSync(file, 'utf8'));
const json = (...names) => JSON.parse(text(path.join(DATA, ...names)));

/** Rows of recorded answers, each `{ route, row, from }`; none where the folder of recordings is absent. */
export function recorded() {
  if (!existsSync(DATA)) return [];
  const named = (route, from, rows) => rows.map((row) => ({ route, row, from }));
  const venues = (name) => json('venues-2026', name);
  const gamma = readdirSync(path.join(DATA, 'pm-gamma-raw-2026-03')).filter((file) => file.startsWith('markets_page'));
  const fiveMinutes = text(path.join(DATA, 'pm-btc5m-chainlink-2026/BTC-5m-markets-2026-06-08.jsonl.gz')).trim().split('\n');
  const captured = readdirSync(path.join(DATA, 'venues-2026')).filter((file) => file.startsWith('pm__nautilus2_gamma_market'));
  return [
    ...gamma.flatMap((file) => named('market', file, json('pm-gamma-raw-2026-03', file).markets)),
    ...named(
      'market',
      'five-minute markets of 2026-06-08',
      fiveMinutes.map((line) => JSON.parse(line).raw),
    ),
    ...captured.flatMap((file) => named('market', file, [venues(file)].flat())),
    ...named('trade', 'trades of 2026-09-08', venues('pm__pysdk_v2_trades_2026-09-08.json').data),
    ...named('trade', 'trades of 2026-08', venues('pm__nautilus2_v2_trades_captured_2026-08.json').data),
    ...named('point', 'price points of 2026-09-08', venues('pm__pysdk_v2_prices-history_2026-09-08.json').data),
    ...named('record', 'resolutions of 2026-09-08', venues('pm__pysdk_v2_resolutions_2026-09-08.json').data),
    ...named('kalshi market', 'listing of 2026-07', venues('dm__kalshi_markets.json')),
    ...named('book', 'an order book without asks', [venues('pm__nautilus2_clob_book_empty_ask.json')]),
  ];
}

/** Rows of the sandbox, which knows all routes, as a base for generated answers. */
async function sandboxRows() {
  const { startSandboxVenue } = await import('../../dist/sandbox/venue.js');
  const venue = await startSandboxVenue({ now: NOW });
  try {
    const get = async (route) => await (await fetch(venue.url + route)).json();
    const second = NOW / 1000;
    const open = (await get('/polymarket/gamma/markets/keyset?limit=60&closed=false')).markets;
    const closed = (await get('/polymarket/gamma/markets/keyset?limit=60&closed=true')).markets;
    const busy = open.find(({ version }) => version !== 'v2');
    const token = JSON.parse(busy.clobTokenIds)[0];
    const ids = closed.slice(0, 20).map(({ conditionId }) => conditionId);
    const data = async (route) => (await get(`/polymarket/data/v2/${route}`)).data;
    const rows = {
      market: [...open, ...closed],
      trade: await data(`trades?condition=${busy.conditionId}&limit=200&taker_only=true`),
      point: await data(`prices-history?token_id=${token}&start=${second - 7200}&end=${second}&bucket_seconds=60&limit=200`),
      record: await data(`resolutions?condition=${ids.join(',')}`),
      book: [await get(`/polymarket/clob/book?token_id=${token}`)],
    };
    return Object.entries(rows).flatMap(([route, list]) => list.map((row) => ({ route, row, from: 'the sandbox' })));
  } finally {
    await venue.close();
  }
}

/** Rows in the shape of Kalshi's client 3.34: recorded markets with its newer fields, ended in every way, and its other routes. */
function kalshiRows() {
  const facts = {
    settlement_bounds_type: 'default',
    yes_sub_title: 'Above 5',
    no_sub_title: 'Above 5',
    yes_bid_size_fp: '1.00',
    yes_ask_size_fp: '1.00',
  };
  const ended = [
    { status: 'active', result: '' },
    { status: 'closed', result: '' },
    { status: 'determined', result: 'yes' },
    { status: 'finalized', result: 'yes', settlement_value_dollars: '1.0000', settlement_ts: '2026-06-25T10:00:00Z' },
    { status: 'finalized', result: 'no', settlement_value_dollars: '0.0000', settlement_ts: '2026-06-25T10:00:00Z' },
    {
      status: 'finalized',
      result: 'scalar',
      market_type: 'scalar',
      settlement_value_dollars: '0.3700',
      settlement_ts: '2026-06-25T10:00:00Z',
    },
  ];
  const markets = recorded()
    .filter(({ route }) => route === 'kalshi market')
    .slice(0, 5);
  const trades = Array.from({ length: 40 }, (_, i) => ({
    trade_id: `0f2c7a1e-0000-4000-8000-${String(i).padStart(12, '0')}`,
    ticker: 'KXRAIN-26DEC24-T5',
    count_fp: `${i + 1}.50`,
    yes_price_dollars: `0.${String(10 + i)}00`,
    no_price_dollars: `0.${String(90 - i)}00`,
    taker_outcome_side: i % 2 === 0 ? 'yes' : 'no',
    taker_book_side: i % 2 === 0 ? 'bid' : 'ask',
    created_time: `2026-06-01T11:${String(i).padStart(2, '0')}:05.123456Z`,
    is_block_trade: i % 7 === 0,
  }));
  const book = {
    orderbook_fp: {
      yes_dollars: [
        ['0.4100', '10.00'],
        ['0.4200', '3.50'],
      ],
      no_dollars: [
        ['0.5500', '8.00'],
        ['0.5600', '2.00'],
      ],
    },
  };
  const rows = {
    'kalshi market': markets.flatMap(({ row }) => ended.map((end) => ({ ...row, ...facts, ...end }))),
    'kalshi trade': trades,
    'kalshi book': [book],
  };
  return Object.entries(rows).flatMap(([route, list]) => list.map((row) => ({ route, row, from: 'the shape of the client' })));
}

/** Fields with one of a few words, and the words that a later version of the venue could add. */
const WORDS = {
  market: ['version', 'umaResolutionStatus', 'resolutionStatus'],
  trade: ['side'],
  'kalshi market': ['status', 'result', 'market_type'],
  'kalshi trade': ['taker_outcome_side'],
  record: ['status'],
};

/** Ways in which an answer may change that a reader has to live with. Each returns the changed row. */
const MUTATIONS = {
  'a field away': (row, pick) => without(row, pick(Object.keys(row))),
  'a null': (row, pick) => ({ ...row, [pick(Object.keys(row))]: null }),
  'a number as text': (row, pick) => changed(row, pick, (value) => typeof value === 'number', String),
  'text as a number': (row, pick) => changed(row, pick, (value) => /^\d+(\.\d+)?$/.test(value) && value.length < 12, Number),
  'an empty text': (row, pick) =>
    changed(
      row,
      pick,
      (value) => typeof value === 'string',
      () => '',
    ),
  'another case': (row, pick) => changed(row, pick, (value) => typeof value === 'string' && /^[a-z0-9]+$/i.test(value), swapCase),
  'a new word': (row, pick, route) => (WORDS[route] === undefined ? row : { ...row, [pick(WORDS[route])]: 'renewed' }),
  'a list as text': (row, pick) => changed(row, pick, Array.isArray, JSON.stringify),
  'text as a list': (row, pick) => changed(row, pick, (value) => typeof value === 'string' && /^\[.*\]$/s.test(value), JSON.parse),
  'a new field': (row) => ({ ...row, addedByTheVenue: { x: 1 } }),
  'both ids': (row, pick, route) =>
    route === 'market' ? { ...row, version: pick(['v1', 'v2', 'V2', null]), positionIds: ['101', '102'] } : row,
  'a bare version': (row, pick, route) => (route === 'market' ? { ...row, version: pick(['v3', '2', 2, '']) } : row),
  'not a number': (row, pick) =>
    changed(
      row,
      pick,
      (value) => typeof value === 'number',
      () => 'NaN',
    ),
};

const without = (row, name) => Object.fromEntries(Object.entries(row).filter(([key]) => key !== name));
const swapCase = (value) => (value === value.toUpperCase() ? value.toLowerCase() : value.toUpperCase());

function changed(row, pick, fits, change) {
  const names = Object.keys(row).filter((name) => fits(row[name]));
  if (names.length === 0) return row;
  const name = pick(names);
  return { ...row, [name]: change(row[name]) };
}

/** Seeded answers: rows of the sandbox and of the recordings, each changed in one to three ways. */
export async function generated({ count, seed }) {
  const { Random } = await import('../../dist/sandbox/random.js');
  const source = new Random(seed);
  const random = () => source.next();
  const pick = (list) => list[Math.floor(random() * list.length)];
  const bases = {};
  for (const base of [...(await sandboxRows()), ...kalshiRows(), ...recorded()]) (bases[base.route] ??= []).push(base);
  const routes = Object.keys(bases);
  return Array.from({ length: count }, () => {
    const route = pick(routes);
    let { row } = pick(bases[route]);
    const how = Array.from({ length: 1 + Math.floor(random() * 3) }, () => pick(Object.keys(MUTATIONS)));
    for (const name of how) row = MUTATIONS[name](row, pick, route);
    return { route, row, from: how.join(', ') };
  });
}
