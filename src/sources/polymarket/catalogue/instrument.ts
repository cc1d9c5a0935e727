import type { ExclusiveGroup, FeeSchedule, Instrument, SettlementSign } from '../../../contracts/market-data.ts';
import { type Ending, endingOf } from '../../../market/settlement.ts';
import { settlementTerms } from '../../../market/settlement-terms.ts';
import { conditionId, structureOf } from '../../catalogue/condition-id.ts';
import { parseIsoTime } from '../../catalogue/scalars.ts';
import { noteChange } from '../../http/request-tally.ts';
import { noteWord } from '../../http/venue-changes.ts';
import { VENUE } from '../trades.ts';
import { type GammaMarket, outcomeField, protocolOf } from './market-schema.ts';

/** A market as an instrument, or the reason why it is not one: it is not binary, or never had an order book. */
export type MarketReading = { readonly instrument: Instrument } | { readonly notBinary: string };

/**
 * Converts a Gamma market into an instrument. Trading opens at the earliest of the dates that may state it. A closed market ended at its
 * closing time, if it has one.
 */
export function instrumentOf(market: GammaMarket): MarketReading {
  const outcomes = market.outcomes ?? [];
  const version = protocolOf(market);
  const field = outcomeField(market);
  if (field === undefined) noteChange(VENUE, 'market', `version has the unknown word "${version}"`);
  if (field === undefined)
    return { notBinary: `market ${market.slug} is of protocol version "${version}", which this build of PredictLab does not know` };
  const structure = structureOf(market.conditionId);
  if (version === 'v2' && structure !== 'binary' && structure !== 'neg-risk')
    return { notBinary: `market ${market.slug} is ${structure} by its condition id, not a market with a probability` };
  const tokens = market[field] ?? [];
  if (outcomes.length !== 2) return { notBinary: `market ${market.slug} has ${outcomes.length} outcomes, not two` };
  if (tokens.length !== 2) return { notBinary: `market ${market.slug} has no ${field} on the order book` };
  const openings = [market.startDate, market.createdAt, market.acceptingOrdersTimestamp].flatMap((text) => timeOf(text) ?? []);
  const tickSize = market.orderPriceMinTickSize ?? null;
  const group = groupOf(market);
  const ended = market.closed ? timeOf(market.closedTime) : null;
  const planned = timeOf(market.endDate);
  const event = market.events?.[0]?.slug;
  const volume = market.volumeNum ?? market.volume ?? null;
  return {
    instrument: {
      id: `${VENUE}:${conditionId(market.conditionId)}`,
      source: VENUE,
      market: 'probability',
      title: market.question ?? market.slug,
      outcomes,
      outcomeIds: tokens,
      opensAt: openings.length === 0 ? null : Math.min(...openings),
      closesAt: ended ?? planned,
      ...(planned !== null && { endsAt: planned }),
      closed: market.closed,
      ...(ended !== null && { closedAt: ended }),
      ...polymarketEnding(market),
      ...settlementTerms([market.description], { source: market.resolutionSource }),
      fees: feesOf(market),
      tickSize: tickSize !== null && tickSize > 0 ? tickSize : null,
      twins: [],
      ...(group !== null && { group }),
      ...(event && { event: `${VENUE}:${event}` }),
      ...(volume !== null && Number.isFinite(volume) && { stated: { volume, trades: null, at: 0 } }),
      book: null,
      reference: market.slug,
    },
  };
}

const timeOf = (text: string | null | undefined): number | null => (text === null || text === undefined ? null : parseIsoTime(text));

/** The fee schedule of a market. Without a schedule, fees are 0 where the venue states that they are off, and unknown otherwise. */
function feesOf({ feeSchedule, feesEnabled }: GammaMarket): FeeSchedule | null {
  if (feeSchedule) return { model: 'polymarket', rate: feeSchedule.rate, exponent: feeSchedule.exponent ?? 1 };
  return feesEnabled === false ? { model: 'polymarket', rate: 0, exponent: 1 } : null;
}

/** The exclusive group of a market. The number of its markets is known only from the answer about the whole event. */
function groupOf(market: GammaMarket): ExclusiveGroup | null {
  const id = groupIdOf(market);
  return id === undefined ? null : { id, markets: null };
}

/** The id of a market's exclusive group, from the field of its protocol version; undefined for a market without a group. */
export function groupIdOf(
  market: Pick<GammaMarket, 'version' | 'conditionId' | 'negRisk' | 'negRiskMarketID' | 'onchainEventId'>,
): string | undefined {
  const isV2 = protocolOf(market) === 'v2';
  const excludes = market.negRisk === true || (isV2 && structureOf(market.conditionId) === 'neg-risk');
  const id = isV2 ? market.onchainEventId : market.negRiskMarketID;
  return excludes && id ? `${VENUE}:${id.toLowerCase()}` : undefined;
}

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
function polymarketEnding(market: GammaMarket): Ending {
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
