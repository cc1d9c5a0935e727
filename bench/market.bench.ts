import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { INTERVAL_MS, type Interval } from '../src/contracts/words.ts';
import { buildFileCandles } from '../src/files/read/file-candles.ts';
import { openTickFile } from '../src/files/read/read-tick-file.ts';
import { plainNumber } from '../src/files/write/table.ts';
import { writeFileAtomically } from '../src/files/write/write-output.ts';
import { buildCandles } from '../src/market/candles/build-candles.ts';
import type { SequencedTicks } from '../src/market/candles/candle-columns.ts';
import { buildCandleSet } from '../src/market/candles/candle-set.ts';
import { flagOutliers } from '../src/market/flag-outliers.ts';
import { medianMs } from './measure.ts';
import type { BenchResult } from './result.ts';

const COUNT = 1_000_000;
const INTERVALS: readonly Interval[] = ['1h', '4h', '1d'];
const START = Date.UTC(2026, 0, 1);

/** Seeded numbers in [0, 1), so that every run measures the same ticks. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

/** A month of trades as a venue prints them: prices of 3 decimals, sizes of 2 or 6. */
function makeTicks(sizeDecimals: number, digits?: number): SequencedTicks {
  const next = random(7);
  const decimals = (value: number, places: number): number => (digits === undefined ? Number(value.toFixed(places)) : value);
  const step = (30 * INTERVAL_MS['1d']) / COUNT;
  return {
    length: COUNT,
    time: Float64Array.from({ length: COUNT }, (_, i) => START + Math.floor(i * step)),
    price: Float64Array.from({ length: COUNT }, () => decimals(0.01 + 0.98 * next(), 3)),
    size: Float64Array.from({ length: COUNT }, () => decimals(0.01 + 1000 * next(), sizeDecimals)),
    buy: Uint8Array.from({ length: COUNT }, () => (next() < 0.5 ? 0 : 1)),
  };
}

/** The baseline: a plain loop with binary sums, one pass per interval, without mergeable results. It shows the price of exact sums. */
function plainCandles(ticks: SequencedTicks, interval: Interval): number[][] {
  const length = INTERVAL_MS[interval];
  const candles: number[][] = [];
  let candle: number[] = [Number.NaN];
  for (let i = 0; i < ticks.length; i++) {
    const start = Math.floor(ticks.time[i] / length) * length;
    const price = ticks.price[i];
    const size = ticks.size[i];
    if (start !== candle[0]) {
      candle = [start, price, price, price, price, 0, 0, 0, 0];
      candles.push(candle);
    }
    if (price > candle[2]) candle[2] = price;
    if (price < candle[3]) candle[3] = price;
    candle[4] = price;
    candle[5] += size;
    candle[6] += size * price;
    if (ticks.buy[i] === 1) candle[7] += size;
    candle[8]++;
  }
  return candles;
}

export async function run(): Promise<readonly BenchResult[]> {
  const cents = makeTicks(2);
  const micro = makeTicks(6);
  const plain = await medianMs(() => INTERVALS.map((interval) => plainCandles(cents, interval)));
  const baseline = { name: 'a plain loop with binary sums', value: plain };
  const candles = async (name: string, ticks: SequencedTicks, note: string): Promise<BenchResult> => ({
    name,
    unit: 'ms',
    better: 'lower',
    ours: await medianMs(() => buildCandleSet(ticks, INTERVALS)),
    baseline,
    note,
  });
  return [
    await candles('candles of 1M ticks, 1h + 4h + 1d, sizes of 2 decimals', cents, 'target: under 25; exact decimal sums, mergeable'),
    await candles('the same, sizes of 6 decimals', micro, 'target: under 25'),
    await candles('the same, prices and sizes of 17 digits', makeTicks(0, 17), 'big integers: no venue prints such numbers'),
    {
      name: 'candles of 1M ticks, 1m',
      unit: 'ms',
      better: 'lower',
      ours: await medianMs(() => buildCandles(cents, '1m')),
      note: '43,200 candles',
    },
    { name: 'outliers in 1M ticks', unit: 'ms', better: 'lower', ours: await medianMs(() => flagOutliers(cents), { runs: 3 }) },
    await readingFiles(cents),
  ];
}

/** From a CSV on disk to candles in memory. */
async function readingFiles(ticks: SequencedTicks): Promise<BenchResult> {
  const folder = await mkdtemp(path.join(tmpdir(), 'predictlab-bench-'));
  try {
    const file = path.join(folder, 'ticks.csv');
    await writeFileAtomically(file, csvOf(ticks));
    const ms = await medianMs(
      async () => await buildFileCandles(await openTickFile(file), '1h', { market: 'probability', asOf: START + 40 * INTERVAL_MS['1d'] }),
      { runs: 3 },
    );
    return {
      name: 'candles --ticks of a CSV of 1M rows',
      unit: 'rows/s',
      better: 'higher',
      ours: (COUNT / ms) * 1000,
      note: 'parsing, rules and candles',
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function* csvOf({ length, time, price, size, buy }: SequencedTicks): AsyncGenerator<string> {
  yield 'time,price,size,side\n';
  for (let from = 0; from < length; from += 10_000) {
    let text = '';
    for (let i = from; i < Math.min(from + 10_000, length); i++)
      text += `${time[i]},${plainNumber(price[i])},${plainNumber(size[i])},${buy[i] === 1 ? 'buy' : 'sell'}\n`;
    yield text;
  }
}
