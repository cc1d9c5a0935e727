import type { CatalogueEntry } from '../contracts/catalogue.ts';
import { importSymbols, symbolNames } from '../storage/catalogue.ts';
import { type Queryable, withinTransaction } from '../storage/database.ts';
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

/** What a run's input may name; a new database has the shipped catalogue. */
export async function catalogueNames(queryable: Queryable): Promise<readonly Pick<CatalogueEntry, 'symbol' | 'enabled' | 'priority'>[]> {
  const names = await symbolNames(queryable);
  if (names.length > 0) return names;
  await ensureCatalogue(queryable);
  return await symbolNames(queryable);
}
