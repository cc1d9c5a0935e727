import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { built } from '../parity/reference.mjs';
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

/** Fields with one of a few words, and the words that a later version of the venue could add. */
const WORDS = {
  market: ['version', 'umaResolutionStatus', 'resolutionStatus'],
  trade: ['side'],
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
  const { seededRandom } = await built('backtest/seeded-random.js');
  const random = seededRandom(seed);
  const pick = (list) => list[Math.floor(random() * list.length)];
  const bases = {};
  for (const base of [...(await sandboxRows()), ...recorded()]) (bases[base.route] ??= []).push(base);
  const routes = Object.keys(bases);
  return Array.from({ length: count }, () => {
    const route = pick(routes);
    let { row } = pick(bases[route]);
    const how = Array.from({ length: 1 + Math.floor(random() * 3) }, () => pick(Object.keys(MUTATIONS)));
    for (const name of how) row = MUTATIONS[name](row, pick, route);
    return { route, row, from: how.join(', ') };
  });
}
