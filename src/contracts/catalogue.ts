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

/** Ids of two markets at different venues that ask the same question. Each id starts with its source type. */
const twinsSchema = z
  .tuple([z.string(), z.string()])
  .refine(
    (pair) => pair.every((id) => /^[a-z][a-z\d-]*:./.test(id)),
    'write the ids of markets: a source type, a colon and the id at that venue',
  )
  .refine(([one, other]) => one.split(':')[0] !== other.split(':')[0], 'name markets of two different venues');
export type TwinIds = z.infer<typeof twinsSchema>;

const fields = {
  title: z.string().default(''),
  enabled: z.boolean().default(true),
  priority: z.int().min(1).max(5).default(DEFAULT_PRIORITY),
  sources: z.record(z.string(), z.array(z.record(z.string(), z.unknown()))),
  /** Twins that the user accepted, in addition to those that venues name. */
  twins: z.array(twinsSchema).optional(),
};

/** One symbol of the catalogue. The file that `symbols import` reads is an array of symbols and universes. */
export const catalogueEntrySchema = z.strictObject({
  symbol: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,127}$/, 'write 1 to 128 letters, digits, _ . - and start with a letter or a digit'),
  ...fields,
});

/** A universe of the catalogue: `sources` has the rules that choose its markets. Its shards are named `<universe>.<number>`. */
export const universeEntrySchema = z.strictObject({
  universe: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9_-]{0,99}$/, 'write 1 to 100 letters, digits, _ - and start with a letter or a digit'),
  ...fields,
});

/** A list of symbols in the form that `symbols import` takes. */
export const catalogueSchema = z.array(catalogueEntrySchema);

/** A symbol or a universe as the database stores it; `symbol` is the name of either. */
export type CatalogueEntry = z.infer<typeof catalogueEntrySchema> & { readonly kind?: 'universe' };
export type TickColumnNames = z.infer<typeof tickColumnsSchema>;

/** Creates a catalogue entry that has a name and no sources. */
export const emptyEntry = (symbol: string): CatalogueEntry => ({
  symbol,
  title: '',
  enabled: true,
  priority: DEFAULT_PRIORITY,
  sources: {},
});

/** An entry in the form that `symbols import` reads and `symbols export` writes. */
export function writtenEntry({ kind, symbol, ...fields }: CatalogueEntry): Readonly<Record<string, unknown>> {
  return kind === 'universe' ? { universe: symbol, ...fields } : { symbol, ...fields };
}
