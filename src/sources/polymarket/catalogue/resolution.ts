import type { SettlementSign } from '../../../contracts/market-data.ts';
import { type Ending, endingOf } from '../../../market/settlement.ts';
import { parseIsoTime } from '../../catalogue/scalars.ts';
import { noteWord } from '../../http/venue-changes.ts';
import { VENUE } from '../trades.ts';
import { type GammaMarket, protocolOf } from './market-schema.ts';

/** The oracle's status of a final result. */
const FINAL = 'resolved';
/** The oracle's statuses that the venue's clients know. An unknown one is noted as a change and leaves the result open. */
const STATUSES = new Set(['RESOLVED', 'SETTLED', 'PROPOSED', 'DISPUTED', 'REQUESTED', 'CHALLENGED', 'REPROPOSED', 'INACTIVE', 'ACTIVE']);
/** Statuses that neither confirm a result nor keep it open. The oracle has a price, but the market may not have applied it yet. */
const NEUTRAL = new Set(['settled']);
/** Maximum distance between a last trade and a payoff (0 or 1) for the trade to support that payoff. */
const NEAR = 0.1;

/**
 * The end of a Gamma market by the oracle's status, its final prices and its last trade. Final prices [1, 0] and [0, 1] state a payout;
 * others that add up to 1 only support the resolution record.
 */
export function polymarketEnding(market: GammaMarket): Ending {
  if (!market.closed) return { resolution: { kind: 'open' } };
  const signs: SettlementSign[] = [];
  const status = statusOf(market);
  noteWord(VENUE, 'market', 'its resolution status', status, STATUSES);
  if (status === FINAL) signs.push({ sign: 'status', payout: null, said: status });
  else if (status !== undefined && !NEUTRAL.has(status)) signs.push({ sign: 'status', payout: null, said: status, pending: true });
  const prices = market.outcomePrices?.map(Number) ?? [];
  const [first, second] = prices;
  let none = 'closed without final prices';
  if (prices.length === 2 && first === 0 && second === 0) none = 'closed at 0/0 (legacy market without a payoff)';
  else if (prices.length === 2) {
    const said = `${first}/${second}`;
    const isWon = first + second === 1 && (first === 0 || first === 1);
    if (isWon) signs.push({ sign: 'finalPrice', payout: first, said });
    // A market that was never traded shows these prices too, so they are not a result by themselves.
    else if (first === 0.5 && second === 0.5) none = `closed at prices ${said}, which its resolution record does not confirm`;
    else none = `closed at prices ${said}, which are not a payoff`;
    if (!isWon && Math.abs(first + second - 1) < 1e-9) signs.push({ sign: 'finalPrice', payout: first, said, unsure: true });
  }
  const last = market.lastTradePrice ?? null;
  if (last !== null && last > 0 && (last <= NEAR || last >= 1 - NEAR))
    signs.push({ sign: 'lastTrade', payout: last <= NEAR ? 0 : 1, said: String(last), unsure: true });
  return endingOf(signs, parseIsoTime(market.closedTime ?? ''), none);
}

function statusOf(market: GammaMarket): string | undefined {
  const words = protocolOf(market) === 'v2' ? [market.resolutionStatus, market.umaResolutionStatus] : [market.umaResolutionStatus];
  const word = [...words, market.umaResolutionStatuses?.at(-1)].find((each) => each !== null && each !== undefined && each.trim() !== '');
  return word?.trim().toLowerCase();
}
