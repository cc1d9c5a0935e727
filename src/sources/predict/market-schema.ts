import { z } from 'zod';

const id = z.union([z.string(), z.number()]).transform(String);

const outcome = z.object({
  indexSet: z.number(),
  name: z.string().nullish(),
  /** Null until the market is registered on the chain. */
  onChainId: id.nullish(),
  status: z.string().nullish(),
});

/** Schema of a market, from `/v1/markets` or a category: strict for the fields that PredictLab uses, open for all others. */
export const predictMarketSchema = z.object({
  id,
  title: z.string().nullish(),
  question: z.string().nullish(),
  /** The market's rules, as text. */
  description: z.string().nullish().catch(null),
  categorySlug: z.string().nullish(),
  outcomes: z.array(outcome),
  status: z.string(),
  tradingStatus: z.string().nullish(),
  createdAt: z.string().nullish(),
  decimalPrecision: z.number().nullish(),
  feeRateBps: z.number().nullish(),
  polymarketConditionIds: z.array(z.string()).nullish(),
  /** Ticker of the twin at Kalshi. */
  kalshiMarketTicker: z.string().nullish().catch(null),
  /** Whether the markets of the category exclude each other. The field is optional, so an unexpected shape counts as absent. */
  isNegRisk: z.boolean().nullish().catch(null),
  /** The winning outcome, by name or as an object; the shape varies, so `predictEnding` reads it. */
  resolution: z.unknown().optional(),
  variantData: z.object({ startPrice: z.unknown().optional(), endPrice: z.unknown().optional() }).nullish(),
});

export type PredictMarket = z.infer<typeof predictMarketSchema>;

/** Schema of a category, which has dates that its markets lack. */
export const predictCategorySchema = z.object({
  slug: z.string(),
  title: z.string().nullish(),
  startsAt: z.string().nullish(),
  endsAt: z.string().nullish(),
  markets: z.array(z.unknown()),
});

export type PredictCategory = z.infer<typeof predictCategorySchema>;
