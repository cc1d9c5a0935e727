import type { ExclusiveGroup, Instrument } from '../../contracts/market-data.ts';
import { parseIsoTime } from '../scalars.ts';
import { isObject } from '../schema-drift.ts';
import { SETTLE_MS } from '../time-ranges.ts';
import { VENUE } from './api.ts';
import type { PredictCategory, PredictMarket } from './market-schema.ts';
import { isClosed, resolutionOf, sortedOutcomes } from './resolution.ts';

const BASIS_POINTS = 10_000;

const timeOf = (text: string | null | undefined): number | null => (text === null || text === undefined ? null : parseIsoTime(text));

export interface MarketContext {
  readonly category?: PredictCategory;
  /** The same market as an earlier run saw it. */
  readonly known?: Instrument;
  readonly asOf: number;
}

/**
 * A market as an instrument; undefined when it is not binary. A market says no closing time: its category does, or its slug
 * (`…-15m-<startUnix>`), else the first run that sees it closed takes that moment.
 */
export function instrumentOf(market: PredictMarket, { category, known, asOf }: MarketContext): Instrument | undefined {
  const outcomes = sortedOutcomes(market.outcomes);
  if (outcomes.length !== 2) return undefined;
  const closed = isClosed(market);
  const slug = market.categorySlug ?? category?.slug ?? '';
  const planned = timeOf(category?.endsAt) ?? endOfSeriesMember(slug);
  const closesAt = closed ? closedAt({ planned, known, asOf }) : planned;
  const group = groupOf(market, category);
  const openings = [timeOf(market.createdAt), timeOf(category?.startsAt)].filter((time) => time !== null);
  return {
    id: `${VENUE}:${market.id}`,
    source: VENUE,
    market: 'probability',
    title: market.question ?? market.title ?? slug,
    outcomes: outcomes.map(({ name }, index) => name ?? String(index)),
    outcomeIds: outcomes.map(({ onChainId }) => onChainId),
    opensAt: openings.length === 0 ? null : Math.min(...openings),
    closesAt,
    closed,
    resolution: resolutionOf(market, closed ? closesAt : null),
    fees:
      market.feeRateBps === null || market.feeRateBps === undefined ? null : { model: 'predict', rate: market.feeRateBps / BASIS_POINTS },
    tickSize: market.decimalPrecision === null || market.decimalPrecision === undefined ? null : Number(`1e-${market.decimalPrecision}`),
    twins: (market.polymarketConditionIds ?? []).map((conditionId) => `polymarket:${conditionId}`),
    ...(group !== null && { group }),
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

/** A closed market's end: planned, unless that lies in the future (it ended early); else what an earlier run took, else now. */
function closedAt({ planned, known, asOf }: { planned: number | null; known: Instrument | undefined; asOf: number }): number {
  if (planned !== null && planned <= asOf) return planned;
  if (known?.closed === true && known.closesAt !== null) return known.closesAt;
  return asOf - SETTLE_MS;
}

/** `eth-updown-15m-1787839200` ends 15 minutes after the start in its name. */
function endOfSeriesMember(slug: string): number | null {
  const match = /-(\d{1,3})(m|h)-(\d{9,10})$/.exec(slug);
  if (match === null) return null;
  return Number(match[3]) * 1000 + Number(match[1]) * (match[2] === 'm' ? 60_000 : 3_600_000);
}
