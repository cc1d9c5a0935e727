import type { Json } from '../../contracts/run/pipeline-input.ts';
import type { CandleSeries } from '../engine/candle-series.ts';
import type { Trade, TradeEnd } from '../engine/trading/trade.ts';
import { fieldsOf, listOf, numberOf } from './fields.ts';

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

/** Largest number of stored points of an equity curve: half a year of hourly bars. Metrics are computed from the whole curve. */
export const MOST_POINTS = 5000;

const TRADE_ENDS: readonly TradeEnd[] = ['signal', 'stop', 'target', 'end', 'settlement', 'ruin', 'mark'];

/** Encodes the `trades` column of a result. */
export const encodeTrades = ({ openTime }: Pick<CandleSeries, 'openTime'>, trades: readonly Trade[]): Json =>
  trades.map(({ entryBar, exitBar, ...trade }) => ({ entryTime: openTime[entryBar], exitTime: openTime[exitBar], ...trade }));

/** Reads a `trades` column; entries that are not trades are left out. */
export const decodeTrades = (column: Json): readonly StoredTrade[] =>
  listOf(column).flatMap((entry): StoredTrade[] => {
    const fields = fieldsOf(entry);
    const numbers = (['entryTime', 'exitTime', 'size', 'entryPrice', 'exitPrice', 'pnl', 'fees'] as const).map((name) =>
      numberOf(fields[name]),
    );
    if (numbers.includes(null)) return [];
    const [entryTime, exitTime, size, entryPrice, exitPrice, pnl, fees] = numbers as number[];
    const side = fields['side'] === 'short' ? 'short' : 'long';
    const end = TRADE_ENDS.find((known) => known === fields['end']) ?? 'signal';
    return [{ entryTime, exitTime, side, size, entryPrice, exitPrice, pnl, fees, end }];
  });

/** Largest number of stored points of the equity of buying and holding, which is only drawn. */
const HOLD_POINTS = 300;

/**
 * Encodes the `equity` column of a result: the last value of each of at most {@link MOST_POINTS} equal groups of bars.
 *
 * @param hold equity of buying and holding on the same terms, stored with fewer points
 */
export function encodeEquity(openTime: Float64Array, equity: Float64Array, hold?: Float64Array): Json {
  return { ...grouped(openTime, equity, MOST_POINTS), ...(hold !== undefined && { hold: grouped(openTime, hold, HOLD_POINTS) }) };
}

function grouped(openTime: Float64Array, equity: Float64Array, most: number): { time: number[]; equity: number[] } {
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

/** Reads the equity of buying and holding from an `equity` column; empty if none is stored. */
export const decodeHoldEquity = (column: Json): readonly EquityPoint[] => decodeEquity(fieldsOf(column)['hold'] ?? null);

/** Reads the strategy's equity from an `equity` column. */
export function decodeEquity(column: Json): readonly EquityPoint[] {
  const { time, equity } = fieldsOf(column);
  const values = listOf(equity);
  return listOf(time).flatMap((at, i) => {
    const [opened, value] = [numberOf(at), numberOf(values[i])];
    return opened === null || value === null ? [] : [{ time: opened, equity: value }];
  });
}
