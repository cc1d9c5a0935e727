import { z } from 'zod';
import { ownFactsProblems, ownFactsShape } from './own-facts.ts';
import { DEFAULT_PRIORITY, MARKET_KINDS } from './words.ts';

const polymarketSelector = z.union([
  z.strictObject({ conditionId: z.string().regex(/^0x[0-9a-fA-F]+$/, 'a condition id starts with 0x') }),
  z.strictObject({ slug: z.string().min(1) }),
  z.strictObject({ eventSlug: z.string().min(1) }),
  z.strictObject({ seriesSlug: z.string().min(1) }),
]);

const predictSelector = z.union([
  z.strictObject({ marketId: z.int().positive() }),
  z.strictObject({ categorySlug: z.string().min(1) }),
  /** Every category `<seriesSlug>-<startUnix>` of the window, as with Polymarket. */
  z.strictObject({ seriesSlug: z.string().min(1) }),
]);

/** Names of the CSV columns that hold each field of a tick; a file needs only `time` and `price`. */
export const tickColumnsSchema = z.strictObject({
  time: z.string().default('time'),
  price: z.string().default('price'),
  size: z.string().optional(),
  side: z.string().optional(),
  outcome: z.string().optional(),
  tradeId: z.string().optional(),
});

const fileSelector = z
  .strictObject({
    /** A path or a glob, relative to where the command runs. */
    path: z.string().min(1),
    columns: tickColumnsSchema.partial().optional(),
    firstOutcome: z.string().optional(),
    market: z.enum(MARKET_KINDS).optional(),
    ...ownFactsShape,
  })
  .superRefine((selector, context) => {
    for (const { field, message } of ownFactsProblems(selector, selector.market ?? 'probability'))
      context.addIssue({ code: 'custom', path: [field], message });
  });

/** One entry of the symbol catalogue: `symbols import catalogue.json` takes an array of these. */
export const catalogueEntrySchema = z.strictObject({
  symbol: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,127}$/, 'write 1 to 128 letters, digits, _ . - and start with a letter or a digit'),
  title: z.string().default(''),
  enabled: z.boolean().default(true),
  priority: z.int().min(1).max(5).default(DEFAULT_PRIORITY),
  sources: z.strictObject({
    polymarket: z.array(polymarketSelector).optional(),
    predict: z.array(predictSelector).optional(),
    file: z.array(fileSelector).optional(),
  }),
});

/** A symbol catalogue in the form that `symbols import` takes. */
export const catalogueSchema = z.array(catalogueEntrySchema);

export type CatalogueEntry = z.infer<typeof catalogueEntrySchema>;
export type PolymarketSelector = z.infer<typeof polymarketSelector>;
export type PredictSelector = z.infer<typeof predictSelector>;
export type FileSelector = z.infer<typeof fileSelector>;
export type TickColumnNames = z.infer<typeof tickColumnsSchema>;

/** A catalogue entry with only a name. */
export const emptyEntry = (symbol: string): CatalogueEntry => ({
  symbol,
  title: '',
  enabled: true,
  priority: DEFAULT_PRIORITY,
  sources: {},
});
