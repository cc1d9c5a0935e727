import { z } from 'zod';

/** Lists that Gamma writes as JSON inside a JSON string; plain lists are accepted too. */
const textList = z.preprocess(
  (value, context) => {
    if (typeof value !== 'string') return value;
    try {
      return JSON.parse(value) as unknown;
    } catch {
      context.addIssue({ code: 'custom', message: 'a string that should hold a JSON list' });
      return z.NEVER;
    }
  },
  z.array(z.union([z.string(), z.number().transform(String)])),
);

const numberLike = z.union([z.number(), z.string().transform(Number)]).nullish();

/**
 * One market of Gamma: strict on what we use, open for everything else. Real answers leave out what a market does not have
 * (no end date, no order book), so only the fields that make it a market are required.
 */
export const gammaMarketSchema = z.object({
  conditionId: z.string().min(1),
  slug: z.string(),
  question: z.string().nullish(),
  outcomes: textList.nullish(),
  outcomePrices: textList.nullish(),
  clobTokenIds: textList.nullish(),
  closed: z.boolean(),
  startDate: z.string().nullish(),
  createdAt: z.string().nullish(),
  acceptingOrdersTimestamp: z.string().nullish(),
  endDate: z.string().nullish(),
  closedTime: z.string().nullish(),
  umaResolutionStatus: z.string().nullish(),
  orderPriceMinTickSize: numberLike,
  feesEnabled: z.boolean().nullish(),
  feeSchedule: z.object({ rate: z.number(), exponent: z.number().nullish() }).nullish(),
});

export type GammaMarket = z.infer<typeof gammaMarketSchema>;
