import type { ExclusiveGroup, Instrument } from '../../contracts/market-data.ts';
import { parseIsoTime } from '../catalogue/scalars.ts';
import { isObject } from '../catalogue/schema-drift.ts';
import { VENUE } from './api.ts';
import type { PredictCategory, PredictMarket } from './market-schema.ts';
import { isClosed, resolutionOf, sortedOutcomes } from './resolution.ts';

const BASIS_POINTS = 10_000;

const timeOf = (text: string | null | undefined): number | null => (text === null || text === undefined ? null : parseIsoTime(text));

/**
 * A market as an instrument; undefined when it is not binary. The venue never says when a market closed: its category plans an
 * end, or its slug does (`…-15m-<startUnix>`), and many trade on past it.
 */
export function instrumentOf(market: PredictMarket, category?: PredictCategory): Instrument | undefined {
  const outcomes = sortedOutcomes(market.outcomes);
  if (outcomes.length !== 2) return undefined;
  const slug = market.categorySlug ?? category?.slug ?? '';
  const group = groupOf(market, category);
  const openings = [timeOf(market.createdAt), timeOf(category?.startsAt)].filter((time) => time !== null);
  const planned = timeOf(category?.endsAt) ?? endOfSeriesMember(slug);
  return {
    id: `${VENUE}:${market.id}`,
    source: VENUE,
    market: 'probability',
    title: market.question ?? market.title ?? slug,
    outcomes: outcomes.map(({ name }, index) => name ?? String(index)),
    outcomeIds: outcomes.map(({ onChainId }) => onChainId),
    opensAt: openings.length === 0 ? null : Math.min(...openings),
    closesAt: planned,
    ...(planned !== null && { endsAt: planned }),
    closed: isClosed(market),
    resolution: resolutionOf(market),
    fees:
      market.feeRateBps === null || market.feeRateBps === undefined ? null : { model: 'predict', rate: market.feeRateBps / BASIS_POINTS },
    tickSize: market.decimalPrecision === null || market.decimalPrecision === undefined ? null : Number(`1e-${market.decimalPrecision}`),
    twins: (market.polymarketConditionIds ?? []).map((conditionId) => `polymarket:${conditionId}`),
    ...(group !== null && { group }),
    ...(slug !== '' && { event: `${VENUE}:${slug}` }),
    book: null,
    reference: slug,
  };
}

/** How many markets the group has is known to its category alone. */
function groupOf({ isNegRisk, categorySlug }: PredictMarket, category: PredictCategory | undefined): ExclusiveGroup | null {
  const slug = categorySlug ?? category?.slug ?? '';
  if (isNegRisk !== true || slug === '') return null;
  const markets = category?.markets.filter((each) => isObject(each) && each.isNegRisk === true).length ?? null;
  return { id: `${VENUE}:${slug}`, markets };
}

/** `eth-updown-15m-1787839200` ends 15 minutes after the start in its name. */
function endOfSeriesMember(slug: string): number | null {
  const match = /-(\d{1,3})(m|h)-(\d{9,10})$/.exec(slug);
  if (match === null) return null;
  return Number(match[3]) * 1000 + Number(match[1]) * (match[2] === 'm' ? 60_000 : 3_600_000);
}
