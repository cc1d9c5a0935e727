import { z } from 'zod';

const id = z.union([z.string(), z.number()]).transform(String);

const outcome = z.object({
  indexSet: z.number(),
  name: z.string().nullish(),
  /** Null until the market is registered on the chain. */
  onChainId: id.nullish(),
  status: z.string().nullish(),
});

/** One market of `/v1/markets` or of a category: strict on what we use, open for everything else. */
export const predictMarketSchema = z.object({
  id,
  title: z.string().nullish(),
  question: z.string().nullish(),
  categorySlug: z.string().nullish(),
  outcomes: z.array(outcome),
  status: z.string(),
  tradingStatus: z.string().nullish(),
  createdAt: z.string().nullish(),
  decimalPrecision: z.number().nullish(),
  feeRateBps: z.number().nullish(),
  polymarketConditionIds: z.array(z.string()).nullish(),
  /** The same market at Kalshi. */
  kalshiMarketTicker: z.string().nullish().catch(null),
  /** The markets of its category exclude each other. No market is worth less without it, so another shape is as good as none. */
  isNegRisk: z.boolean().nullish().catch(null),
  /** The winning outcome, by name or as an object; the shape differs between clients, so it is read by hand. */
  resolution: z.unknown().optional(),
  variantData: z.object({ startPrice: z.unknown().optional(), endPrice: z.unknown().optional() }).nullish(),
});

export type PredictMarket = z.infer<typeof predictMarketSchema>;

/** Dates that only the category knows. */
export const predictCategorySchema = z.object({
  slug: z.string(),
  title: z.string().nullish(),
  startsAt: z.string().nullish(),
  endsAt: z.string().nullish(),
  markets: z.array(z.unknown()),
});

export type PredictCategory = z.infer<typeof predictCategorySchema>;
