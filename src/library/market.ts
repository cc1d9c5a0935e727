import { type Market, plainMarket } from '../backtest/engine/market.ts';
import { PredictLabError } from '../contracts/errors.ts';
import { checkFields } from '../contracts/known-fields.ts';
import type { FeeSchedule } from '../contracts/market-data.ts';
import { ownFactsProblems } from '../contracts/own-facts.ts';
import { MARKET_KINDS, type MarketKind } from '../contracts/words.ts';
import { type Moment, momentOf } from './moment.ts';

/** What is known of a market; the names of a catalogue's `file` entry. */
export interface MarketFacts {
  /** @default 'probability' where a resolution is given, else 'asset' */
  readonly market?: MarketKind;
  /** What one unit of the first outcome paid, 0 to 1. @default the market is open: positions are marked */
  readonly resolution?: number;
  /** Orders that would fill at or after it die. */
  readonly closesAt?: Moment;
  /** @default none */
  readonly fees?: FeeSchedule;
  /** Smallest price step; prices are rounded to it against the trader. */
  readonly tick?: number;
}

/** The engine's market. @throws PredictLabError BadInput */
export function marketFrom(facts: MarketFacts): Market {
  checkFields('market', facts, ['market', 'resolution', 'closesAt', 'fees', 'tick']);
  const { resolution, closesAt, fees, tick } = facts;
  const kind = facts.market ?? (resolution === undefined ? 'asset' : 'probability');
  const refuse = (field: string, sentence: string): never => {
    throw new PredictLabError('BadInput', `market.${field}: ${sentence}`);
  };
  if (!MARKET_KINDS.includes(kind)) refuse('market', `write one of ${MARKET_KINDS.join(', ')}`);
  if (resolution !== undefined && !(resolution >= 0 && resolution <= 1)) refuse('resolution', `${resolution} is no payout; give 0 to 1`);
  if (tick !== undefined && !(tick > 0 && Number.isFinite(tick))) refuse('tick', `${tick} is no price step; give a number above 0`);
  const stated = { resolution, tick, ...(fees !== undefined && { fees }) };
  for (const { field, message } of ownFactsProblems(stated, kind)) refuse(field, message);
  const end = closesAt === undefined ? null : momentOf(closesAt, 'market.closesAt');
  return {
    ...plainMarket(kind, fees),
    tickSize: tick ?? null,
    closesAt: end,
    endsAt: end,
    resolution: resolution === undefined ? { kind: 'open' } : { kind: 'settled', payout: resolution, at: null },
  };
}
