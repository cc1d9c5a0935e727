import type { CatalogueEntry } from '../../contracts/catalogue.ts';
import { SOURCE_TYPES } from '../../contracts/words.ts';
import { type Queryable, withinTransaction } from '../database/database.ts';
import { importSymbols, listSymbols, type SymbolName, symbolNames } from './catalogue.ts';
import { DEFAULT_CATALOGUE } from './default-catalogue.ts';

/**
 * Gives a new database the shipped catalogue, so that a first run with `{}` has something to do. Only while no symbol was ever put into it: an
 * imported catalogue, or one that its owner emptied, is left alone.
 */
export async function ensureCatalogue(queryable: Queryable): Promise<void> {
  await withinTransaction(queryable, async (transaction) => {
    const { rows } = await transaction.query<{ started: boolean }>('select is_called as started from catalogue_started');
    if (!rows[0].started) await importSymbols(transaction, DEFAULT_CATALOGUE);
  });
}

/** The catalogue; a new database gets the shipped one. Writes nothing where there is one, so that a role that may only read can list it. */
export async function currentCatalogue(queryable: Queryable): Promise<readonly CatalogueEntry[]> {
  const entries = await listSymbols(queryable);
  if (entries.length > 0) return entries;
  await ensureCatalogue(queryable);
  return await listSymbols(queryable);
}

type Names = readonly SymbolName[];

/** The names that a new database has, for commands that run before there is one. */
export const shippedNames = (): Names =>
  shippedCatalogue().map(({ symbol, enabled, priority, sources }) => ({
    symbol,
    enabled,
    priority,
    sourceTypes: SOURCE_TYPES.filter((source) => (sources[source] ?? []).length > 0),
  }));

/** The catalogue of a new database, in its order. */
export const shippedCatalogue = (): readonly CatalogueEntry[] =>
  DEFAULT_CATALOGUE.toSorted((one, other) => (one.symbol < other.symbol ? -1 : 1));

/**
 * Names that a run's input may use; only the names it does use, when all of them exist.
 *
 * @param symbols the input's field of that name, not yet validated
 */
export async function namesFor(queryable: Queryable, symbols: unknown): Promise<Names> {
  if (Array.isArray(symbols)) {
    const asked = new Set(symbols.filter((symbol): symbol is string => typeof symbol === 'string'));
    const known = asked.size === 0 ? [] : await symbolNames(queryable, [...asked]);
    if (known.length === asked.size && asked.size === new Set(symbols).size) return known;
  }
  // All names are needed: every symbol is wanted, or a suggestion for an unknown name.
  return await catalogueNames(queryable);
}

/** Names in the catalogue; a new database has the shipped one. */
export async function catalogueNames(queryable: Queryable): Promise<Names> {
  const names = await symbolNames(queryable);
  if (names.length > 0) return names;
  await ensureCatalogue(queryable);
  return await symbolNames(queryable);
}
