import type { ExclusiveGroup, FeeSchedule, Instrument } from '../../../contracts/market-data.ts';
import { parseIsoTime } from '../../catalogue/scalars.ts';
import { VENUE } from '../api.ts';
import type { GammaMarket } from './market-schema.ts';
import { resolutionOf } from './resolution.ts';

/** A market as an instrument, or why it is none: not binary, or never tradable on the order book. */
export type MarketReading = { readonly instrument: Instrument } | { readonly notBinary: string };

/** Reads Gamma's facts. Trading opens at the earliest of the dates that the market gives for it; a closed one ended at its closing time, if it has one. */
export function instrumentOf(market: GammaMarket): MarketReading {
  const outcomes = market.outcomes ?? [];
  const tokens = market.clobTokenIds ?? [];
  if (outcomes.length !== 2) return { notBinary: `market ${market.slug} has ${outcomes.length} outcomes, not two` };
  if (tokens.length !== 2) return { notBinary: `market ${market.slug} has no tokens on the order book` };
  const openings = [market.startDate, market.createdAt, market.acceptingOrdersTimestamp].flatMap((text) => timeOf(text) ?? []);
  const tickSize = market.orderPriceMinTickSize ?? null;
  const group = groupOf(market);
  const ended = market.closed ? timeOf(market.closedTime) : null;
  const planned = timeOf(market.endDate);
  const event = market.events?.[0]?.slug;
  const volume = market.volumeNum ?? market.volume ?? null;
  return {
    instrument: {
      id: `${VENUE}:${market.conditionId}`,
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
      resolution: resolutionOf(market),
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

/** The schedule sits on the market; markets without one are free unless the venue says that fees are on. */
function feesOf({ feeSchedule, feesEnabled }: GammaMarket): FeeSchedule | null {
  if (feeSchedule) return { model: 'polymarket', rate: feeSchedule.rate, exponent: feeSchedule.exponent ?? 1 };
  return feesEnabled === false ? { model: 'polymarket', rate: 0, exponent: 1 } : null;
}

/** How many markets the group has is said by the answer of its event alone. */
function groupOf({ negRisk, negRiskMarketID }: GammaMarket): ExclusiveGroup | null {
  return negRisk === true && negRiskMarketID ? { id: `${VENUE}:${negRiskMarketID}`, markets: null } : null;
}
