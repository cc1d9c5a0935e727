import { isClosed, type Market } from './market.ts';
import { probabilityAt } from './price-path.ts';
import { chance } from './random.ts';
import type { World } from './world.ts';

/** How long points of each grain are kept, in seconds; coarser ones for ever. */
const RETENTION: Readonly<Record<number, number>> = { 60: 7 * 86_400, 300: 60 * 86_400, 1800: 90 * 86_400 };

export interface PricePoint {
  /** Unix seconds. */
  readonly time: number;
  readonly price: number;
}

export interface PointsRequest {
  /** Whose price: a token of the market. */
  readonly token: string;
  /** Unix seconds, `from` inclusive, `to` exclusive. */
  readonly from: number;
  readonly to: number;
  readonly bucket: number;
  readonly now: number;
  /** Also what is older than the venue keeps. @default false */
  readonly whole?: boolean;
}

/** The midpoint of a token, to half a tick. */
export function midpoint(market: Market, token: string, timeMs: number): number {
  const halves = 2 * 10 ** market.decimals;
  const mid = Math.min(halves - 2, Math.max(2, Math.round(probabilityAt(market, timeMs) * halves)));
  return (market.tokens[0] === token ? mid : halves - mid) / halves;
}

/**
 * Midpoints on the grid, oldest first: about one bucket in twenty is missing, nothing is older than the grain's retention,
 * and where the window reaches now a last point stands off the grid, at the newest trade.
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
