import type { Instrument } from '../../contracts/market-data.ts';
import { readNumber } from '../catalogue/scalars.ts';
import { isObject, listInAnswer, objectAt } from '../catalogue/schema-drift.ts';
import { noteFields } from '../http/venue-changes.ts';
import { VenueError } from '../http/venue-error.ts';
import { type Call, type PredictApi, VENUE } from './api.ts';
import { marketIdOf } from './matches.ts';

export interface BookLook {
  readonly book: Instrument['book'];
  readonly requests: number;
}

/** Reads the best bid and ask of the first outcome (index set 1), which is the outcome that the venue quotes. */
export async function lookAtBook(api: PredictApi, instrument: Instrument, asOf: number, call: Call): Promise<BookLook> {
  try {
    const { json, requests } = await api.get({
      path: `/v1/markets/${marketIdOf(instrument)}/orderbook`,
      family: 'predict/trading',
      ...call,
    });
    return { book: readBook(json, asOf), requests };
  } catch (error) {
    // no book (any more), or the route refuses the market: the book is optional, no trade depends on it
    if (error instanceof VenueError && error.type === 'BadInput') return { book: null, requests: 1 };
    throw error;
  }
}

/** All fields of an order book in recorded answers. */
const FIELDS = 'marketId updateTimestampMs bids asks lastOrderSettled orderCount settlementsPending'.split(' ');

/** Reads the best prices of an answer, with its own time or else the caller's. */
export function readBook(json: unknown, asOf: number): { bid: number | null; ask: number | null; at: number } {
  const at = { venue: VENUE, where: '/v1/markets/{id}/orderbook' };
  const data = objectAt(objectAt(json, at).data, at);
  const bids = pricesOf(listInAnswer(data, 'bids', at));
  const asks = pricesOf(listInAnswer(data, 'asks', at));
  noteFields(VENUE, at.where, [data], {
    known: FIELDS,
    always: ['bids', 'asks', 'updateTimestampMs'],
    neverNull: ['updateTimestampMs'],
    least: 1,
  });
  const stamp = readNumber(data.updateTimestampMs).value;
  return { bid: bids.length === 0 ? null : Math.max(...bids), ask: asks.length === 0 ? null : Math.min(...asks), at: stamp ?? asOf };
}

/** Prices of the levels, which are `[price, size]`; `{price, size}` is accepted too. */
const pricesOf = (levels: readonly unknown[]): number[] =>
  levels.flatMap((level) => readNumber(Array.isArray(level) ? (level as unknown[])[0] : isObject(level) ? level.price : null).value ?? []);
