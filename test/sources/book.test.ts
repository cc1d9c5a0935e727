import { describe, expect, it } from 'vitest';
import type { Instrument } from '../../src/contracts/market-data.ts';
import { bestOf, wantsBook } from '../../src/sources/book.ts';

const AS_OF = Date.UTC(2026, 0, 5, 12);
const MINUTE = 60_000;

describe('the best prices of an order book', () => {
  it('are the highest bid and the lowest ask with their sizes, in whatever order and form the venue lists the levels', () => {
    const bids = [['0.40', '5'], { price: 0.42, size: 7 }, ['0.41', '9']];
    const asks = [{ price: '0.50', size: '3' }, ['0.45', '1'], [0.47, 2]];
    expect(bestOf({ bids, asks, at: AS_OF }, AS_OF)).toEqual({ bid: 0.42, bidSize: 7, ask: 0.45, askSize: 1, at: AS_OF });
  });

  it('exclude levels whose price is not a probability, and are null for an empty side', () => {
    const bids = [['1.2', '5'], [-0.1, 3], ['x', 1], null, ['0.30', 'many']];
    expect(bestOf({ bids, asks: [] }, AS_OF)).toEqual({ bid: 0.3, bidSize: null, ask: null, askSize: null, at: AS_OF });
  });

  it('have the time of the run when the book last changed before, or when the venue states no readable time', () => {
    const seenAt = (at: unknown): number => bestOf({ bids: [], asks: [], at }, AS_OF).at;
    for (const at of [AS_OF - 90 * MINUTE, undefined, null, 'yesterday']) expect(seenAt(at), String(at)).toBe(AS_OF);
    expect(seenAt(AS_OF + MINUTE)).toBe(AS_OF + MINUTE);
  });
});

describe('the order book of a market', () => {
  const wants = (closed: boolean, at: number | null): boolean => {
    const book = at === null ? null : { bid: 0.4, ask: 0.5, bidSize: 1, askSize: 1, at };
    return wantsBook({ closed, book } as Instrument, AS_OF);
  };

  it('is requested for an open market without a recorded book, or with one more than five minutes before or after', () => {
    expect([null, AS_OF - 6 * MINUTE, AS_OF + 6 * MINUTE].map((at) => wants(false, at))).toEqual([true, true, true]);
    expect([AS_OF, AS_OF - 5 * MINUTE, AS_OF + 5 * MINUTE].map((at) => wants(false, at))).toEqual([false, false, false]);
  });

  it('is never requested for a closed market', () => {
    expect(wants(true, null)).toBe(false);
  });
});
