import type { BacktestData } from './engine/backtest-data.ts';
import { PERIODS_PER_YEAR } from './engine/curve-metrics.ts';
import { LONG, wordsOnly } from './engine/decision-log.ts';
import { measureDailyReturns } from './engine/measure.ts';
import type { BacktestOptions } from './engine/options.ts';
import type { Simulation } from './engine/trading/trade.ts';
import { simulate } from './engine/trading/trader.ts';
import { maxDrawdown } from './metrics/max-drawdown.ts';
import { separate } from './metrics/measured.ts';
import { weakMetrics, weakOutcomes } from './metrics/sample.ts';
import { sharpe } from './metrics/sharpe.ts';
import { skillOf } from './metrics/skill.ts';
import { optionsText } from './proof/passport.ts';

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
  /** Why a number rests on too little: a strategy that trades one market has forecast one outcome. */
  readonly weak: Readonly<Record<string, string>>;
}

/** What holding brought, with what of it is undefined and what rests on too little. */
type Held = Pick<Benchmark, 'buyAndHold' | 'undefined' | 'weak'>;

/** What holding each series brings on the terms that were asked for: the same for every trial on it. */
const held = new WeakMap<BacktestData, Map<string, Held & { readonly equity: Float64Array }>>();

function buyAndHold(data: BacktestData, options: BacktestOptions): Held & { readonly equity: Float64Array } {
  const known = held.get(data) ?? new Map<string, Held & { readonly equity: Float64Array }>();
  held.set(data, known);
  const terms = optionsText(options);
  const before = known.get(terms);
  if (before !== undefined) return before;
  const { candles, market } = data;
  const { cash } = options;
  const codes = new Uint8Array(candles.length);
  codes[0] = LONG;
  const simulation = simulate(candles, wordsOnly(codes), { ...data, options });
  const { equity } = simulation;
  const { returns, moments, days, lockedDays } = measureDailyReturns({ candles, market, simulation, cash });
  const finalEquity = equity[equity.length - 1];
  const { values, reasons } = separate({
    totalReturn: finalEquity / cash - 1,
    sharpe: sharpe(moments, PERIODS_PER_YEAR),
    maxDrawdown: maxDrawdown(cash, equity),
    finalEquity,
  });
  const weak = weakMetrics(values, {
    returns: returns.length,
    locked: lockedDays,
    nonZero: moments.nonZero,
    days,
    unit: 'daily return',
  });
  const result = { buyAndHold: values, undefined: underHold(reasons), weak: underHold(weak), equity };
  known.set(terms, result);
  return result;
}

/** The equity of buying at the second bar and holding, on the same terms as the strategies; one value per bar. */
export const holdEquity = (data: BacktestData, options: BacktestOptions): Float64Array => buyAndHold(data, options).equity;

/** `sharpe` → `buyAndHold.sharpe` */
const underHold = (reasons: Readonly<Partial<Record<string, string>>>): Record<string, string> =>
  Object.fromEntries(Object.entries(reasons).map(([name, why]) => [`buyAndHold.${name}`, why ?? '']));

/** Holds what a strategy did on a series against holding it, and against the market's own price. */
export function benchmarkOf(data: BacktestData, options: BacktestOptions, simulation: Simulation): Benchmark {
  const holding = buyAndHold(data, options);
  const { values, reasons } = separate({ ...skillOf(data.candles, data.market, simulation) });
  // all closes of a market foretell its one outcome
  const because = weakOutcomes(1);
  const scores = Object.entries(values).filter(([, value]) => value !== null);
  return {
    buyAndHold: holding.buyAndHold,
    ...values,
    undefined: { ...holding.undefined, ...reasons },
    weak: { ...holding.weak, ...(because !== undefined && Object.fromEntries(scores.map(([name]) => [name, because]))) },
  };
}
