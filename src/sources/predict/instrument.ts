import type { ExclusiveGroup, Instrument, SettlementSign } from '../../contracts/market-data.ts';
import { type Ending, endingOf } from '../../market/settlement.ts';
import { settlementTerms } from '../../market/settlement-terms.ts';
import { conditionId } from '../catalogue/condition-id.ts';
import { parseIsoTime, readNumber } from '../catalogue/scalars.ts';
import { isObject } from '../catalogue/schema-drift.ts';
import { noteWord } from '../http/venue-changes.ts';
import type { PredictCategory, PredictMarket } from './market-schema.ts';
import { VENUE } from './matches.ts';

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
const sortedOutcomes = (outcomes: PredictMarket['outcomes']): PredictMarket['outcomes'] =>
  [...outcomes].sort((a, b) => a.indexSet - b.indexSet);

const wordsOf = ({ outcomes }: PredictMarket): string[] =>
  sortedOutcomes(outcomes).map(({ status }) => status?.trim().toUpperCase() || '-');

/** Whether trading is over. The status may stay open long after the end price is known, so a single sign of the end is enough. */
function isClosed(market: PredictMarket): boolean {
  const { endPrice } = market.variantData ?? {};
  return (
    ENDED.has(market.status.toUpperCase()) ||
    (market.resolution !== null && market.resolution !== undefined) ||
    (endPrice !== null && endPrice !== undefined) ||
    ENDED.has(market.tradingStatus?.toUpperCase() ?? '') ||
    wordsOf(market).some((word) => ['WON', 'LOST', 'VOIDED'].includes(word))
  );
}

/**
 * The end of a market by the statuses of its outcomes, `resolution`, its own status, and the prices of an up/down market: Up wins if the
 * price rose, and a tie is a push (0.5), unlike at Polymarket. The venue gives no dates for these signs.
 */
function predictEnding(market: PredictMarket): Ending {
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
      payout: (1 + Math.sign(end - start)) / 2,
      said: `${start} → ${end}`,
      ...(start === end && { unsure: true as const }),
    });
  const none = words === '-/-' ? `closed (${market.status}) without a result` : `closed with its outcomes ${words}, which is not a result`;
  return endingOf(signs, null, none);
}
