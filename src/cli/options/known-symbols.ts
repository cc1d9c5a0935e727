import type { Database } from '../../storage/database/database.ts';
import { symbolsByName } from '../../storage/markets/catalogue.ts';
import { exportedInstruments } from '../../storage/ticks/ticks.ts';
import { usageError } from '../terminal/print.ts';

/** Refuses symbols that neither the catalogue nor the stored data has. */
export async function checkSymbols(database: Database, symbols: readonly string[]): Promise<void> {
  const listed = await symbolsByName(database, symbols);
  const withData = new Set((await exportedInstruments(database, symbols)).map(({ symbol }) => symbol));
  const unknown = symbols.filter((symbol) => !listed.has(symbol) && !withData.has(symbol));
  if (unknown.length > 0) throw usageError(`there is no symbol ${unknown.join(', ')}; \`predictlab symbols list\` shows what there is`);
}
