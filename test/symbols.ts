import { importSymbols } from '../src/storage/catalogue.ts';
import type { Queryable } from '../src/storage/database.ts';

/** AAA and BBB enabled, CCC not; priorities 1, 2, 3. Scripted stages never look at their sources. */
export async function importTestSymbols(database: Queryable): Promise<void> {
  const entries = ['AAA', 'BBB', 'CCC'].map((symbol, index) => ({
    symbol,
    title: '',
    enabled: symbol !== 'CCC',
    priority: index + 1,
    sources: { file: [{ path: 'none.csv' }] },
  }));
  await importSymbols(database, entries, { replace: true });
}
