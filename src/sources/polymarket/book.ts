import type { Instrument } from '../../contracts/market-data.ts';
import { readNumber } from '../catalogue/scalars.ts';
import { isObject, listInAnswer } from '../catalogue/schema-drift.ts';
import { noteFields } from '../http/venue-changes.ts';
import type { VenueClient } from '../http/venue-client.ts';
import { VenueError } from '../http/venue-error.ts';
import { type Call, VENUE } from './api.ts';

export interface BookLook {
  /** The order book; null when the market has none (any more). */
  readonly book: Instrument['book'];
  readonly requests: number;
}

/** Reads the best bid and ask of the first outcome. The order of the levels varies, so all of them are compared. */
export async function lookAtBook(clob: VenueClient, instrument: Instrument, asOf: number, call: Call): Promise<BookLook> {
  try {
    const { json, requests } = await clob.get({
      path: '/book',
      query: [['token_id', instrument.outcomeIds[0] ?? '']],
      family: 'polymarket/clob-book',
      ...call,
    });
    return { book: readBook(json, asOf), requests };
  } catch (error) {
    // no book (any more), or the route refuses the market: the book is optional, no trade depends on it
    if (error instanceof VenueError && error.type === 'BadInput') return { book: null, requests: 1 };
    throw error;
  }
}

/** All fields of an order book that recorded answers have or that a client of the venue reads. */
const FIELDS = 'market asset_id timestamp hash bids asks min_order_size tick_size neg_risk last_trade_price'.split(' ');

/** Reads the best prices of an answer, with its own time or else the caller's. */
export function readBook(json: unknown, asOf: number): { bid: number | null; ask: number | null; at: number } {
  const at = { venue: VENUE, where: '/book' };
  const bids = pricesOf(listInAnswer(json, 'bids', at));
  const asks = pricesOf(listInAnswer(json, 'asks', at));
  noteFields(VENUE, '/book', [json], { known: FIELDS, always: ['bids', 'asks', 'timestamp'], neverNull: ['timestamp'], least: 1 });
  const stamp = isObject(json) ? readNumber(json.timestamp).value : null;
  return { bid: bids.length === 0 ? null : Math.max(...bids), ask: asks.length === 0 ? null : Math.min(...asks), at: stamp ?? asOf };
}

const pricesOf = (levels: readonly unknown[]): number[] =>
  levels.flatMap((level) => (isObject(level) ? (readNumber(level.price).value ?? []) : []));
