import { z } from 'zod';
import type { Json } from '../../contracts/run/pipeline-input.ts';
import type { CandleSeries } from '../engine/candle-series.ts';
import { TRADE_ENDS, type Trade } from '../engine/trading/trade.ts';
import { listOf } from './fields.ts';

/** A trade with open times instead of bars; UTC epoch milliseconds. */
export interface StoredTrade extends Omit<Trade, 'entryBar' | 'exitBar'> {
  readonly entryTime: number;
  readonly exitTime: number;
}

/** A point of an equity curve; `time` is the open time of its bar. */
export interface EquityPoint {
  readonly time: number;
  readonly equity: number;
}

/** Maximum number of stored points of an equity curve: half a year of hourly bars. Metrics are computed from the whole curve. */
export const MAX_POINTS = 5000;

/** Encodes the `trades` column of a result. */
export const encodeTrades = ({ openTime }: Pick<CandleSeries, 'openTime'>, trades: readonly Trade[]): Json =>
  trades.map(({ entryBar, exitBar, ...trade }) => ({ entryTime: openTime[entryBar], exitTime: openTime[exitBar], ...trade }));

const storedTrades: z.ZodType<readonly StoredTrade[]> = listOf(
  z.object({
    entryTime: z.number(),
    exitTime: z.number(),
    side: z.enum(['long', 'short']),
    size: z.number(),
    entryPrice: z.number(),
    exitPrice: z.number(),
    pnl: z.number(),
    fees: z.number(),
    end: z.enum(TRADE_ENDS),
  }),
);

/** Reads a `trades` column; entries that are not trades are left out. */
export const decodeTrades = (column: Json): readonly StoredTrade[] => storedTrades.parse(column);

/** Maximum number of stored points of the equity of buying and holding, which is only drawn. */
const HOLD_POINTS = 300;

/** Encodes an `equity` column: the last value of each of at most {@link MAX_POINTS} groups of bars. @param hold equity of holding */
export function encodeEquity(openTime: Float64Array, equity: Float64Array, hold?: Float64Array): Json {
  return { ...grouped(openTime, equity, MAX_POINTS), ...(hold !== undefined && { hold: grouped(openTime, hold, HOLD_POINTS) }) };
}

/** The last value of each of at most `most` equal groups of bars. */
export function grouped(openTime: Float64Array, equity: Float64Array, most: number): { time: number[]; equity: number[] } {
  const group = Math.ceil(equity.length / most);
  const time: number[] = [];
  const values: number[] = [];
  for (let from = 0; from < equity.length; from += group) {
    const last = Math.min(from + group, equity.length) - 1;
    time.push(openTime[last]);
    values.push(equity[last]);
  }
  return { time, equity: values };
}

/** Reduces a curve to at most `most` points: the last of each equal group. */
export function thinned(points: readonly EquityPoint[], most: number): readonly EquityPoint[] {
  const group = Math.ceil(points.length / most);
  return group <= 1 ? points : points.filter((_, i) => (i + 1) % group === 0 || i === points.length - 1);
}

const curve = z.object({ time: z.array(z.number()), equity: z.array(z.number()) }).catch({ time: [], equity: [] });
const holdCurve = z.object({ hold: curve }).catch({ hold: { time: [], equity: [] } });

/** Reads the equity of buying and holding from an `equity` column; empty if none is stored. */
export const decodeHoldEquity = (column: Json): readonly EquityPoint[] => decodeEquity(holdCurve.parse(column).hold);

/** Reads the strategy's equity from an `equity` column. */
export function decodeEquity(column: unknown): readonly EquityPoint[] {
  const { time, equity } = curve.parse(column);
  return time.map((at, i) => ({ time: at, equity: equity[i] }));
}
