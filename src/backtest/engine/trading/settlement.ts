import type { Resolution } from '../../../contracts/market-data.ts';

/** Units of one outcome of a market, and their cost. */
export interface Holding {
  readonly outcome: 'first' | 'second';
  readonly size: number;
  /** Price paid per unit of the outcome held. */
  readonly price: number;
  /** Fees paid at entry. */
  readonly fees: number;
}

/** A holding paid out by the market's resolution, or marked at a price with the reason why it was not paid out. */
export type Settlement =
  | {
      readonly kind: 'settled';
      /** Payout per unit of the outcome held. */
      readonly payout: number;
      /** Profit net of fees. */
      readonly pnl: number;
    }
  | { readonly kind: 'marked'; readonly price: number; readonly pnl: number; readonly reason: string };

/**
 * Settles a holding at the market's resolution, without fee or slippage. Marks it at the last price if there is no usable payout:
 * the market is open (or was reopened), paid nothing for both outcomes, or is disputed.
 *
 * Keeps no state, so settling twice, late, or after a market was reopened needs no correction.
 *
 * @param lastPrice last price of the first outcome
 */
export function settle(holding: Holding, resolution: Resolution, lastPrice: number): Settlement {
  const ofHeld = (price: number): number => (holding.outcome === 'first' ? price : 1 - price);
  const pnlAt = (price: number): number => holding.size * (price - holding.price) - holding.fees;
  if (resolution.kind === 'settled') {
    const payout = ofHeld(resolution.payout);
    return { kind: 'settled', payout, pnl: pnlAt(payout) };
  }
  const price = ofHeld(lastPrice);
  const reason = resolution.kind === 'open' ? 'the market has not resolved' : resolution.reason;
  return { kind: 'marked', price, pnl: pnlAt(price), reason };
}

/** A resolution as it was known at `asOf`: open if it came later, so that a late resolution locks the capital until it comes. */
export const resolutionAsOf = (resolution: Resolution, asOf: number): Resolution =>
  resolution.kind === 'settled' && resolution.at !== null && resolution.at > asOf ? { kind: 'open' } : resolution;
