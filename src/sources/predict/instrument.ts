import type { ExclusiveGroup, Instrument } from '../../contracts/market-data.ts';
import { settlementTerms } from '../../market/settlement-terms.ts';
import { conditionId } from '../catalogue/condition-id.ts';
import { parseIsoTime } from '../catalogue/scalars.ts';
import { isObject } from '../catalogue/schema-drift.ts';
import type { PredictCategory, PredictMarket } from './market-schema.ts';
import { VENUE } from './matches.ts';
import { isClosed, predictEnding, sortedOutcomes } from './resolution.ts';

const BASIS_POINTS = 10_000;

const timeOf = (text: string | null | undefined): number | null => (text === null || text === undefined ? null : parseIsoTime(text));

/** A market as an instrument, or the reason why it is not one, or not one yet. */
export type MarketReading =
  | { readonly instrument: Instrument }
  | { readonly leftOut: string /** Whether a later run may find the market. */; readonly waits: boolean };

/**
 * Converts a market into an instrument. The venue does not state when a market closed. The category or the slug (`…-15m-<startUnix>`) gives
 * a planned end, but many markets are traded past it.
 */
export function instrumentOf(market: PredictMarket, category?: PredictCategory): MarketReading {
  const outcomes = sortedOutcomes(market.outcomes);
  if (outcomes.length !== 2) return { leftOut: `market ${market.id} is not binary; it is left out`, waits: false };
  const ids = outcomes.flatMap(({ onChainId }) => (onChainId ? [onChainId] : []));
  if (ids.length !== 2)
    return {
      leftOut: `market ${market.id} is not registered on the chain yet: its outcomes have no onChainId; a later run finds it`,
      waits: true,
    };
  const slug = market.categorySlug ?? category?.slug ?? '';
  const group = groupOf(market, category);
  const openings = [timeOf(market.createdAt), timeOf(category?.startsAt)].filter((time) => time !== null);
  const planned = timeOf(category?.endsAt) ?? endOfSeriesMember(slug);
  const instrument: Instrument = {
    id: `${VENUE}:${market.id}`,
    source: VENUE,
    market: 'probability',
    title: market.question ?? market.title ?? slug,
    outcomes: outcomes.map(({ name }, index) => name ?? String(index)),
    outcomeIds: ids,
    opensAt: openings.length === 0 ? null : Math.min(...openings),
    closesAt: planned,
    ...(planned !== null && { endsAt: planned }),
    closed: isClosed(market),
    ...predictEnding(market),
    ...settlementTerms([market.description]),
    fees:
      market.feeRateBps === null || market.feeRateBps === undefined ? null : { model: 'predict', rate: market.feeRateBps / BASIS_POINTS },
    tickSize: market.decimalPrecision === null || market.decimalPrecision === undefined ? null : Number(`1e-${market.decimalPrecision}`),
    twins: twinsOf(market),
    ...(group !== null && { group }),
    ...(slug !== '' && { event: `${VENUE}:${slug}` }),
    book: null,
    reference: slug,
  };
  return { instrument };
}

const twinsOf = ({ polymarketConditionIds, kalshiMarketTicker }: PredictMarket): string[] => [
  ...(polymarketConditionIds ?? []).map((id) => `polymarket:${conditionId(id)}`),
  ...(kalshiMarketTicker ? [`kalshi:${kalshiMarketTicker}`] : []),
];

/** The exclusive group of a market. The number of its markets is known only from its category. */
function groupOf({ isNegRisk, categorySlug }: PredictMarket, category: PredictCategory | undefined): ExclusiveGroup | null {
  const slug = categorySlug ?? category?.slug ?? '';
  if (isNegRisk !== true || slug === '') return null;
  const markets = category?.markets.filter((each) => isObject(each) && each.isNegRisk === true).length ?? null;
  return { id: `${VENUE}:${slug}`, markets };
}

/** Planned end of a series' market by its slug: `eth-updown-15m-1787839200` ends 15 minutes after its start. */
function endOfSeriesMember(slug: string): number | null {
  const match = /-(\d{1,3})(m|h)-(\d{9,10})$/.exec(slug);
  if (match === null) return null;
  return Number(match[3]) * 1000 + Number(match[1]) * (match[2] === 'm' ? 60_000 : 3_600_000);
}
