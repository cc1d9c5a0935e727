import { addMarket, type MarketGroup, type VenueName } from './market.ts';
import { emptyGroup, type Offer } from './market-groups.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/** Creates one event with equal markets for benchmarks, each with exactly the given number of trades in the week before the start. */
export function scaleGroup(offer: Offer, venue: VenueName, instruments: number, tradesPerInstrument: number): MarketGroup {
  const end = Math.floor(offer.start / HOUR) * HOUR;
  const made = emptyGroup({ venue, id: 900, slug: 'scale', title: 'Scale' });
  for (let i = 1; i <= instruments; i++) {
    const key = `scale-${String(i).padStart(4, '0')}`;
    addMarket(made, offer.seed, {
      key,
      number: 900_000 + i,
      slug: key,
      question: `Scale market ${i}`,
      opensAt: end - 7 * DAY,
      closesAt: end,
      fillsPerBlock: 0,
      exactFills: tradesPerInstrument,
      settlement: null,
    });
  }
  return made;
}

/** A whole venue: many events, of which a part trades, and totals that follow the trades. */
export interface WholeVenue {
  readonly markets: number;
  readonly events: number;
  /** Number of markets that trade all the time; the others trade once in a fortnight. */
  readonly active: number;
  /** Trades per hour of all markets together, on average. */
  readonly tradesPerHour: number;
  /** Hours from the markets' opening to the start. @default 8 */
  readonly openedHours?: number;
  /** Whether markets trade as much at night as in the afternoon. @default false */
  readonly steady?: boolean;
  /** The venue that offers the markets. @default "polymarket" */
  readonly venue?: 'polymarket' | 'kalshi';
}

/** Market of a whole venue that ends six hours after the start: one in this many. */
const ENDING = 97;
/** Average of `activity` over a day: the trades of a market per hour are as many times its fills per block. */
const MEAN_ACTIVITY = 0.8;

/** Creates the events of a whole venue. Trades are distributed over the active markets as 1/rank^0.8; ranks are spread over the events. */
export function wholeVenueGroups(offer: Offer, whole: WholeVenue): MarketGroup[] {
  const { markets, events, active, tradesPerHour, openedHours = 8, steady = false, venue = 'polymarket' } = whole;
  const isKalshi = venue === 'kalshi';
  const start = Math.floor(offer.start / HOUR) * HOUR;
  const groups = Array.from({ length: events }, (_, i) => {
    const slug = isKalshi ? `KX${i % 4 === 0 ? 'VOTE' : 'GAME'}-${i + 1}` : `event-${i + 1}`;
    return emptyGroup({ venue, id: 10_000 + i, slug, title: `Event ${i + 1}`, tags: [i % 4 === 0 ? 'politics' : 'sports'] });
  });
  const weight = (rank: number): number => (rank + 1) ** -0.8;
  const all = Array.from({ length: active }, (_, rank) => weight(rank)).reduce((sum, each) => sum + each, 0);
  for (let i = 0; i < markets; i++) {
    // 7919 is prime, so every market gets another rank as long as it does not divide their number
    const rank = (i * 7919) % markets;
    const key = `${isKalshi ? `${groups[i % events].slug}-M` : 'market-'}${i + 1}`;
    const ends = i % ENDING === ENDING - 1;
    addMarket(groups[i % events], offer.seed, {
      key,
      number: 1_000_000 + i,
      slug: key,
      question: `Will number ${i + 1} happen?`,
      opensAt: start - openedHours * HOUR,
      closesAt: ends ? start + 6 * HOUR : start + 60 * DAY,
      settlement: ends ? { payout: i % 2 } : null,
      steady,
      fillsPerBlock: rank < active ? (tradesPerHour * weight(rank)) / all / (steady ? 1 : MEAN_ACTIVITY) : 1 / (14 * 24),
    });
  }
  return groups;
}
