import { backtestData } from '../src/backtest/engine/backtest-data.ts';
import type { CandleSeries } from '../src/backtest/engine/candle-series.ts';
import { plainMarket } from '../src/backtest/engine/market.ts';
import { seededRandom } from '../src/backtest/metrics/distributions.ts';
import { execute, finish, optionsFor, type Trial } from '../src/backtest/run-backtest.ts';
import { runTrials } from '../src/backtest/run-trials.ts';
import { type ParamsInput, strategyTrials } from '../src/backtest/strategies/registry.ts';
import { median, medianMs } from './measure.ts';
import type { BenchResult } from './result.ts';

const HOUR = 3_600_000;
const market = plainMarket('asset', { model: 'flat', rate: 0.001 });
const unproved = optionsFor(market, { proofCuts: 0 });
const proved = optionsFor(market);

/** The peers' figures were measured on this kind of machine (backtesting.py 0.6, vectorbt 0.28); run them again to compare here. */
const recorded = (library: string, value: number) => ({ name: `${library}, recorded`, value });

/** A fixed loop over 10,000 numbers, as a measure of the machine's speed at this time: ratios to it compare between days. */
function reference(): number {
  const values = new Float64Array(10_000);
  let sum = 1;
  for (let round = 0; round < 40; round++)
    for (let i = 0; i < values.length; i++) {
      sum = sum * 0.999 + (i & 7);
      values[i] = sum + values[(i + 1) % values.length];
    }
  return sum;
}

export async function run(): Promise<readonly BenchResult[]> {
  const unit = await medianMs(reference, { runs: 61, warmUps: 10 });
  const inUnits = (ms: number): string => `${(ms / unit).toFixed(2)}× a reference loop of ${unit.toFixed(2)} ms`;
  const long = walk(10_000, 1);
  const [cross] = trialsOf('sma-cross', { fast: 10, slow: 30 });
  const one = (options: typeof proved): (() => void) => {
    // a fresh series each time: checking, hashing and indicators are part of a backtest
    return () => {
      const data = backtestData(long, market);
      finish(data, execute(data, cross, options), options, { count: 1 });
    };
  };
  const plain = await medianMs(one(unproved), { runs: 101, warmUps: 30 });
  const withProof = await medianMs(one(proved), { runs: 101, warmUps: 30 });
  const range = (count: number, from: number, step: number): number[] => Array.from({ length: count }, (_, i) => from + i * step);
  const grid = trialsOf('sma-cross', { fast: range(20, 5, 1), slow: range(50, 30, 2) });
  const gridMs = await medianMs(() => runTrials(backtestData(long, market), grid, unproved), { runs: 5 });
  const instruments = range(200, 1, 1).map((seed) => walk(168, seed));
  const five = ['sma-cross', 'ema-cross', 'rsi', 'bollinger', 'breakout'].flatMap((name) => trialsOf(name, {}));
  const many = (options: typeof proved, trials = five): (() => void) => {
    return () => {
      for (const candles of instruments) runTrials(backtestData(candles, market), trials, options);
    };
  };
  const manyMs = await medianMs(many(unproved), { runs: 15, warmUps: 3 });
  const manyProved = await medianMs(many(proved), { runs: 15, warmUps: 3 });
  // a copy of a shipped strategy is a user's, which decides behind the fence
  const users = five.map((trial) => ({ ...trial, strategy: { ...trial.strategy } }));
  const fencedMs: number[] = [];
  const ratios: number[] = [];
  for (let turn = 0; turn < 9; turn++) {
    const shipped = await medianMs(many(unproved), { runs: 3 });
    const fenced = await medianMs(many(unproved, users), { runs: 3 });
    fencedMs.push(fenced);
    ratios.push(fenced / shipped);
  }
  return [
    {
      name: 'sma-cross on 10,000 bars, metrics and passport',
      unit: 'ms',
      better: 'lower',
      ours: plain,
      baseline: recorded('vectorbt', 55),
      note: `${inUnits(plain)}; target: under 1; backtesting.py 79`,
    },
    {
      name: 'the same with the look-ahead proof',
      unit: 'ms',
      better: 'lower',
      ours: withProof,
      note: `${inUnits(withProof)}; ${(withProof / plain).toFixed(2)}× the plain run; target: under 4`,
    },
    {
      name: `grid of ${grid.length} combinations on 10,000 bars, one core`,
      unit: 'ms',
      better: 'lower',
      ours: gridMs,
      baseline: recorded('vectorbt on two cores', 5600),
      note: `${inUnits(gridMs)}; target: under 500; with deflated Sharpe and overfitting`,
    },
    {
      name: '200 instruments × 5 strategies × 168 bars',
      unit: 'ms',
      better: 'lower',
      ours: manyMs,
      baseline: recorded('vectorbt', 380),
      note: `${inUnits(manyMs)}; target: under 50; backtesting.py 14,900; ${manyProved.toFixed(0)} ms with proofs`,
    },
    {
      name: 'the same strategies as those of a user, behind the fence',
      unit: 'ms',
      better: 'lower',
      ours: median(fencedMs),
      note: `${median(ratios).toFixed(2)}× the shipped ones in ${ratios.length} alternating turns; target: under 1.3`,
    },
  ];
}

function trialsOf(name: string, params: ParamsInput): Trial[] {
  const checked = strategyTrials(name, params);
  if ('problems' in checked) throw new Error(checked.problems.join('; '));
  return checked.trials.map((trial) => ({ strategy: checked.strategy, params: trial }));
}

/** Hourly bars of a random walk. */
function walk(length: number, seed: number): CandleSeries {
  const random = seededRandom(seed);
  const column = (): Float64Array => new Float64Array(length);
  const candles = { length, openTime: column(), open: column(), high: column(), low: column(), close: column(), volume: column() };
  let price = 100;
  for (let i = 0; i < length; i++) {
    const open = price;
    price *= 1 + (random() - 0.5) * 0.02;
    candles.openTime[i] = i * HOUR;
    candles.open[i] = open;
    candles.high[i] = Math.max(open, price) * 1.001;
    candles.low[i] = Math.min(open, price) * 0.999;
    candles.close[i] = price;
    candles.volume[i] = random() * 1000;
  }
  return candles;
}
