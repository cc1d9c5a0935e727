import { z } from 'zod';
import type { EarlierTerms, FeeSchedule, Instrument, SettlementSign } from '../../contracts/market-data.ts';
import { type Ending, endingOf } from '../../market/settlement.ts';
import { settlementTerms } from '../../market/settlement-terms.ts';
import { parseIsoTime, readNumber } from '../catalogue/scalars.ts';
import { parsedBy } from '../catalogue/schema-drift.ts';
import { yesNoMarket } from '../catalogue/yes-no-market.ts';
import { noteWord } from '../http/venue-changes.ts';

/** The source type of this venue, and the first part of its instruments’ ids. */
export const VENUE = 'kalshi';

const text = z.string().nullish();
const time = text.transform((value) => (value ? parseIsoTime(value) : null)).catch(null);
const decimal = z
  .unknown()
  .transform((value) => readNumber(value).value)
  .optional();

/** A market: strict for the fields that identify it, open for all others. */
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

/** The fees that a series charges now, and those before each change that the venue lists. */
export interface KalshiFees {
  readonly fees: FeeSchedule | null;
  readonly earlier: readonly EarlierTerms[];
}

export interface EventFacts extends KalshiFees {
  readonly title: string | null;
  /** Number of the event's markets if at most one of them pays; null if they do not exclude each other. */
  readonly exclusive: number | null;
}

/** The facts of a market whose event is not known. */
export const NO_FACTS = { title: null, exclusive: null, fees: null, earlier: [] } satisfies EventFacts;

/** Reads one market. @throws PredictLabError SourceSchemaChanged */
export const readMarket = (item: unknown, where: string): KalshiMarket => parsedBy(marketSchema, item, { venue: VENUE, where });

/** Converts a market into an instrument. @param now the venue's clock; a fee waiver ends at a time */
export function instrumentOf(market: KalshiMarket, event: EventFacts, now: number): Instrument {
  const closed = CLOSED.has(market.status.toLowerCase());
  const steps = (market.price_ranges ?? []).flatMap(({ step }) => (step !== null && step !== undefined && step > 0 ? [step] : []));
  const free = event.fees === null ? null : { ...event.fees, rate: 0 };
  const waivedUntil = free === null ? null : market.fee_waiver_expiration_time;
  const isWaived = waivedUntil !== null && waivedUntil > now;
  const tickSize = steps.length === 0 ? null : Math.min(...steps);
  const earlier = event.earlier.filter(({ until }) => until > Math.max(market.open_time ?? 0, waivedUntil ?? 0));
  const terms = waivedUntil === null || isWaived ? earlier : [{ until: waivedUntil, fees: free, tickSize }, ...earlier];
  const title = market.title || event.title || market.ticker;
  return yesNoMarket(VENUE, market.ticker, {
    title: market.yes_sub_title && !title.includes(market.yes_sub_title) ? `${title}: ${market.yes_sub_title}` : title,
    opensAt: market.open_time,
    closesAt: market.close_time,
    ...(market.latest_expiration_time !== null && { endsAt: market.latest_expiration_time }),
    closed,
    // an end in the future is a plan
    ...(closed && market.close_time !== null && market.close_time <= now && { closedAt: market.close_time }),
    ...endingOfMarket(market, closed),
    ...settlementTerms([market.rules_primary, market.rules_secondary], {
      delaySeconds: market.settlement_timer_seconds,
      mayCloseEarly: market.can_close_early,
    }),
    fees: isWaived ? free : event.fees,
    // The finest step: prices near 0 and 1 may have finer ones.
    tickSize,
    ...(!isWaived && terms.length > 0 && { earlierTerms: terms.map((term) => ({ ...term, tickSize })) }),
    ...(event.exclusive !== null && { group: { id: `${VENUE}:${market.event_ticker}`, markets: event.exclusive } }),
    event: `${VENUE}:${market.event_ticker}`,
  });
}

/** Statuses after which there is no trading, from the venue's client. */
const CLOSED = new Set(['closed', 'determined', 'disputed', 'amended', 'finalized', 'settled']);
const FINAL = new Set(['finalized', 'settled']);
/** Statuses of a result that may still change. */
const PENDING = new Set(['determined', 'disputed', 'amended']);
const STATUSES = new Set('INITIALIZED INACTIVE ACTIVE OPEN UNOPENED CLOSED DETERMINED DISPUTED AMENDED FINALIZED SETTLED'.split(' '));
const RESULTS: Readonly<Record<string, number>> = { yes: 1, no: 0 };
/** Results that the settlement value decides. */
const VALUED = new Set(['scalar', 'void', 'voided']);
/** Largest distance of a last trade from a payoff that it supports. */
const NEAR = 0.1;

/**
 * The end of a market by its status, result and settlement value. After a scalar or void result, a Yes contract pays the settlement value.
 */
function endingOfMarket(
  { status, result, settlement_value_dollars: value = null, last_price_dollars: last, settlement_ts }: KalshiMarket,
  closed: boolean,
): Ending {
  const word = status.toLowerCase();
  noteWord(VENUE, 'market', 'status', word, STATUSES);
  if (!closed) return { resolution: { kind: 'open' } };
  const signs: SettlementSign[] = [];
  const isPending = PENDING.has(word);
  if (isPending || FINAL.has(word)) signs.push({ sign: 'status', payout: null, said: word, ...(isPending && { pending: true }) });
  const said = result?.toLowerCase() ?? '';
  const isPayout = value !== null && value >= 0 && value <= 1;
  const stated = RESULTS[said] ?? (VALUED.has(said) && isPayout ? value : null);
  if (stated !== null) signs.push({ sign: 'result', payout: stated, said });
  else if (said !== '') {
    noteWord(VENUE, 'market', 'result', said, new Set(['YES', 'NO', 'SCALAR', 'VOID', 'VOIDED']));
    signs.push({ sign: 'result', payout: null, said, pending: true });
  }
  // a value that is no payout contradicts every result
  if (value !== null && said !== '' && !(VALUED.has(said) && isPayout))
    signs.push({
      sign: 'finalPrice',
      payout: isPayout ? value : null,
      said: `settlement value ${value}`,
      ...(!isPayout && { pending: true }),
    });
  if (last !== null && last !== undefined && ((last > 0 && last <= NEAR) || (last >= 1 - NEAR && last <= 1)))
    signs.push({ sign: 'lastTrade', payout: last <= NEAR ? 0 : 1, said: String(last), unsure: true });
  return endingOf(signs, settlement_ts, `closed (${word}) without a result`);
}
