import type { CatalogueEntry } from '../../contracts/catalogue.ts';
import { SOURCE_TYPES } from '../../contracts/words.ts';
import { type Queryable, withinTransaction } from '../database/database.ts';
import { importSymbols, type SymbolName, symbolNames } from './catalogue.ts';
import { DEFAULT_CATALOGUE } from './default-catalogue.ts';

/**
 * Gives a new database the shipped catalogue, so that a first run with `{}` has something to do. Only while nobody has put a
 * symbol into it: whoever imports a catalogue of their own, or empties it later, is left alone.
 */
export async function ensureCatalogue(queryable: Queryable): Promise<void> {
  await withinTransaction(queryable, async (transaction) => {
    const { rows } = await transaction.query<{ started: boolean }>('select is_called as started from catalogue_started');
    if (!rows[0].started) await importSymbols(transaction, DEFAULT_CATALOGUE);
  });
}

type Names = readonly SymbolName[];

/** What a new database has, for whoever looks before there is one. */
export const shippedNames = (): Names =>
  shippedCatalogue().map(({ symbol, enabled, priority, sources }) => ({
    symbol,
    enabled,
    priority,
    sourceTypes: SOURCE_TYPES.filter((source) => (sources[source] ?? []).length > 0),
  }));

/** The catalogue of a new database, in the order in which it lists it. */
export const shippedCatalogue = (): readonly CatalogueEntry[] =>
  DEFAULT_CATALOGUE.toSorted((one, other) => (one.symbol < other.symbol ? -1 : 1));

/**
 * What a run's input may name, or only what it does name when all of that exists.
 *
 * @param symbols the input's field of that name, which nobody has checked yet
 */
export async function namesFor(queryable: Queryable, symbols: unknown): Promise<Names> {
  if (Array.isArray(symbols)) {
    const asked = new Set(symbols.filter((symbol): symbol is string => typeof symbol === 'string'));
    const known = asked.size === 0 ? [] : await symbolNames(queryable, [...asked]);
    if (known.length === asked.size && asked.size === new Set(symbols).size) return known;
  }
  // Every symbol is wanted, or the nearest one to a name that is unknown.
  return await catalogueNames(queryable);
}

/** The catalogue; a new database has the shipped one. */
export async function catalogueNames(queryable: Queryable): Promise<Names> {
  const names = await symbolNames(queryable);
  if (names.length > 0) return names;
  await ensureCatalogue(queryable);
  return await symbolNames(queryable);
}
