import type { Resolution } from '../../contracts/market-data.ts';
import { upDownPayout } from '../../market/up-down-payout.ts';
import { readNumber } from '../catalogue/scalars.ts';
import { isObject } from '../catalogue/schema-drift.ts';
import type { PredictMarket } from './market-schema.ts';

const FINAL_STATUS = new Set(['RESOLVED', 'SETTLED', 'CLOSED']);

/** Index (0 or 1) of the outcome that `resolution` names, whichever way it does. */
function winnerOf({ resolution, outcomes }: PredictMarket): number {
  const sorted = sortedOutcomes(outcomes);
  const named = isObject(resolution) ? (resolution.name ?? resolution.outcome) : resolution;
  return sorted.findIndex(
    ({ indexSet, name, onChainId }) =>
      (isObject(resolution) && (resolution.indexSet === indexSet || resolution.onChainId === onChainId)) ||
      (typeof named === 'string' && named === name) ||
      named === indexSet,
  );
}

/** Outcomes in the venue’s own order: the first one is the one that prices are of. */
export const sortedOutcomes = (outcomes: PredictMarket['outcomes']): PredictMarket['outcomes'] =>
  [...outcomes].sort((a, b) => a.indexSet - b.indexSet);

/** Whether trading is over: the status may say open long after the end price is known, so each sign counts. */
export function isClosed(market: PredictMarket): boolean {
  const { endPrice } = market.variantData ?? {};
  return (
    FINAL_STATUS.has(market.status.toUpperCase()) ||
    (market.resolution !== null && market.resolution !== undefined) ||
    (endPrice !== null && endPrice !== undefined) ||
    FINAL_STATUS.has(market.tradingStatus?.toUpperCase() ?? '') ||
    market.outcomes.some(({ status }) => status === 'WON' || status === 'LOST')
  );
}

/**
 * What a market's end pays per unit of its first outcome. The outcomes' own status says it, else `resolution`, else the
 * prices of an up/down market: up must close strictly above its start, and a tie is a push (0.5), unlike at Polymarket.
 * None of them says since when.
 */
export function resolutionOf(market: PredictMarket): Resolution {
  if (!isClosed(market)) return { kind: 'open' };
  const [first, second] = sortedOutcomes(market.outcomes).map(({ status }) => status);
  if (first === 'WON' || second === 'LOST') return { kind: 'settled', payout: 1, at: null };
  if (first === 'LOST' || second === 'WON') return { kind: 'settled', payout: 0, at: null };
  const winner = winnerOf(market);
  if (winner >= 0) return { kind: 'settled', payout: winner === 0 ? 1 : 0, at: null };
  const start = readNumber(market.variantData?.startPrice).value;
  const end = readNumber(market.variantData?.endPrice).value;
  if (start !== null && end !== null) return { kind: 'settled', payout: upDownPayout('predict', start, end), at: null };
  return { kind: 'unresolved', reason: `closed (${market.status}) without a result` };
}
