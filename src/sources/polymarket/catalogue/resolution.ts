import type { Resolution } from '../../../contracts/market-data.ts';
import { parseIsoTime } from '../../catalogue/scalars.ts';
import type { GammaMarket } from './market-schema.ts';

/** Words of the oracle for "not final yet". */
const PENDING = new Set(['proposed', 'disputed', 'challenged', 'requested', 'reproposed']);

/**
 * What a Gamma market's end pays per unit of the first outcome. Final prices [1, 0], [0, 1] and [0.5, 0.5] settle it; legacy
 * zero-zero, prices that are no payoff, and a result still in its challenge period do not.
 */
export function resolutionOf(market: GammaMarket): Resolution {
  if (!market.closed) return { kind: 'open' };
  const status = market.umaResolutionStatus?.toLowerCase();
  if (status !== undefined && PENDING.has(status)) return { kind: 'unresolved', reason: `the result is ${status}, not final` };
  const prices = market.outcomePrices?.map(Number) ?? [];
  const [first, second] = prices;
  if (prices.length !== 2 || first === undefined || second === undefined)
    return { kind: 'unresolved', reason: 'closed without final prices' };
  if (first === 0 && second === 0) return { kind: 'unresolved', reason: 'closed at 0/0 (legacy market without a payoff)' };
  const payoff = first + second === 1 && (first === 0 || first === 0.5 || first === 1);
  if (!payoff) return { kind: 'unresolved', reason: `closed at prices ${first}/${second}, which are no payoff` };
  return { kind: 'settled', payout: first, at: parseIsoTime(market.closedTime ?? '') };
}
