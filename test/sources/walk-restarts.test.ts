import { describe, expect, it } from 'vitest';
import { PredictLabError } from '../../src/contracts/errors.ts';
import { type HistoryPage, type WalkedPage, walkNewestFirst } from '../../src/sources/walk/newest-first-walk.ts';
import { trade } from './candidate-trade.ts';

const HOUR = 3_600_000;
const NOW = Date.UTC(2026, 5, 10, 12);
type Walk = Parameters<typeof walkNewestFirst>[0];

const walkOf = (fetch: (cursor: string | null) => HistoryPage, more: object): Walk =>
  ({
    venue: 'polymarket',
    instrument: { id: 'polymarket:0x1', market: 'probability', opensAt: null, closesAt: null, closed: false, tickSize: null },
    window: { from: NOW - 50 * HOUR, to: NOW },
    asOf: NOW,
    clock: NOW,
    before: {
      covered: { trade: [], price: [] },
      looked: { trade: null, price: null },
      isStored: async (rows: unknown[]) => rows.map(() => true),
      hasTradesBefore: async () => false,
    },
    lateness: 600_000,
    refetch: false,
    resume: undefined,
    fetch: async (cursor: string | null) => fetch(cursor),
    ...more,
  }) as unknown as Walk;

async function pagesOf(walk: Walk, most = 100): Promise<WalkedPage[]> {
  const pages: WalkedPage[] = [];
  for await (const page of walkNewestFirst(walk)) {
    pages.push(page);
    if (pages.length >= most) break;
  }
  return pages;
}

const rowsIn = (pages: readonly WalkedPage[]): number => pages.reduce((sum, { rows }) => sum + rows.length, 0);

describe('a walk', () => {
  const all = Array.from({ length: 30 }, (_, i) => trade(NOW - 1000 - i * HOUR));
  const quiet = (cursor: string | null): HistoryPage => {
    const from = Number(cursor ?? 0);
    const next = from + 10 < all.length ? String(from + 10) : null;
    return { rows: all.slice(from, from + 10), next, requests: 1, clock: NOW };
  };

  it.each(['retry', 'end-of-paging'])(
    'whose cursor has expired reads everything again, including the newest page (%s)',
    async (repeats) => {
      const [first] = await pagesOf(walkOf(quiet, { repeats }), 1);
      let refused = false;
      const asked: (string | null)[] = [];
      const again = walkOf(
        (cursor) => {
          asked.push(cursor);
          if (refused) return quiet(cursor);
          refused = true;
          throw new PredictLabError('BadInput', 'the cursor is not known');
        },
        { repeats, resume: first.cursor },
      );
      expect(rowsIn(await pagesOf(again))).toBe(30);
      expect(asked).toEqual(['10', null, '10', '20']);
    },
  );

  it('ends at the last page, even when trades keep shifting the pages and no page repeats itself', async () => {
    let now = 0;
    const busy = (cursor: string | null): HistoryPage => {
      now += 3;
      const from = Number(cursor ?? 0);
      const rows = Array.from({ length: 100 }, (_, i) => trade(NOW - HOUR + (now - from - i) * 100));
      return { rows, next: String(Math.min(from + 100, 500)), requests: 1, clock: NOW };
    };
    const pages = await pagesOf(walkOf(busy, { repeats: 'end-of-paging' }));
    expect(pages.length).toBeLessThan(10);
    expect(pages.at(-1)?.cursor).toBeNull();
  });
});
