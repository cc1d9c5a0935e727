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
