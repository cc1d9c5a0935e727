import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import type { Interval } from '../../src/contracts/words.ts';
import { bucketStart } from '../../src/market/candles/bucket.ts';
import { buildCandles } from '../../src/market/candles/build-candles.ts';
import type { CandleColumns, SequencedTicks } from '../../src/market/candles/candle-columns.ts';
import { rollUp } from '../../src/market/candles/candle-set.ts';
import { predictlab } from '../cli/run-main.ts';
import { scratchFolder } from '../files/scratch.ts';
import { columnsOf, tick } from './ticks.ts';

const REFERENCE = join(import.meta.dirname, '../../../shared/reference');
const FREQTRADE = join(REFERENCE, 'freqtrade-trades-candles');
const TARDIS = join(REFERENCE, 'tardis-tradebars');

/** ts_ms, id, type, side, price, amount, cost */
type FreqtradeTrade = readonly [number, string, null, string, number, number, number];

const table = (file: string): number[][] =>
  readFileSync(file, 'utf8')
    .trim()
    .split('\n')
    .slice(1)
    .map((line) => line.split(',').map(Number));

const ohlcv = (candles: CandleColumns): number[][] =>
  Array.from({ length: candles.length }, (_, k) =>
    [candles.openTime, candles.open, candles.high, candles.low, candles.close, candles.volume].map((column) => column[k]),
  );

describe.skipIf(!existsSync(FREQTRADE))('candles built from freqtrade’s trades (skipped without ../shared/reference)', () => {
  const folder = scratchFolder();
  const trades = existsSync(FREQTRADE)
    ? (JSON.parse(gunzipSync(readFileSync(join(FREQTRADE, 'XRP_ETH-trades.json.gz'))).toString()) as FreqtradeTrade[])
    : [];
  const ticks: SequencedTicks = columnsOf(
    trades.map(([time, , , side, price, size], i) => tick(time, price, size, side === 'buy' ? 1 : 0, i)),
  );

  it('are the published 1m candles bit for bit', () => {
    expect(ohlcv(buildCandles(ticks, '1m'))).toEqual(table(join(FREQTRADE, 'XRP_ETH-1m.expected.csv')));
  });

  it('are the published 1h candles with their counts, built from ticks or rolled up from 1m', () => {
    const expected = table(join(FREQTRADE, 'XRP_ETH-1h.pandas.csv'));
    for (const candles of [buildCandles(ticks, '1h'), rollUp(buildCandles(ticks, '1m'), '1h')]) {
      expect(ohlcv(candles)).toEqual(expected.map((row) => row.slice(0, 6)));
      expect([...candles.trades]).toEqual(expected.map((row) => row[7]));
    }
  });

  it('have exact quote volumes, from which binary sums differ by the last digit in some hours', () => {
    const expected = table(join(FREQTRADE, 'XRP_ETH-1h.pandas.csv')).map((row) => row[6]);
    const ours = [...buildCandles(ticks, '1h').quoteVolume];
    const others = ours.filter((value, k) => value !== expected[k]);
    expect(others).toHaveLength(8);
    ours.forEach((value, k) => expect(Math.abs(value / expected[k] - 1)).toBeLessThan(2 ** -51));
  });

  it('are the same on the command line', async () => {
    const csv = ['ts_ms,id,type,side,price,amount,cost', ...trades.map((trade) => trade.join(','))].join('\n');
    const file = folder.write('XRP_ETH.csv', csv);
    const print = async (interval: Interval) => {
      const { code, out } = await predictlab(
        'candles',
        '--ticks',
        file,
        '--interval',
        interval,
        '--columns',
        'time=ts_ms,size=amount,tradeId=id',
      );
      expect(code).toBe(0);
      return out
        .trim()
        .split('\n')
        .slice(1)
        .map((line) => line.split(','))
        .map((cells) => [Date.parse(cells[5]), ...cells.slice(6, 11).map(Number)]);
    };
    expect(await print('1m')).toEqual(table(join(FREQTRADE, 'XRP_ETH-1m.expected.csv')));
    expect(await print('1h')).toEqual(table(join(FREQTRADE, 'XRP_ETH-1h.pandas.csv')).map((row) => row.slice(0, 6)));
  });
});

interface TardisCase {
  readonly trades: readonly { ts: string; price: number; amount: number; side: string }[];
  readonly bars: readonly (Record<'open' | 'high' | 'low' | 'close' | 'volume' | 'buyVolume' | 'trades', number> & {
    kind: string;
    timestamp: string;
  })[];
}

describe.skipIf(!existsSync(TARDIS))('candles built from tardis’ trades (skipped without ../shared/reference)', () => {
  const cases = existsSync(TARDIS) ? (JSON.parse(readFileSync(join(TARDIS, 'expected.json'), 'utf8')) as Record<string, TardisCase>) : {};

  for (const [name, { trades, bars }] of Object.entries(cases)) {
    it(`have the published minutes of ${name}, labelled by their start, with the earliest trade as the open`, () => {
      const candles = buildCandles(
        columnsOf(trades.map(({ ts, price, amount, side }, i) => tick(ts, price, amount, side === 'buy' ? 1 : 0, i))),
        '1m',
      );
      // the last minute of the stream is still open there
      const minutes = bars.filter(({ kind }) => kind === 'time');
      expect(minutes.length).toBeGreaterThan(0);
      for (const bar of minutes) {
        const k = candles.openTime.indexOf(Date.parse(bar.timestamp) - 60_000);
        expect(k).toBeGreaterThanOrEqual(0);
        for (const field of ['high', 'low', 'close', 'volume', 'buyVolume', 'trades'] as const) expect(candles[field][k]).toBe(bar[field]);
        // tardis opens with the first trade to arrive, we with the earliest: the same unless one came late
        const [earliest] = trades
          .filter(({ ts }) => bucketStart(Date.parse(ts), '1m') === candles.openTime[k])
          .sort((a, b) => Date.parse(a.ts) - Date.parse(b.ts));
        expect(candles.open[k]).toBe(earliest.price);
      }
    });
  }
});
