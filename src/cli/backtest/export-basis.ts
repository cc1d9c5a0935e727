import { type Cell, columnsOf } from '../../files/write/table.ts';
import type { Queryable } from '../../storage/database/database.ts';
import { instrumentsByKey, keysOf } from '../../storage/markets/instruments.ts';
import { readBasis } from '../../storage/markets/twin-basis.ts';
import { twinsOf } from '../../storage/markets/twins.ts';
import { type ExportFilter, selectedInstruments } from './export-filter.ts';

/** The columns of `export basis`; `buy` and `sell` are the profits per unit of buying or selling the market against its twin. */
export const BASIS_COLUMNS = columnsOf({
  symbol: 'text',
  source: 'text',
  instrument: 'text',
  twin_source: 'text',
  twin: 'text',
  interval: 'text',
  price_type: 'text',
  time: 'time',
  price: 'number',
  twin_price: 'number',
  difference: 'number',
  buy: 'number',
  sell: 'number',
});

/** The basis of each selected market to each of its twins; a pair of one symbol is exported once. */
export async function* basisRows(database: Queryable, filter: ExportFilter): AsyncGenerator<Cell[][]> {
  const { intervals, priceType, from, to } = filter;
  const selected = await selectedInstruments(database, filter);
  const stored = await instrumentsByKey(database, keysOf(selected));
  const twins = await twinsOf(database, [...stored.values()]);
  const seen = new Set<string>();
  for (const { symbol, source, instrument, key } of selected) {
    const market = stored.get(key);
    if (market === undefined) continue;
    for (const twin of twins.get(key) ?? []) {
      const pair = JSON.stringify([symbol, ...[instrument, twin.id].sort()]);
      if (seen.has(pair)) continue;
      seen.add(pair);
      for await (const one of readBasis(database, [market, twin], { intervals, priceType, from, to, asOf: Date.now() }))
        yield one.points.map(({ time, price, twinPrice, difference, buy, sell }) => {
          const series = [symbol, source, instrument, twin.source, twin.id, one.interval, one.priceType];
          return [...series, time, price, twinPrice, difference, buy, sell];
        });
    }
  }
}
