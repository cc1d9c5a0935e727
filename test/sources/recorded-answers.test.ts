import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import type { Instrument, Resolution } from '../../src/contracts/market-data.ts';
import { createRequestTally } from '../../src/sources/http/request-tally.ts';
import { readMarkets } from '../../src/sources/polymarket/catalogue/gamma.ts';
import { instrumentOf } from '../../src/sources/polymarket/catalogue/instrument.ts';
import { gammaMarketSchema } from '../../src/sources/polymarket/catalogue/market-schema.ts';
import { readResolutionPage, readResolutions } from '../../src/sources/polymarket/catalogue/payouts.ts';
import { readPricePage } from '../../src/sources/polymarket/prices.ts';
import { readBook as readPolymarketBook, readTrade } from '../../src/sources/polymarket/trades.ts';
import { readCategory } from '../../src/sources/predict/discover.ts';
import { readBook as readPredictBook } from '../../src/sources/predict/matches.ts';

// recorded answers are unlicensed, so they lie beside the repository and are never committed
const SHARED = path.resolve(import.meta.dirname, '../../../shared');
const DATA = path.join(SHARED, 'data');
const NAUTILUS = path.join(SHARED, 'reference/nautilus-polymarket');
const FIXTURES = path.join(DATA, 'fixtures-polymarket');

const read = (file: string): string =>
  file.endsWith('.gz') ? gunzipSync(readFileSync(file)).toString('utf8') : readFileSync(file, 'utf8');
const json = (file: string): unknown => JSON.parse(read(file));

interface RecordedMarket {
  readonly conditionId: string;
  readonly events: readonly { readonly id: string; readonly negRisk?: boolean }[];
}

