import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, it } from 'vitest';
import type { CatalogueEntry } from '../../src/contracts/catalogue.ts';
import { importDemoCatalogue } from '../../src/set-up/demo-catalogue.ts';
import { importSymbols, listSymbols, setEnabled } from '../../src/storage/markets/catalogue.ts';
import { testDatabase } from '../support/postgres.ts';

const entry = (symbol: string, file: string): CatalogueEntry => ({
  symbol,
  title: `about ${symbol}`,
  enabled: true,
  priority: 3,
  sources: { file: [{ path: file, columns: { time: 'Timestamp', price: 'Price' } }] },
});

it('a demo that is started again resets its own symbols and leaves those of the user unchanged', async () => {
  const home = await mkdtemp(path.join(tmpdir(), 'predictlab-demo-catalogue-'));
  const { database, url, close } = await testDatabase();
  try {
    await importDemoCatalogue({ url, home, entries: [entry('ONE', '1.csv'), entry('TWO', '2.csv'), entry('OLD', 'old.csv')] });
    await importSymbols(database, [entry('MINE', 'mine.csv')]);
    await setEnabled(database, ['TWO'], false);
    await importDemoCatalogue({ url, home, entries: [entry('ONE', 'other.csv'), entry('TWO', 'other.csv')] });
    expect(await listSymbols(database)).toEqual([
      entry('MINE', 'mine.csv'),
      entry('ONE', 'other.csv'),
      { ...entry('TWO', '2.csv'), enabled: false },
    ]);
  } finally {
    await close();
    await rm(home, { recursive: true, force: true });
  }
});
