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
 * Computes the changes of the catalogue: removes entries of the last demo that this demo lacks; keeps entries that the user added or changed.
 * @param catalogue the current catalogue
 * @param before entries of the last demo; empty for the first demo, in which an entry with a demo's name counts as the demo's
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

/** Puts a demo's entries into the catalogue of its home, and records in a file there that they are the demo's. */
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
    // The first demo of this home, or a file that another program wrote.
    return [];
  }
}
