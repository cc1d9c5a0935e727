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
}

/** Whether a fault made the venue forget a market. */
export function isMissing(world: World, market: Market): boolean {
  const { missing } = world.deck.faults;
  return (
    missing !== undefined &&
    [market.slug, market.conditionId, String(market.number), market.instrument].some((name) => missing.includes(name))
  );
}

/** A market by any of its names, unless it is missing. */
export function findMarket(world: World, venue: VenueName, name: string, now: number): Market | undefined {
  const market = world.markets.find(venue, name, now);
  return market === undefined || isMissing(world, market) ? undefined : market;
}
