import { z } from 'zod';
import { DEFAULT_PRIORITY } from './words.ts';

/** Names of the CSV columns that hold each field of a tick; a file needs only `time` and `price`. */
export const tickColumnsSchema = z.strictObject({
  time: z.string().default('time'),
  price: z.string().default('price'),
  size: z.string().optional(),
  side: z.string().optional(),
  outcome: z.string().optional(),
  tradeId: z.string().optional(),
});

/** One entry of the symbol catalogue: `symbols import catalogue.json` takes an array of these. */
export const catalogueEntrySchema = z.strictObject({
  symbol: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,127}$/, 'write 1 to 128 letters, digits, _ . - and start with a letter or a digit'),
  title: z.string().default(''),
  enabled: z.boolean().default(true),
  priority: z.int().min(1).max(5).default(DEFAULT_PRIORITY),
  sources: z.record(z.string(), z.array(z.record(z.string(), z.unknown()))),
});

/** A symbol catalogue in the form that `symbols import` takes. */
export const catalogueSchema = z.array(catalogueEntrySchema);

export type CatalogueEntry = z.infer<typeof catalogueEntrySchema>;
export type TickColumnNames = z.infer<typeof tickColumnsSchema>;

/** A catalogue entry with only a name. */
export const emptyEntry = (symbol: string): CatalogueEntry => ({
  symbol,
  title: '',
  enabled: true,
  priority: DEFAULT_PRIORITY,
  sources: {},
});
