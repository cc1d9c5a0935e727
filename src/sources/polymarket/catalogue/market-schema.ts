import { z } from 'zod';
import { isObject, type JsonObject } from '../../catalogue/schema-drift.ts';
import { storableStrings } from '../../http/foreign-text.ts';
import { noteFields } from '../../http/venue-changes.ts';
import { VENUE } from '../trades.ts';

/** Schema of a list that Gamma writes as JSON inside a JSON string; plain lists are accepted too. */
const listOf = <Item extends z.ZodType>(item: Item) =>
  z.preprocess((value, context) => {
    if (typeof value !== 'string') return value;
    try {
      // The check of the outer JSON does not see escapes in the inner one that Postgres cannot store.
      return storableStrings(JSON.parse(value));
    } catch {
      context.addIssue({ code: 'custom', message: 'a string that should hold a JSON list' });
      return z.NEVER;
    }
  }, z.array(item));

const textList = listOf(z.union([z.string(), z.number().transform(String)]));

const numberLike = z.union([z.number(), z.string().transform(Number)]).nullish();

/**
 * Schema of a Gamma market: strict for the fields that PredictLab uses, open for others. Only the identifying fields are required, because
 * answers leave out what a market does not have.
 */
const facts = z.object({
  conditionId: z.string().min(1),
  slug: z.string(),
  question: z.string().nullish(),
  outcomes: textList.nullish(),
  outcomePrices: textList.nullish(),
  /** Protocol version. `clobTokenIds` identify the outcomes in `v1` (or without a version), `positionIds` in `v2`. */
  version: z.union([z.string(), z.number().transform(String)]).nullish(),
  clobTokenIds: textList.nullish(),
  positionIds: textList.nullish(),
  closed: z.boolean(),
  startDate: z.string().nullish(),
  createdAt: z.string().nullish(),
  acceptingOrdersTimestamp: z.string().nullish(),
  endDate: z.string().nullish(),
  closedTime: z.string().nullish(),
  /** The rules as text, and the address of the source that decides the result. */
  description: z.string().nullish().catch(null),
  resolutionSource: z.string().nullish().catch(null),
  umaResolutionStatus: z.string().nullish(),
  /** The oracle's statuses so far, the latest last. */
  umaResolutionStatuses: textList.nullish().catch(null),
  /** `inactive`, `active` or `resolved` for a v2 market. */
  resolutionStatus: z.string().nullish(),
  lastTradePrice: numberLike.catch(null),
  orderPriceMinTickSize: numberLike,
  feesEnabled: z.boolean().nullish(),
  feeSchedule: z.object({ rate: z.number(), exponent: z.number().nullish() }).nullish(),
  enableOrderBook: z.boolean().nullish(),
  acceptingOrders: z.boolean().nullish(),
  /** Dollars traded since the market opened, as a string; `volumeNum` is the same as a number. */
  volume: numberLike.catch(null),
  volumeNum: numberLike.catch(null),
  events: listOf(z.object({ slug: z.string().nullish() }))
    .nullish()
    .catch(null),
  // A market can be collected without its group, so a group's field of an unexpected type counts as absent.
  negRisk: z.union([z.boolean(), z.stringbool()]).nullish().catch(null),
  /** Id that the mutually exclusive v1 markets of an event share; absent or empty for other markets. */
  negRiskMarketID: z.string().nullish().catch(null),
  /** Id that the mutually exclusive v2 markets of an event share. */
  onchainEventId: z.string().nullish().catch(null),
});

/**
 * The protocol version of a market in lower case; v1 where it has none. The version alone decides whether token ids or position ids are
 * traded, since answers may have both (seen on 2026-06-29).
 */
export const protocolOf = ({ version }: Pick<GammaMarket, 'version'>): string => {
  const word = version?.trim().toLowerCase() ?? '';
  return word === '' ? 'v1' : /^\d+$/.test(word) ? `v${word}` : word;
};

