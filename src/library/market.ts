import { type AnnouncedEnd, type Market, marketOfFacts } from '../backtest/engine/market.ts';
import { badInput } from '../contracts/errors.ts';
import { checkFields } from '../contracts/known-fields.ts';
import type { FeeSchedule } from '../contracts/market-data.ts';
import { ownFactsProblems } from '../contracts/own-facts.ts';
import { MARKET_KINDS, type MarketKind } from '../contracts/words.ts';
import { type Moment, momentOf } from './moment.ts';

/** Facts about a market, with the field names of a catalogue's `file` entry. */
export interface MarketFacts {
  /** Kind of the market. @default 'probability' if a resolution is given, else 'asset' */
  readonly market?: MarketKind;
  /** Payout per unit of the first outcome, 0 to 1. @default the market is open: positions are valued at the last price */
  readonly resolution?: number;
  /** The announced end, which strategies can read: one time, or all announcements, oldest first, each known `from` a time on. */
  readonly endsAt?: Moment | readonly { readonly from: Moment; readonly endsAt: Moment }[];
  /** When the market actually closed: orders that would fill at or after it are cancelled. Strategies cannot read it. */
  readonly closedAt?: Moment;
  /** One time for `endsAt` and `closedAt` if the announced end is unknown; a strategy that reads the end may then look ahead. */
  readonly closesAt?: Moment;
  /** Event of markets that resolve together, which count as one draw (`senate-2022`). @default the market is an event of its own */
  readonly event?: string;
  /** Fees of the venue. @default no fees */
  readonly fees?: FeeSchedule;
  /** Smallest price step. Prices are rounded to it to the trader's disadvantage. @default prices are not rounded */
  readonly tick?: number;
}

/** Converts facts about a market to the engine's market. @throws PredictLabError BadInput for a wrong fact */
export function marketFrom(facts: MarketFacts): Market {
  checkFields('market', facts, ['market', 'resolution', 'endsAt', 'closedAt', 'closesAt', 'event', 'fees', 'tick']);
  const { resolution, endsAt, closedAt, closesAt, event, fees, tick } = facts;
  const kind = facts.market ?? (resolution === undefined ? 'asset' : 'probability');
  const refuse = (field: string, sentence: string): never => {
    throw badInput(`market.${field}: ${sentence}`);
  };
  if (!MARKET_KINDS.includes(kind)) refuse('market', `write one of ${MARKET_KINDS.join(', ')}`);
  if (resolution !== undefined && !(resolution >= 0 && resolution <= 1))
    refuse('resolution', `${resolution} is not a valid payout; give 0 to 1`);
  if (tick !== undefined && !(tick > 0 && Number.isFinite(tick)))
    refuse('tick', `${tick} is not a valid price step; give a number above 0`);
  if (event !== undefined && (typeof event !== 'string' || event === '')) refuse('event', 'write a name, such as "senate-2022"');
  const at = (value: Moment | undefined, field: string): number | undefined =>
    value === undefined ? undefined : momentOf(value, `market.${field}`);
  const ends = Array.isArray(endsAt) ? announcements(endsAt as readonly { from: Moment; endsAt: Moment }[]) : undefined;
  const times = {
    closesAt: at(closesAt, 'closesAt'),
    closedAt: at(closedAt, 'closedAt'),
    endsAt: ends?.endsAt ?? at(endsAt as Moment | undefined, 'endsAt'),
  };
  const iso = Object.fromEntries(
    Object.entries(times).flatMap(([name, time]) => (time === undefined ? [] : [[name, new Date(time).toISOString()]])),
  );
  const stated = { resolution, tick, ...iso, ...(fees !== undefined && { fees }) };
  for (const { field, message } of ownFactsProblems(stated, kind)) refuse(field, message);
  return marketOfFacts(kind, { resolution, fees, tick, event, ...times, ...(ends !== undefined && { earlierEnds: ends.earlierEnds }) });
}

/** Splits announcements of an end into the last one and the earlier ones. @throws PredictLabError BadInput unless they are oldest first */
function announcements(list: readonly { readonly from: Moment; readonly endsAt: Moment }[]): {
  readonly endsAt: number;
  readonly earlierEnds: readonly AnnouncedEnd[];
} {
  const known = list.map(({ from, endsAt }, i) => ({
    from: momentOf(from, `market.endsAt[${i}].from`),
    endsAt: momentOf(endsAt, `market.endsAt[${i}].endsAt`),
  }));
  const unsorted = known.findIndex(({ from }, i) => i > 0 && from <= known[i - 1].from);
  if (known.length === 0 || unsorted >= 0)
    throw badInput(`market.endsAt${unsorted < 0 ? '' : `[${unsorted}]`}: list at least one announcement, oldest first`);
  return {
    endsAt: known[known.length - 1].endsAt,
    earlierEnds: known.map(({ from }, i) => ({ until: from, endsAt: known[i - 1]?.endsAt ?? null })),
  };
}
