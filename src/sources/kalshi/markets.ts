import { z } from 'zod';
import type { Instrument, SettlementSign } from '../../contracts/market-data.ts';
import { type Ending, endingOf } from '../../market/settlement.ts';
import { settlementTerms } from '../../market/settlement-terms.ts';
import { feeTerms, type StatedFees } from '../catalogue/fee-terms.ts';
import { decimal, text, time } from '../catalogue/scalars.ts';
import { parsedBy } from '../catalogue/schema-drift.ts';
import { noteWord } from '../http/venue-changes.ts';

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

/** What each status that the venue's client knows means for trading and the result. */
const STATUSES: Readonly<Record<string, 'open' | 'closed' | 'pending' | 'final'>> = {
  initialized: 'open',
  inactive: 'open',
  active: 'open',
  open: 'open',
  unopened: 'open',
  closed: 'closed',
  determined: 'pending',
  disputed: 'pending',
  amended: 'pending',
  finalized: 'final',
  settled: 'final',
};
/** Payout of each result; null where a Yes contract pays the settlement value. */
const RESULTS: Readonly<Record<string, number | null>> = { yes: 1, no: 0, scalar: null, void: null, voided: null };

/** Converts a market into an instrument. @param now the venue's clock, which decides whether a fee waiver is over */
export function instrumentOf(market: KalshiMarket, event: EventFacts, now: number): Instrument {
  const closed = isEnded(market.status);
  const steps = (market.price_ranges ?? []).flatMap(({ step }) => (typeof step === 'number' && step > 0 ? [step] : []));
  const title = market.title || event.title || market.ticker;
  return {
    id: `${VENUE}:${market.ticker}`,
    source: VENUE,
    market: 'probability',
    outcomes: ['Yes', 'No'],
    outcomeIds: ['yes', 'no'],
    twins: [],
    book: null,
    reference: market.ticker,
    title: market.yes_sub_title && !title.includes(market.yes_sub_title) ? `${title}: ${market.yes_sub_title}` : title,
    opensAt: market.open_time,
    closesAt: market.close_time,
    ...(market.latest_expiration_time !== null && { endsAt: market.latest_expiration_time }),
    closed,
    // a closing time in the future is only planned
    ...(closed && market.close_time !== null && market.close_time <= now && { closedAt: market.close_time }),
    ...statedEnd(market),
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
  };
}

/** Maximum distance between a last trade and a payoff (0 or 1) for the trade to support that payoff. */
const NEAR = 0.1;
const upper = (words: object): ReadonlySet<string> => new Set(Object.keys(words).map((word) => word.toUpperCase()));

/** Whether a status means that trading is over; an unknown status counts as open. */
const isEnded = (status: string): boolean => (STATUSES[status.toLowerCase()] ?? 'open') !== 'open';

/** The end of a market, by its status, result, settlement value and last price. */
function statedEnd({ status, result, settlement_value_dollars: paid, last_price_dollars: last, settlement_ts: at }: KalshiMarket): Ending {
  const word = status.toLowerCase();
  const value = paid ?? null;
  noteWord(VENUE, 'market', 'status', word, upper(STATUSES));
  const state = STATUSES[word] ?? 'open';
  if (state === 'open') return { resolution: { kind: 'open' } };
  const signs: SettlementSign[] = [];
  if (state !== 'closed') signs.push({ sign: 'status', payout: null, said: word, ...(state === 'pending' && { pending: true }) });
  const said = result?.toLowerCase() ?? '';
  const isPayout = value !== null && value >= 0 && value <= 1;
  const isValued = RESULTS[said] === null;
  const payout = RESULTS[said] ?? (isValued && isPayout ? value : null);
  if (payout !== null) signs.push({ sign: 'result', payout, said });
  else if (said !== '') {
    noteWord(VENUE, 'market', 'result', said, upper(RESULTS));
    signs.push({ sign: 'result', payout: null, said, pending: true });
  }
  // a settlement value that cannot be a payout contradicts every result
  if (value !== null && said !== '' && !(isValued && isPayout)) {
    const sign = { sign: 'finalPrice', said: `settlement value ${value}` } as const;
    signs.push({ ...sign, payout: isPayout ? value : null, ...(!isPayout && { pending: true }) });
  }
  if (last !== null && last !== undefined && ((last > 0 && last <= NEAR) || (last >= 1 - NEAR && last <= 1)))
    signs.push({ sign: 'lastTrade', payout: last <= NEAR ? 0 : 1, said: String(last), unsure: true });
  return endingOf(signs, at, `closed (${word}) without a result`);
}