/** The field with the ids of a market's outcomes, by protocol version; undefined for a version that this build does not know. */
export const outcomeField = (market: Pick<GammaMarket, 'version'>): 'clobTokenIds' | 'positionIds' | undefined =>
  (({ v1: 'clobTokenIds', v2: 'positionIds' }) as const)[protocolOf(market)];

/** Schema of a Gamma market. One with an order book must have tokens and outcomes, or else those fields were renamed. */
export const gammaMarketSchema = facts.superRefine((market, context) => {
  if (market.enableOrderBook !== true && market.acceptingOrders !== true) return;
  for (const field of ['outcomes', outcomeField(market) ?? 'outcomes'] as const) {
    if (market[field] === undefined)
      context.addIssue({ code: 'custom', path: [field], message: 'a JSON list of a market with an order book' });
  }
});

export type GammaMarket = z.infer<typeof facts>;

/** All fields of a market in answers recorded in March, June and August 2026, and those that the venue's own client reads. */
const KNOWN = (
  'acceptingOrders acceptingOrdersTimestamp active approved archived automaticallyActive automaticallyResolved bestAsk bestBid ' +
  'clearBookOnStart clobRewards clobTokenIds closed closedTime competitive conditionId createdAt cryptoMarketConfig customLiveness cyom ' +
  'deploying deployingTimestamp description enableOrderBook endDate endDateIso eventStartTime events featured feeSchedule feeType ' +
  'feesEnabled funded gameId gameStartTime groupItemThreshold groupItemTitle hasReviewedDates holdingRewardsEnabled icon id image ' +
  'lastTradePrice line liquidity liquidityAmm liquidityClob liquidityNum makerBaseFee makerRebatesFeeShareBps manualActivation ' +
  'marketMakerAddress negRisk negRiskMarketID negRiskOther negRiskRequestID new onchainEventId oneDayPriceChange oneHourPriceChange ' +
  'oneMonthPriceChange oneWeekPriceChange orderMinSize orderPriceMinTickSize outcomePrices outcomes pagerDutyNotificationEnabled ' +
  'pendingDeployment positionIds question questionID ready requestId requiresTranslation resolutionSource resolutionStatus resolvedBy ' +
  'restricted rewardsMaxSpread rewardsMinSize rfqEnabled secondsDelay seriesColor showGmpOutcome showGmpSeries slug sportsMarketType ' +
  'spread startDate startDateIso submitted_by takerBaseFee umaBond umaEndDate umaResolutionStatus umaResolutionStatuses umaReward ' +
  'updatedAt version volume volume1mo volume1moClob volume1wk volume1wkClob volume1yr volume1yrClob volume24hr volume24hrClob ' +
  'volumeClob volumeNum'
).split(' ');

/** Fields that the adapter reads and every recorded market has. */
const ALWAYS = (
  'conditionId slug question outcomes outcomePrices closed enableOrderBook acceptingOrders startDate endDate createdAt feesEnabled ' +
  'negRisk orderPriceMinTickSize umaResolutionStatuses'
).split(' ');

/** Fields that all 312 recorded open markets have, so that their absence from a single market shows a change. Older markets lack some. */
const ALWAYS_WHILE_OPEN = 'startDate outcomes enableOrderBook acceptingOrders orderPriceMinTickSize negRisk'.split(' ');

/** Notes fields that all markets lack. New fields without a missing one are not noted, since most of them serve the venue's own pages. */
export function noteMarketFields(list: readonly unknown[]): void {
  const note = (rows: readonly unknown[], always: readonly string[], least?: number): void =>
    noteFields(VENUE, 'market', rows, { known: KNOWN, always, neverNull: always, notesNew: false, least });
  const markets = list.filter(isObject);
  const those = (test: (market: JsonObject) => boolean): readonly JsonObject[] => markets.filter(test);
  note(markets, ALWAYS);
  const open = those(({ closed }) => closed === false);
  if (open.length > 0) note(open, ALWAYS_WHILE_OPEN, 1);
  note(
    those(({ closed }) => closed === true),
    ['closedTime'],
  );
  note(
    those(({ feesEnabled }) => feesEnabled === true),
    ['feeSchedule'],
  );
}
