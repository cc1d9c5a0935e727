import type { SettlementSign } from '../../contracts/market-data.ts';
import { type Ending, endingOf } from '../../market/settlement.ts';
import { readNumber } from '../catalogue/scalars.ts';
import { isObject } from '../catalogue/schema-drift.ts';
import { noteWord } from '../http/venue-changes.ts';
import type { PredictMarket } from './market-schema.ts';
import { VENUE } from './matches.ts';

/** Values of a market's status or trading status that mean that trading is over. */
const ENDED = new Set(['RESOLVED', 'SETTLED', 'CLOSED', 'REMOVED']);
const FINAL = 'RESOLVED';
/** The venue's known statuses, from its clients; an unknown one is noted as a change. */
const STATUSES = new Set([...ENDED, 'REGISTERED', 'PRICE_PROPOSED', 'PRICE_DISPUTED', 'PAUSED', 'UNPAUSED']);
const OUTCOMES = new Set(['WON', 'LOST', 'VOIDED', '-']);
/** Statuses that mean that the result may still be disputed, whatever `resolution` contains. */
const PENDING = new Set(['PRICE_PROPOSED', 'PRICE_DISPUTED']);

/**
 * Payout per unit of the first outcome, by the statuses of both. Two WON mean a push, which pays half by the rules; VOIDED pays half unless
 * the market's rules state otherwise.
 */
const PAYOUTS: Readonly<Record<string, number>> = {
  'WON/LOST': 1,
  'WON/-': 1,
  '-/LOST': 1,
  'LOST/WON': 0,
  'LOST/-': 0,
  '-/WON': 0,
  'WON/WON': 0.5,
  'VOIDED/VOIDED': 0.5,
};

/** Index (0 or 1) of the outcome that `resolution` means by its name, index set or id; −1 if it means none. */
function winnerOf({ resolution, outcomes }: PredictMarket): number {
  const sorted = sortedOutcomes(outcomes);
  const named = isObject(resolution) ? (resolution.name ?? resolution.outcome) : resolution;
  return sorted.findIndex(
    ({ indexSet, name, onChainId }) =>
      (isObject(resolution) && (resolution.indexSet === indexSet || (onChainId && resolution.onChainId === onChainId))) ||
      (typeof named === 'string' && named === name) ||
      named === indexSet,
  );
}

/** The outcomes in the order of their index sets. The venue's prices are those of the first one. */
export const sortedOutcomes = (outcomes: PredictMarket['outcomes']): PredictMarket['outcomes'] =>
  [...outcomes].sort((a, b) => a.indexSet - b.indexSet);

const wordsOf = ({ outcomes }: PredictMarket): string[] =>
  sortedOutcomes(outcomes).map(({ status }) => status?.trim().toUpperCase() || '-');

/** Whether trading is over. The status may stay open long after the end price is known, so a single sign of the end is enough. */
export function isClosed(market: PredictMarket): boolean {
  const { endPrice } = market.variantData ?? {};
  return (
    ENDED.has(market.status.toUpperCase()) ||
    (market.resolution !== null && market.resolution !== undefined) ||
    (endPrice !== null && endPrice !== undefined) ||
    ENDED.has(market.tradingStatus?.toUpperCase() ?? '') ||
    wordsOf(market).some((word) => word === 'WON' || word === 'LOST' || word === 'VOIDED')
  );
}

/**
 * The end of a market by the statuses of its outcomes, `resolution`, its own status, and the prices of an up/down market: Up wins if the
 * price rose, and a tie is a push (0.5), unlike at Polymarket. The venue gives no dates for these signs.
 */
export function predictEnding(market: PredictMarket): Ending {
  noteWord(VENUE, 'market', 'status', market.status, STATUSES);
  for (const word of wordsOf(market)) noteWord(VENUE, 'market', "an outcome's status", word, OUTCOMES);
  if (!isClosed(market)) return { resolution: { kind: 'open' } };
  const signs: SettlementSign[] = [];
  const status = market.status.toUpperCase();
  if (status === FINAL) signs.push({ sign: 'status', payout: null, said: status });
  if (PENDING.has(status)) signs.push({ sign: 'status', payout: null, said: status, pending: true });
  const words = wordsOf(market).join('/');
  const stated = PAYOUTS[words];
  if (stated !== undefined) signs.push({ sign: 'result', payout: stated, said: words });
  const winner = winnerOf(market);
  // A push pays both outcomes, so a `resolution` that names one of them is not a contradiction.
  if (winner >= 0 && stated !== 0.5)
    signs.push({
      sign: 'result',
      payout: winner === 0 ? 1 : 0,
      said: `resolution ${sortedOutcomes(market.outcomes)[winner].name ?? winner}`,
    });
  const start = readNumber(market.variantData?.startPrice).value;
  const end = readNumber(market.variantData?.endPrice).value;
  // Two prices that look equal may only be rounded, so a tie is an unsure sign.
  if (start !== null && end !== null)
    signs.push({
      sign: 'priceRule',
      payout: end === start ? 0.5 : end > start ? 1 : 0,
      said: `${start} → ${end}`,
      ...(start === end && { unsure: true as const }),
    });
  const none = words === '-/-' ? `closed (${market.status}) without a result` : `closed with its outcomes ${words}, which is not a result`;
  return endingOf(signs, null, none);
}
