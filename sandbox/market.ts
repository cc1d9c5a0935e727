import { createHash } from 'node:crypto';
import { hash } from './random.ts';

export type VenueName = 'polymarket' | 'predict' | 'kalshi';

/** The result of a closed market. `payout` is per unit of the first outcome; null marks a legacy market without a payoff. */
export interface Settlement {
  readonly payout: number | null;
  /** UTC epoch milliseconds. */
  readonly at: number;
  readonly disputed: boolean;
  /** Whether Predict.fun reports both outcomes as VOIDED. */
  readonly voided: boolean;
}

/** One made-up binary market at one venue. */
export interface Market {
  readonly venue: VenueName;
  /** `polymarket:<conditionId>`, `predict:<marketId>` or `kalshi:<ticker>`. */
  readonly instrument: string;
  /** Gamma's numeric id or Predict.fun's market id. */
  readonly number: number;
  /** Condition id of the market, 32 bytes. */
  readonly conditionId: string;
  /** Polymarket's protocol version. `tokens` are the position ids of a v2 market, which also shows token ids that are not traded. */
  readonly protocol: string;
  readonly slug: string;
  readonly question: string;
  readonly group: MarketGroup;
  readonly outcomes: readonly [string, string];
  /** CLOB token ids or onChainIds, index-aligned with `outcomes`. */
  readonly tokens: readonly [string, string];
  /** Decimals of the price grid; 2 means cents. */
  readonly decimals: number;
  /** UTC epoch milliseconds, multiples of `blockMs`. */
  readonly opensAt: number;
  readonly closesAt: number;
  /** Result of the market at `closesAt`; null for a market that stays open. */
  readonly settlement: Settlement | null;
  /** Condition ids of the same market at Polymarket. */
  readonly twins: readonly string[];
  /** Ticker of the same market at Kalshi. */
  readonly kalshiTicker: string | null;
  /** Base of the price path in logits. */
  readonly baseLogit: number;
  /** Strength of the price movement; 1 is normal. */
  readonly movement: number;
  /** Seed of the price path; markets with the same seed move together. */
  readonly pathSeed: number;
  /** Seed of all other properties of the market. */
  readonly seed: number;
  /** Length of a block in milliseconds; the trades of each block are generated independently. */
  readonly blockMs: number;
  /** Whether the market trades as much at night as in the afternoon. */
  readonly steady: boolean;
  /** Mean number of fills per block. */
  readonly fillsPerBlock: number;
  /** Exact total number of fills, for benchmarks; null to use the mean. */
  readonly exactFills: number | null;
}

/** An event (Polymarket) or a category (Predict.fun): the markets of one question. */
export interface MarketGroup {
  readonly venue: VenueName;
  readonly id: number;
  readonly slug: string;
  readonly title: string;
  readonly tags: readonly string[];
  readonly seriesSlug: string | null;
  readonly variant: 'DEFAULT' | 'CRYPTO_UP_DOWN' | 'SPORTS_MATCH';
  readonly negativeRisk: boolean;
  readonly markets: Market[];
}

/** Whether a market is closed at a time: it has no more trades, and its result is known. */
export const isClosed = (market: Market, now: number): boolean => market.settlement !== null && now >= market.closesAt;

/** An id of 32 bytes in hexadecimal. It depends only on the name, so that catalogues can contain it. */
export const hexId = (name: string): string => `0x${createHash('sha256').update(`sandbox ${name}`).digest('hex')}`;

/** A token id as the venues write it: a decimal integer of up to 77 digits. */
export const tokenId = (name: string): string => BigInt(hexId(name)).toString();

export interface MarketDraft {
  readonly key: string;
  readonly number: number;
  readonly slug: string;
  readonly question: string;
  readonly outcomes?: readonly [string, string];
  readonly decimals?: number;
  readonly opensAt: number;
  readonly closesAt: number;
  readonly settlement?: { readonly payout: number | null; readonly disputed?: boolean; readonly voided?: boolean } | null;
  /** Polymarket's protocol version. @default 'v1' */
  readonly protocol?: string;
  /** First byte of a v2 condition id. @default '01' */
  readonly structure?: string;
  readonly twins?: readonly string[];
  readonly kalshiTicker?: string;
  readonly path?: string;
  readonly baseLogit?: number;
  readonly movement?: number;
  readonly blockMs?: number;
  readonly steady?: boolean;
  readonly fillsPerBlock: number;
  readonly exactFills?: number;
}

/** Creates a market from a draft and adds it to its group. */
export function addMarket(group: MarketGroup, seed: number, draft: MarketDraft): Market {
  const name = `${group.venue}/${draft.key}`;
  const protocol = draft.protocol ?? 'v1';
  const conditionId = protocol === 'v1' ? hexId(name) : `0x${draft.structure ?? '01'}${hexId(name).slice(4, 64)}00`;
  const market: Market = {
    venue: group.venue,
    instrument: `${group.venue}:${{ polymarket: conditionId, predict: draft.number, kalshi: draft.slug }[group.venue]}`,
    number: draft.number,
    conditionId,
    protocol,
    slug: draft.slug,
    question: draft.question,
    group,
    outcomes: draft.outcomes ?? ['Yes', 'No'],
    tokens: [tokenId(`${name}/0`), tokenId(`${name}/1`)],
    decimals: draft.decimals ?? 2,
    opensAt: draft.opensAt,
    closesAt: draft.closesAt,
    settlement: draft.settlement
      ? {
          payout: draft.settlement.payout,
          at: draft.closesAt + 16_000,
          disputed: draft.settlement.disputed ?? false,
          voided: draft.settlement.voided ?? false,
        }
      : null,
    twins: draft.twins ?? [],
    kalshiTicker: draft.kalshiTicker ?? null,
    baseLogit: draft.baseLogit ?? 0,
    movement: draft.movement ?? 1,
    pathSeed: hash(seed, 'path', draft.path ?? draft.key),
    seed: hash(seed, name),
    blockMs: draft.blockMs ?? 3_600_000,
    steady: draft.steady ?? false,
    fillsPerBlock: draft.fillsPerBlock,
    exactFills: draft.exactFills ?? null,
  };
  group.markets.push(market);
  return market;
}
