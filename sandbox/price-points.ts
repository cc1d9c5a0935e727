import { isClosed, type Market } from './market.ts';
import { probabilityAt } from './price-path.ts';
import { chance } from './random.ts';
import type { World } from './world.ts';

/** Retention of points by their grain, both in seconds; points of coarser grains are kept for ever. */
const RETENTION: Readonly<Record<number, number>> = { 60: 7 * 86_400, 300: 60 * 86_400, 1800: 90 * 86_400 };

export interface PricePoint {
  /** Unix seconds. */
  readonly time: number;
  readonly price: number;
}

export interface PointsRequest {
  /** Token of the outcome whose price is wanted. */
  readonly token: string;
  /** Start of the range in Unix seconds, inclusive; `to` is its exclusive end. */
  readonly from: number;
  readonly to: number;
  readonly bucket: number;
  readonly now: number;
  /** Whether to include points that are older than the venue's retention. @default false */
  readonly whole?: boolean;
}

/** The midpoint price of a token, rounded to half a tick. */
export function midpoint(market: Market, token: string, timeMs: number): number {
  const halves = 2 * 10 ** market.decimals;
  const mid = Math.min(halves - 2, Math.max(2, Math.round(probabilityAt(market, timeMs) * halves)));
  return (market.tokens[0] === token ? mid : halves - mid) / halves;
}

/**
 * Midpoints on the grid, oldest first. About one bucket in twenty is missing, and no point is older than the retention of its grain. A
 * window that reaches now has a last point off the grid, at the time of the newest trade.
 */
export function pricePoints(world: World, market: Market, request: PointsRequest): PricePoint[] {
  const { token, bucket, now } = request;
  const nowSeconds = Math.floor(now / 1000);
  const kept = request.whole === true ? undefined : RETENTION[bucket];
  const priceAt = (time: number): number => {
    const corrected = world.corrected.get(market.instrument)?.get(time);
    if (corrected === undefined) return midpoint(market, token, time * 1000);
    return token === market.tokens[0] ? corrected : Number((1 - corrected).toFixed(6));
  };
  const from = Math.max(request.from, market.opensAt / 1000, kept === undefined ? 0 : nowSeconds - kept);
  const to = Math.min(request.to, nowSeconds + 1, market.closesAt / 1000);
  const points: PricePoint[] = [];
  for (let time = Math.ceil(from / bucket) * bucket; time < to; time += bucket) {
    if (chance(market.seed, 'point', time, bucket) >= 0.05) points.push({ time, price: priceAt(time) });
  }
  if (request.to > nowSeconds && !isClosed(market, now)) {
    const { trades, length } = world.tapes.of(market).upTo(now);
    const last = trades[length - 1];
    if (last !== undefined && last.time >= from && last.time > (points.at(-1)?.time ?? 0)) {
      points.push({ time: last.time, price: priceAt(last.time) });
    }
  }
  return points;
}
