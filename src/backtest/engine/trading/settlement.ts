import type { Resolution } from '../../../contracts/market-data.ts';

/** Units of one outcome of a market, and what they cost. */
export interface Holding {
  readonly outcome: 'first' | 'second';
  readonly size: number;
  /** Paid a unit, of the outcome held. */
  readonly price: number;
  /** Paid on the way in. */
  readonly fees: number;
}

/** A holding after the market's resolution, or why it is only marked. */
export type Settlement =
  | { readonly kind: 'settled' /** A unit of the outcome held. */; readonly payout: number /** Net of fees. */; readonly pnl: number }
  | { readonly kind: 'marked'; readonly price: number; readonly pnl: number; readonly reason: string };

/**
 * Settles a holding at the market's resolution, without fee or slippage, or marks it at the last price where there is no
 * usable payoff: still open (also: opened again), zero-zero, disputed.
 *
 * Derived from the facts each time and keeping no state, so doing it twice, late, or after a market was opened again needs
 * no undoing.
 *
 * @param lastPrice of the first outcome
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

/** What was known of a resolution at `asOf`: a later one is still open then (late resolutions lock the capital until they come). */
export const resolutionAsOf = (resolution: Resolution, asOf: number): Resolution =>
  resolution.kind === 'settled' && resolution.at !== null && resolution.at > asOf ? { kind: 'open' } : resolution;
