import type { Queryable } from '../../src/storage/database/database.ts';
import { importSymbols } from '../../src/storage/markets/catalogue.ts';

/** AAA and BBB enabled, CCC not; priorities 1, 2, 3. Scripted stages never look at their sources. */
export async function importTestSymbols(database: Queryable, names: readonly string[] = ['AAA', 'BBB', 'CCC']): Promise<void> {
  const entries = names.map((symbol, index) => ({
    symbol,
    title: '',
    enabled: symbol !== 'CCC',
    priority: Math.min(5, index + 1),
    // a source of a default run, or the run would leave the symbols out
    sources: { polymarket: [{ slug: 'none' }], file: [{ path: 'none.csv' }] },
  }));
  await importSymbols(database, entries, { replace: true });
}
