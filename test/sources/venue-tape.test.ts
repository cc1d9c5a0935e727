import { describe, expect, it } from 'vitest';
import type { Instrument } from '../../src/contracts/market-data.ts';
import type { Http } from '../../src/sources/http/venue-client.ts';
import { sharedTrades } from '../../src/sources/kalshi/trades.ts';

const NOW = Date.UTC(2026, 10, 20, 12);
const MINUTE = 60_000;
const PER_PAGE = 10;
const iso = (time: number): string => new Date(time).toISOString();

interface Answered {
  readonly ticker: string;
  readonly at: number;
}

/** A host with a trade a minute, of the markets A and B in turn, back to `minutes` ago. */
function host(minutes: number, change: (rows: Answered[], page: number) => Answered[] = (rows) => rows) {
  const asked: string[] = [];
  const state = { clock: NOW };
  const api: Http = {
    memory: new Map(),
    get clock() {
      return state.clock;
    },
    async get(path, query = []) {
      asked.push(path);
      if (path === '/historical/cutoff') return { trades_created_ts: iso(NOW - 90 * 1440 * MINUTE), market_settled_ts: iso(0) };
      if (path === '/historical/trades') return { trades: [], cursor: '' };
      const page = Number(new Map(query).get('cursor') ?? 0);
      const from = page * PER_PAGE;
      const length = Math.max(0, Math.min(PER_PAGE, minutes - from));
      const rows = Array.from({ length }, (_, i) => ({ ticker: (from + i) % 2 === 0 ? 'A' : 'B', at: NOW - (from + i) * MINUTE }));
      const trades = change(rows, page).map(({ ticker, at }) => ({
        trade_id: `${ticker}-${at}`,
        ticker,
        count_fp: '1.00',
        yes_price_dollars: '0.5000',
        no_price_dollars: '0.5000',
        taker_outcome_side: 'yes',
        taker_book_side: 'bid',
        created_time: iso(at),
        is_block_trade: false,
      }));
      return { trades, cursor: from + PER_PAGE < minutes ? String(page + 1) : '' };
    },
  };
  const look = { asOf: NOW, since: NOW - 45 * MINUTE, clock: NOW, worth: 100 };
  const markets = ['A', 'B'].map(
    (name) => ({ id: `kalshi:${name}`, reference: name, outcomes: ['Yes', 'No'], outcomeIds: [] }) as unknown as Instrument,
  );
  const read = (names = markets, changed: Partial<typeof look> = {}) => sharedTrades(api, names, { ...look, ...changed });
  const pages = (): number => asked.filter((path) => path === '/markets/trades').length;
  return { read, pages, markets, state };
}

describe('the trades of a whole venue', () => {
  it('are read once for all walks of a run, down to the oldest time that one of them needs', async () => {
    const { read, pages, markets } = host(1000);
    const [first, second] = await Promise.all([read([markets[0]]), read([markets[1]])]);
    expect(pages()).toBe(5);
    expect([first?.rows.get('kalshi:A')?.length, second?.rows.get('kalshi:B')?.length]).toEqual([25, 25]);
    expect(first?.after).toBeLessThan(NOW - 45 * MINUTE);
    const older = await read(markets, { since: NOW - 400 * MINUTE });
    expect(pages()).toBe(41);
    // more than a hundred trades of a market are kept compressed
    expect(older?.rows.get('kalshi:A')?.map(({ time }) => time)).toEqual(Array.from({ length: 205 }, (_, i) => NOW - 2 * i * MINUTE));
  });

  it('are read again for the next run, and for markets listed after their newest page', async () => {
    const { read, pages, state } = host(1000);
    await read();
    state.clock = NOW + MINUTE;
    await read(undefined, { clock: NOW + MINUTE });
    expect(pages()).toBe(10);
    await read(undefined, { clock: NOW + MINUTE, asOf: NOW + MINUTE });
    expect(pages()).toBe(15);
  });

  it('are read no further back when separate walks need fewer requests', async () => {
    const { read, pages } = host(1000);
    const found = await read(undefined, { since: NOW - 900 * MINUTE, worth: 20 });
    expect(pages()).toBe(5);
    expect(found?.after).toBeGreaterThan(NOW - 50 * MINUTE);
  });

  it('are complete when the history ends', async () => {
    expect((await host(12).read())?.after).toBe(Number.NEGATIVE_INFINITY);
  });

  it('are not used when they are not ordered newest first', async () => {
    expect(await host(1000, (rows, page) => (page === 2 ? rows.toReversed() : rows)).read()).toBeUndefined();
    expect(
      await host(1000, (rows, page) => (page === 2 ? rows.map((row) => ({ ...row, at: row.at + 15 * MINUTE })) : rows)).read(),
    ).toBeUndefined();
  });

  it('cover no more time because of one row that is dated far in the future or the past', async () => {
    const late = await host(1000, (rows) => [{ ticker: 'A', at: NOW + 400 * 1440 * MINUTE }, ...rows]).read();
    expect(late?.after).toBeGreaterThan(NOW - 60 * MINUTE);
    const ago = await host(1000, (rows, page) => (page === 0 ? [...rows, { ticker: 'A', at: 1000 }] : rows)).read();
    expect(ago).toBeUndefined();
  });
});
