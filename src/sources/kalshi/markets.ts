import { z } from 'zod';
import type { Instrument } from '../../contracts/market-data.ts';
import { settlementTerms } from '../../market/settlement-terms.ts';
import { feeTerms, type StatedFees } from '../catalogue/fee-terms.ts';
import { decimal, text, time } from '../catalogue/scalars.ts';
import { parsedBy } from '../catalogue/schema-drift.ts';
import { endWords, isEnded, statedEnd } from '../catalogue/stated-end.ts';
import { yesNoMarket } from '../catalogue/yes-no-market.ts';

/** The source type of this venue, and the first part of its instruments’ ids. */
export const VENUE = 'kalshi';

/** Schema of a market: strict for the fields that identify it, open for all others. */
const marketSchema = z.object({
  ticker: z.string().min(1),
  event_ticker: z.string(),
  title: text,
  yes_sub_title: text,
  status: z.string(),
  result: text,
  rules_primary: text.catch(null),
  rules_secondary: text.catch(null),
  settlement_timer_seconds: decimal,
  can_close_early: z.boolean().nullish().catch(null),
  settlement_value_dollars: decimal,
  last_price_dollars: decimal,
  volume_fp: decimal,
  settlement_ts: time,
  open_time: time,
  close_time: time,
  latest_expiration_time: time,
  fee_waiver_expiration_time: time,
  price_ranges: z
    .array(z.object({ step: decimal }))
    .nullish()
    .catch(null),
});
export type KalshiMarket = z.infer<typeof marketSchema>;

export interface EventFacts extends StatedFees {
  readonly title: string | null;
  /** Number of the event's markets if at most one of them pays; null if they do not exclude each other. */
  readonly exclusive: number | null;
}

/** The facts of a market whose event is not known. */
export const NO_FACTS = { title: null, exclusive: null, fees: null, earlier: [] } satisfies EventFacts;

/** Reads one market. @throws PredictLabError SourceSchemaChanged */
export const readMarket = (item: unknown, where: string): KalshiMarket => parsedBy(marketSchema, item, { venue: VENUE, where });

/** The statuses and results that the venue's client knows. After a scalar or void result, a Yes contract pays the settlement value. */
const WORDS = endWords(VENUE, {
  open: 'initialized inactive active open unopened',
  closed: 'closed',
  pending: 'determined disputed amended',
  final: 'finalized settled',
  results: { yes: 1, no: 0, scalar: null, void: null, voided: null },
});

/** Converts a market into an instrument. @param now the venue's clock, which decides whether a fee waiver is over */
export function instrumentOf(market: KalshiMarket, event: EventFacts, now: number): Instrument {
  const closed = isEnded(WORDS, market.status);
  const steps = (market.price_ranges ?? []).flatMap(({ step }) => (step !== null && step !== undefined && step > 0 ? [step] : []));
  const { settlement_value_dollars: value, last_price_dollars: lastPrice, settlement_ts: at } = market;
  const title = market.title || event.title || market.ticker;
  return yesNoMarket(VENUE, market.ticker, {
    title: market.yes_sub_title && !title.includes(market.yes_sub_title) ? `${title}: ${market.yes_sub_title}` : title,
    opensAt: market.open_time,
    closesAt: market.close_time,
    ...(market.latest_expiration_time !== null && { endsAt: market.latest_expiration_time }),
    closed,
    // a closing time in the future is only planned
    ...(closed && market.close_time !== null && market.close_time <= now && { closedAt: market.close_time }),
    ...statedEnd(WORDS, { status: market.status, result: market.result, value, lastPrice, at }),
    ...settlementTerms([market.rules_primary, market.rules_secondary], {
      delaySeconds: market.settlement_timer_seconds,
      mayCloseEarly: market.can_close_early,
    }),
    ...feeTerms(event, {
      opensAt: market.open_time,
      waivedUntil: market.fee_waiver_expiration_time,
      // The finest of the market's price steps, which may be finer near 0 and 1 than between.
      tickSize: steps.length === 0 ? null : Math.min(...steps),
      now,
    }),
    ...(event.exclusive !== null && { group: { id: `${VENUE}:${market.event_ticker}`, markets: event.exclusive } }),
    event: `${VENUE}:${market.event_ticker}`,
    ...(typeof market.volume_fp === 'number' && { stated: { volume: market.volume_fp, unit: 'sizes', trades: null, at: 0 } }),
  });
}
