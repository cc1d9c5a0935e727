import { expect, it } from 'vitest';
import { importSymbols, removeSymbol } from '../../src/storage/markets/catalogue.ts';
import { catalogueNames, DEFAULT_CATALOGUE, namesFor } from '../../src/storage/markets/first-catalogue.ts';
import { testDatabase } from '../support/postgres.ts';

it('a new database starts with the shipped catalogue, while one that a user has filled or emptied is left unchanged', async () => {
  const fresh = await testDatabase();
  const names = (await catalogueNames(fresh.database)).map(({ symbol }) => symbol);
  expect(names).toEqual(DEFAULT_CATALOGUE.map(({ symbol }) => symbol).sort());
  for (const name of names) await removeSymbol(fresh.database, name);
  expect(await catalogueNames(fresh.database)).toEqual([]);
  await fresh.close();

  const own = await testDatabase();
  await importSymbols(own.database, [{ symbol: 'MINE', title: '', enabled: true, priority: 3, sources: {} }]);
  expect((await catalogueNames(own.database)).map(({ symbol }) => symbol)).toEqual(['MINE']);
  await removeSymbol(own.database, 'MINE');
  expect(await catalogueNames(own.database)).toEqual([]);
  await own.close();
});

it('an input is checked against the symbols that it names, and against all symbols when one of them is unknown', async () => {
  const { database, close } = await testDatabase();
  const all = (await catalogueNames(database)).map(({ symbol }) => symbol);
  const namesOf = async (input: { symbols?: unknown }) => (await namesFor(database, input.symbols)).map(({ symbol }) => symbol);
  expect(await namesOf({ symbols: ['ETH_PRICE', 'BTC_PRICE', 'BTC_PRICE'] })).toEqual(['BTC_PRICE', 'ETH_PRICE']);
  expect(await namesOf({ symbols: [] })).toEqual([]);
  for (const input of [{ symbols: ['BTC_PRCE'] }, { symbols: [7] }, { symbols: 'BTC_PRICE' }, {}])
    expect(await namesOf(input)).toEqual(all);
  await close();
});
