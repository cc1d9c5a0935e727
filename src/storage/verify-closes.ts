import type { TickColumns } from '../contracts/market-data.ts';
import { readCandles, type CandleFilter } from './candles.ts';
import type { Queryable } from './database.ts';

/** The closes of a series of candles as prices at their open times, oldest first. */
export async function readCloses(queryable: Queryable, filter: CandleFilter): Promise<TickColumns> {
  const candles = await readCandles(queryable, filter);
  return {
    length: candles.length,
    time: candles.openTime,
    price: candles.close,
    size: candles.volume,
    buy: new Uint8Array(candles.length),
  };
}
