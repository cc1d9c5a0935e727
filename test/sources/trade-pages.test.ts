import { describe, expect, it } from 'vitest';
import { identifyPage } from '../../src/sources/candidate.ts';
import type { Http, QueryPairs } from '../../src/sources/http/venue-client.ts';
import { tradesV2 } from '../../src/sources/polymarket/trades.ts';
import type { TradePage } from '../../src/sources/venue.ts';
import { instrument } from '../support/stage-run.ts';

const MARKET = instrument('polymarket:0x1', { outcomeIds: ['11', '22'] });

/** A venue with these trades, newest first; `moreAtEnd` is what it says beside a cursor. */
function venue(prices: readonly number[], { overlap = 0, moreBesideCursor = true } = {}) {
  let requests = 0;
  const get = async (_path: string, query: QueryPairs = []) => {
    requests++;
    const { limit, cursor = '0' } = Object.fromEntries(query) as Record<string, string>;
    const from = Number(cursor);
    const to = from + Number(limit);
    const data = prices.slice(Math.max(0, from - overlap), to).map((price) => ({
      token_id: '11',
      side: 'BUY',
      price,
      size: 5,
      timestamp: 1_790_000_000,
      transaction_hash: '0xaa',
      proxy_wallet: '0xbb',
      outcome: 'Yes',
    }));
    const next = to < prices.length ? String(to) : null;
    return { data, pagination: { has_more: next === null ? false : moreBesideCursor, next_cursor: next } };
  };
  return { client: { get, clock: 0, memory: new Map() } satisfies Http, requests: () => requests };
}

async function identities({ client }: { client: Http }): Promise<ReadonlySet<string>> {
  const reader = tradesV2(client, MARKET);
  const met = new Set<string>();
  for (let cursor: string | null = null; ; ) {
    const { rows, next, copies }: TradePage = await reader.read(cursor);
    for (const { identity } of identifyPage(rows, copies)) met.add(identity);
    if (next === null) return met;
    cursor = next;
  }
}

/** Distinct prices, but for copies of one content around the end of the first page. */
const withCopies = (from: number, to: number): number[] =>
  Array.from({ length: 2400 }, (_, index) => (index >= from && index < to ? 0.5 : (index + 1) / 10_000));

describe('copies of one trade', () => {
  it('are separate trades even when they continue on the next page', async () => {
    expect((await identities(venue(withCopies(997, 1003)))).size).toBe(2400);
  });

  it('are one trade when the next page starts with the last row of the page before', async () => {
    const one = venue(withCopies(0, 0), { overlap: 1 });
    expect((await identities(one)).size).toBe(2400);
    // the two seams are looked at with two requests each
    expect(one.requests()).toBe(3 + 4);
  });

  it('need no further request when the rows at the end of a page differ', async () => {
    const one = venue(withCopies(0, 0));
    expect((await identities(one)).size).toBe(2400);
    expect(one.requests()).toBe(3);
  });
});

describe('a venue that announces no more pages but gives a cursor', () => {
  it('is read to the end of its cursors', async () => {
    expect((await identities(venue(withCopies(0, 0), { moreBesideCursor: false }))).size).toBe(2400);
  });
});
