import type { FaultDeck } from './faults.ts';
import type { Market, VenueName } from './market.ts';
import type { Markets } from './markets.ts';
import type { TradePages } from './trade-pages.ts';
import type { Tapes } from './trade-tape.ts';

/** Everything the routes answer from. */
export interface World {
  readonly markets: Markets;
  readonly tapes: Tapes;
  readonly pages: TradePages;
  readonly deck: FaultDeck;
  /** Prices of points that were corrected, by instrument and Unix second. */
  readonly corrected: Map<string, Map<number, number>>;
}

/** Whether a fault made the venue forget a market. */
export function isMissing(world: World, market: Market): boolean {
  const { missing } = world.deck.faults;
  return (
    missing !== undefined &&
    [market.slug, market.conditionId, String(market.number), market.instrument].some((name) => missing.includes(name))
  );
}

/** A market with the end that the venue shows, which a fault may have changed. */
export function asShown({ deck }: World, market: Market): Market {
  const { calledClosed = {}, flipped = [] } = deck.faults;
  const since = calledClosed[market.instrument];
  const stated =
    since === undefined ? market : { ...market, closesAt: since, settlement: { payout: 1, at: since, disputed: false, voided: false } };
  const { settlement } = stated;
  if (!flipped.includes(market.instrument) || settlement === null || settlement.payout === null) return stated;
  return { ...stated, settlement: { ...settlement, payout: 1 - settlement.payout } };
}

/** How far the venue calls a closed market's result: what a fault says of it, else final. */
export const stageOf = ({ deck }: World, market: Market): 'silent' | 'proposed' | 'disputed' | 'final' =>
  deck.faults.results?.[market.instrument] ?? 'final';

/** A market by any of its names, unless it is missing. */
export function findMarket(world: World, venue: VenueName, name: string, now: number): Market | undefined {
  const market = world.markets.find(venue, name, now);
  return market === undefined || isMissing(world, market) ? undefined : market;
}
