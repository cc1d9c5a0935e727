import type { FaultDeck } from './faults.ts';
import type { Market, VenueName } from './market.ts';
import type { Markets } from './markets.ts';
import type { TradePages } from './trade-pages.ts';
import type { Tapes } from './trade-tape.ts';

/** The data and faults from which the routes answer. */
export interface World {
  readonly markets: Markets;
  readonly tapes: Tapes;
  readonly pages: TradePages;
  readonly deck: FaultDeck;
  /** Whether markets state the volume of their trades, and not a fixed number. @default false */
  readonly statesVolumes?: boolean;
  /** Prices of corrected points, by instrument and Unix second. */
  readonly corrected: Map<string, Map<number, number>>;
}

/** Whether a fault makes the venue not know a market. */
export function isMissing(world: World, market: Market): boolean {
  const { missing } = world.deck.faults;
  return (
    missing !== undefined &&
    [market.slug, market.conditionId, String(market.number), market.instrument].some((name) => missing.includes(name))
  );
}

/** A market with the end and result that the venue reports, which a fault may have changed. */
export function asShown({ deck }: World, market: Market): Market {
  const { calledClosed = {}, flipped = [] } = deck.faults;
  const since = calledClosed[market.instrument];
  const stated =
    since === undefined ? market : { ...market, closesAt: since, settlement: { payout: 1, at: since, disputed: false, voided: false } };
  const { settlement } = stated;
  if (!flipped.includes(market.instrument) || settlement === null || settlement.payout === null) return stated;
  return { ...stated, settlement: { ...settlement, payout: 1 - settlement.payout } };
}

/** State of a closed market's result at the venue: that of a fault, or final. */
export const stageOf = ({ deck }: World, market: Market): 'silent' | 'proposed' | 'disputed' | 'final' =>
  deck.faults.results?.[market.instrument] ?? 'final';

/** Finds a market by any of its names, unless a fault makes it missing. */
export function findMarket(world: World, venue: VenueName, name: string, now: number): Market | undefined {
  const market = world.markets.find(venue, name, now);
  return market === undefined || isMissing(world, market) ? undefined : market;
}
