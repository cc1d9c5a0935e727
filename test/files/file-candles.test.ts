import { expect, it } from 'vitest';
import { buildFileCandles } from '../../src/files/read/file-candles.ts';
import { openTickFile } from '../../src/files/read/read-tick-file.ts';
import { scratchFolder } from './scratch.ts';

const folder = scratchFolder();

it('the candles of a tick file leave out repeats and bad rows, and are complete between the first and the last tick', async () => {
  const path = folder.write(
    'ticks.csv',
    [
      'time,price,size,side,trade_id',
      '2026-01-01T00:30:00Z,0.4,1,buy,a',
      '2026-01-01T01:00:00Z,0.5,2,sell,b',
      '2026-01-01T01:00:00Z,0.5,2,sell,b',
      '2026-01-01T01:59:59Z,1.5,2,sell,c',
      '2026-01-01T02:00:00Z,0.6,4,buy,b',
      '2026-01-01T02:30:00Z,0.7,8,,d',
      '2030-01-01T00:00:00Z,0.7,8,,e',
    ].join('\n'),
  );
  const asOf = Date.UTC(2026, 0, 2);
  const { series, quarantined, ...counts } = await buildFileCandles(await openTickFile(path), '1h', { market: 'probability', asOf });
  expect(counts).toEqual({ rows: 7, duplicates: 1, ticks: 4 });
  expect(quarantined.describe()).toBe('price-range 1 (line 5), time-range 1 (line 8)');
  const [{ kind, candles, complete }, ...others] = series;
  expect([kind, others]).toEqual(['trade', []]);
  expect([...candles.openTime]).toEqual([0, 1, 2].map((hour) => Date.UTC(2026, 0, 1, hour)));
  expect([...candles.trades]).toEqual([1, 1, 2]);
  expect([...candles.buyVolume]).toEqual([1, 0, 4]);
  expect([...complete]).toEqual([0, 1, 0]);
});

it('rows without a trade id are no repeats, and the later row of one time is the close', async () => {
  const path = folder.write(
    'same.csv',
    'time,price,size,trade_id\n2026-01-01T00:00:00Z,0.4,1,\n2026-01-01T00:00:00Z,0.6,1,\n2026-01-01T00:00:00Z,0.5,1,a\n',
  );
  const built = await buildFileCandles(await openTickFile(path), '1h', { market: 'probability', asOf: Date.UTC(2026, 0, 2) });
  expect(built).toMatchObject({ rows: 3, duplicates: 0, ticks: 3 });
  expect(built.series.map(({ candles }) => [candles.open[0], candles.close[0]])).toEqual([[0.4, 0.5]]);
});

it('a candle at the edge of a file is complete only when ticks reach its first and its last millisecond', async () => {
  const path = folder.write('edges.csv', 'time,price\n2026-01-01T00:00:00.000Z,0.4\n2026-01-01T00:59:59.999Z,0.5\n');
  const { series } = await buildFileCandles(await openTickFile(path), '1h', { market: 'probability', asOf: Date.UTC(2026, 0, 2) });
  expect(series.map(({ kind, complete }) => [kind, ...complete])).toEqual([['price', 1]]);
});
