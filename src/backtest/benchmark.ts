import type { BacktestData } from './engine/backtest-data.ts';
import { LONG, wordsOnly } from './engine/decision-log.ts';
import { measure } from './engine/measure.ts';
import type { BacktestOptions } from './engine/options.ts';
import type { Simulation } from './engine/trade.ts';
import { simulate } from './engine/trader.ts';
import { type Measured, separate } from './metrics/measured.ts';
import { skillOf } from './metrics/skill.ts';

/** What a result is to be held against. */
export interface Benchmark {
  /** Buying at the second bar and holding, on the same terms. */
  readonly buyAndHold: {
    readonly totalReturn: number | null;
    readonly sharpe: number | null;
    readonly maxDrawdown: number | null;
    readonly finalEquity: number | null;
  };
  /** Brier score of the market's closes, of the belief that the strategy's holdings imply, and 1 − the second over the first. */
  readonly marketBrier: number | null;
  readonly beliefBrier: number | null;
  readonly skill: number | null;
  /** Why a number is null. */
  readonly undefined: Readonly<Record<string, string>>;
}

type Held = Readonly<Record<keyof Benchmark['buyAndHold'], Measured>>;

/** What holding each series brings on the terms that were asked for: the same for every trial on it. */
const held = new WeakMap<BacktestData, Map<string, Held>>();

function buyAndHold(data: BacktestData, options: BacktestOptions): Held {
  const known = held.get(data) ?? new Map<string, Held>();
  held.set(data, known);
  const terms = JSON.stringify(options);
  const before = known.get(terms);
  if (before !== undefined) return before;
  const { candles, market } = data;
  const codes = new Uint8Array(candles.length);
  codes[0] = LONG;
  const { metrics } = measure({
    candles,
    market,
    simulation: simulate(candles, wordsOnly(codes), { ...data, options }),
    cash: options.cash,
  });
  const { totalReturn, sharpe, maxDrawdown, finalEquity } = metrics;
  const result = { totalReturn, sharpe, maxDrawdown, finalEquity };
  known.set(terms, result);
  return result;
}

/** Holds what a strategy did on a series against holding it, and against the market's own price. */
export function benchmarkOf(data: BacktestData, options: BacktestOptions, simulation: Simulation): Benchmark {
  const holding = separate(buyAndHold(data, options));
  const { values, reasons } = separate({ ...skillOf(data.candles, data.market, simulation) });
  return {
    buyAndHold: holding.values,
    ...values,
    undefined: { ...Object.fromEntries(Object.entries(holding.reasons).map(([name, why]) => [`buyAndHold.${name}`, why])), ...reasons },
  };
}
