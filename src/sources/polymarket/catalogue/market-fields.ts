import { isObject, type JsonObject } from '../../catalogue/schema-drift.ts';
import { noteFields } from '../../http/venue-changes.ts';
import { VENUE } from '../api.ts';

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

/** Notes fields that all markets lack. New fields alone are not noted, since most of them serve the venue's own pages. */
export function noteMarketFields(list: readonly unknown[]): void {
  const note = (rows: readonly unknown[], always: readonly string[]): void =>
    noteFields(VENUE, 'market', rows, { known: KNOWN, always, neverNull: always, notesNew: false });
  const markets = list.filter(isObject);
  const those = (test: (market: JsonObject) => boolean): readonly JsonObject[] => markets.filter(test);
  note(markets, ALWAYS);
  note(
    those(({ closed }) => closed === true),
    ['closedTime'],
  );
  note(
    those(({ feesEnabled }) => feesEnabled === true),
    ['feeSchedule'],
  );
}
