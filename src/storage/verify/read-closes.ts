import type { TickColumns } from '../../contracts/market-data.ts';
import { type CandleFilter, readCandles } from '../candles/candles.ts';
import type { Queryable } from '../database/database.ts';

/** Reads the closes of a series of candles as prices at their open times, oldest first. */
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
