import type { ExclusiveGroup, FeeSchedule, Instrument } from '../../../contracts/market-data.ts';
import { settlementTerms } from '../../../market/settlement-terms.ts';
import { conditionId, structureOf } from '../../catalogue/condition-id.ts';
import { parseIsoTime } from '../../catalogue/scalars.ts';
import { noteChange } from '../../http/request-tally.ts';
import { VENUE } from '../trades.ts';
import { type GammaMarket, outcomeField, protocolOf } from './market-schema.ts';
import { polymarketEnding } from './resolution.ts';

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
