import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { type CatalogueEntry, catalogueSchema } from '../contracts/catalogue.ts';
import { writeFileAtomically } from '../files/write/write-output.ts';
import { withinTransaction } from '../storage/database/database.ts';
import { openDatabase } from '../storage/database/open-database.ts';
import { importSymbols, listSymbols, removeSymbol } from '../storage/markets/catalogue.ts';

export interface DemoChanges {
  readonly put: readonly CatalogueEntry[];
  readonly remove: readonly string[];
}

/**
 * Computes how a demo changes the catalogue. Entries that only the last demo has are removed; entries of the user are kept.
 * @param catalogue the current catalogue
 * @param before entries of the last demo; empty for the first demo, which also replaces entries of the user that have the same name
 */
export function demoChanges({
  catalogue,
  before,
  entries,
}: {
  readonly catalogue: readonly CatalogueEntry[];
  readonly before: readonly CatalogueEntry[];
  readonly entries: readonly CatalogueEntry[];
}): DemoChanges {
  const now = new Map(catalogue.map((entry) => [entry.symbol, entry]));
  const put = new Map(before.map((entry) => [entry.symbol, entry]));
  const isUsers = (symbol: string): boolean => {
    const [is, was] = [now.get(symbol), put.get(symbol)];
    return is !== undefined && was !== undefined && !isDeepStrictEqual(is, was);
  };
  const names = new Set(entries.map(({ symbol }) => symbol));
  return {
    put: entries.filter(({ symbol }) => !isUsers(symbol)),
    remove: [...put.keys()].filter((symbol) => !names.has(symbol) && now.has(symbol) && !isUsers(symbol)),
  };
}

/** Puts a demo's entries into the catalogue, and records them in a file of the home folder, so that the next demo recognises them. */
export async function importDemoCatalogue({
  url,
  home,
  entries,
}: {
  readonly url: string;
  readonly home: string;
  readonly entries: readonly CatalogueEntry[];
}): Promise<void> {
  const note = path.join(home, 'catalogue.json');
  const before = await notedEntries(note);
  const database = await openDatabase({ url, max: 1, applicationName: 'predictlab-demo' });
  try {
    await withinTransaction(database, async (transaction) => {
      const changes = demoChanges({ catalogue: await listSymbols(transaction), before, entries });
      for (const symbol of changes.remove) await removeSymbol(transaction, symbol);
      await importSymbols(transaction, changes.put);
    });
  } finally {
    await database.close();
  }
  await writeFileAtomically(note, [JSON.stringify(entries, null, 2)]);
}

async function notedEntries(file: string): Promise<readonly CatalogueEntry[]> {
  try {
    return catalogueSchema.parse(JSON.parse(await readFile(file, 'utf8')));
  } catch {
    // No demo has run in this home folder yet, or another program has written the file.
    return [];
  }
}