describe.skipIf(!existsSync(DATA))('recorded answers in ../shared/data (skipped where that folder is absent)', () => {
  it('contain only markets that become an instrument or are left out for a known reason', () => {
    const folder = path.join(DATA, 'pm-gamma-raw-2026-03');
    const pages = readdirSync(folder).filter((file) => file.startsWith('markets_page'));
    let instruments = 0;
    for (const page of pages) {
      const found = readMarkets((json(path.join(folder, page)) as { markets: unknown[] }).markets, page);
      expect(found.problems, page).toEqual([]);
      expect(found.leftOut, page).toEqual([]);
      instruments += found.instruments.length;
    }
    expect(instruments).toBe(300);
  });

  it('show no change of a venue but the fee schedule of April, in lists, rows, records and books', async () => {
    const tally = createRequestTally();
    const recorded = (name: string): unknown => json(path.join(DATA, 'venues-2026', name));
    await tally.count(() => {
      const folder = path.join(DATA, 'pm-gamma-raw-2026-03');
      for (const page of readdirSync(folder).filter((file) => file.startsWith('markets_page')))
        readMarkets((json(path.join(folder, page)) as { markets: unknown[] }).markets, page);
      const lines = read(path.join(DATA, 'pm-btc5m-chainlink-2026/BTC-5m-markets-2026-06-08.jsonl.gz')).trim().split('\n');
      readMarkets(
        lines.map((line) => (JSON.parse(line) as { raw: unknown }).raw),
        'five minutes',
      );
      readPricePage(recorded('pm__pysdk_v2_prices-history_2026-09-08.json'));
      readResolutions(readResolutionPage(recorded('pm__pysdk_v2_resolutions_2026-09-08.json')));
      readPolymarketBook(recorded('pm__nautilus2_clob_book_empty_ask.json'));
      readPredictBook(recorded('predict__ccxt_fetchOrderBook_L1261_142.json'));
      for (const name of ['predict__ccxt_fetchEvents_L369_5964.json', 'predict__izandotai_categories_crypto.json'])
        for (const category of (recorded(name) as { data: unknown[] }).data) readCategory(category, 'X', 'series');
      return Promise.resolve();
    });
    // the markets of March 2026 are from before the schedule of fees
    expect(tally.changes()).toEqual(['polymarket market: lacks the field "feeSchedule" in all of its rows']);
  });

  it('contain markets that exclude each other in the groups of their events, and others in no group', () => {
    const folder = path.join(DATA, 'pm-gamma-raw-2026-03');
    const pages = readdirSync(folder).filter((file) => file.startsWith('markets_page'));
    const markets = pages.flatMap((page) => (json(path.join(folder, page)) as { markets: RecordedMarket[] }).markets);
    const { instruments } = readMarkets(markets, 'recorded');
    const events = new Map(markets.map(({ conditionId, events: [event] }) => [`polymarket:${conditionId}`, event]));
    const eventsOfGroups = new Map<string, Set<string>>();
    for (const { id, group } of instruments) {
      const event = events.get(id);
      expect(group !== undefined, id).toBe(event?.negRisk === true);
      if (group === undefined || event === undefined) continue;
      eventsOfGroups.set(group.id, (eventsOfGroups.get(group.id) ?? new Set()).add(event.id));
    }
    expect(instruments.filter(({ group }) => group !== undefined)).toHaveLength(88);
    expect([...eventsOfGroups.values()].map(({ size }) => size)).toEqual(Array.from({ length: 9 }, () => 1));
  });

  it('contain five-minute markets that are read with their two tokens, their close and their winner', () => {
    const lines = read(path.join(DATA, 'pm-btc5m-chainlink-2026/BTC-5m-markets-2026-06-08.jsonl.gz')).trim().split('\n');
    const recorded = lines.map(
      (line) => JSON.parse(line) as { raw: unknown; end_sec: number; outcome_prices: [string, string]; token_ids: string[] },
    );
    const { instruments, problems } = readMarkets(
      recorded.map(({ raw }) => raw),
      'chainlink',
    );
    expect(problems).toEqual([]);
    expect(instruments).toHaveLength(recorded.length);
    for (const [index, instrument] of instruments.entries()) {
      const { end_sec, outcome_prices, token_ids } = recorded[index];
      expect(instrument.outcomeIds).toEqual(token_ids);
      expect(instrument.resolution).toMatchObject({ kind: 'settled', payout: Number(outcome_prices[0]) });
      // a market closes within the minutes after the window it is about
      expect((instrument.closesAt ?? 0) / 1000 - end_sec).toBeGreaterThanOrEqual(0);
      expect((instrument.closesAt ?? 0) / 1000 - end_sec).toBeLessThan(3600);
    }
  });

  it('can be read from the event, search and market fixtures', () => {
    const event = json(path.join(FIXTURES, 'nautilus_gamma_event.json')) as { markets: unknown[] }[] | { markets: unknown[] };
    const search = json(path.join(FIXTURES, 'nautilus_search_response.json')) as { events: { markets: unknown[] }[] };
    const lists = [
      ...(Array.isArray(event) ? event : [event]).map(({ markets }) => markets),
      ...search.events.map(({ markets }) => markets),
      json(path.join(FIXTURES, 'drmanhattan_gamma_markets.json')) as unknown[],
    ];
    for (const list of lists) expect(readMarkets(list, 'fixture').problems).toEqual([]);
  });

  it.each<[string, Resolution['kind'], number | null]>([
    ['nautilus_gamma_market_closed_binary_accepting_false.json', 'settled', 0],
    ['nautilus_gamma_market_closed_zero_zero_legacy.json', 'unresolved', null],
    ['nautilus_gamma_market.json', 'open', null],
  ])('contain %s, which is %s', (file, kind, payout) => {
    const reading = instrumentOf(gammaMarketSchema.parse(json(path.join(FIXTURES, file))));
    const { resolution } = (reading as { instrument: Instrument }).instrument;
    expect(resolution.kind).toBe(kind);
    if (payout !== null) expect(resolution).toMatchObject({ payout });
  });

  it('contain trades that are read for either outcome', () => {
    const rows = json(path.join(FIXTURES, 'nautilus_data_api_trades_response.json')) as { asset: string }[];
    const [first, other] = [...new Set(rows.map(({ asset }) => asset))];
    const instrument = { outcomes: ['Yes', 'No'], outcomeIds: [first, other] } as unknown as Instrument;
    const read = rows.map((row) => readTrade(row, instrument));
    // one of the shortened rows carries no outcome name, and every row has its side
    expect(read.map(({ price }) => price)).toEqual(expect.arrayContaining([0.55, 0.53]));
    expect(read.every(({ time, size }) => time !== null && size !== null)).toBe(true);
  });
});

describe.skipIf(!existsSync(NAUTILUS))('payloads in ../shared/reference/nautilus-polymarket (skipped where that folder is absent)', () => {
  const markets = existsSync(NAUTILUS) ? readdirSync(NAUTILUS).filter((file) => file.startsWith('gamma_market')) : [];

  it.each(markets.length > 0 ? markets : ['none'])('are parsed from %s, and the market resolves as the payload says', (file) => {
    if (file === 'none') return expect(markets).toEqual([]);
    const market = gammaMarketSchema.parse(json(path.join(NAUTILUS, file)));
    const reading = instrumentOf(market);
    const kind = 'instrument' in reading ? reading.instrument.resolution.kind : 'left out';
    if (file.includes('zero_zero') || file.includes('nonbinary')) expect(['unresolved', 'left out']).toContain(kind);
    // the venue states a status for all but this one, whose final price is its only sign
    else if (file.includes('accepting_true'))
      expect('instrument' in reading && reading.instrument.settlement).toMatchObject({ payout: 1, state: 'proposed' });
    else if (file.includes('closed') || file.includes('sports')) expect(kind).toBe('settled');
  });
});
