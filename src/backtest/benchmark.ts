import type { BacktestData } from './engine/backtest-data.ts';
import { measureDailyReturns } from './engine/measure.ts';
import type { BacktestOptions } from './engine/options.ts';
import { LONG, type Simulation, wordsOnly } from './engine/trading/trade.ts';
import { simulate } from './engine/trading/trader.ts';
import { maxDrawdown, PERIODS_PER_YEAR } from './metrics/curve-metrics.ts';
import { skillOf } from './metrics/forecast-scores.ts';
import { separate } from './metrics/measured.ts';
import { sharpe } from './metrics/ratios.ts';
import { weakMetrics, weakOutcomes } from './metrics/sample.ts';
import { optionsText } from './proof/passport.ts';

export interface Benchmark {
  readonly buyAndHold: {
    readonly totalReturn: number | null;
    readonly sharpe: number | null;
    readonly maxDrawdown: number | null;
    readonly finalEquity: number | null;
  };
  /** Brier score of the market's closing prices as forecasts of its outcome. */
  readonly marketBrier: number | null;
  /** Brier score of the beliefs that the strategy's holdings imply. */
  readonly beliefBrier: number | null;
  /** 1 − beliefBrier/marketBrier: above 0 if the strategy forecast better than the market's price. */
  readonly skill: number | null;
  /** The reason why a figure is null, by the figure's name. */
  readonly undefined: Readonly<Record<string, string>>;
  /** The reason why a figure rests on too little data, by the figure's name. Forecasts of one market rest on a single outcome. */
  readonly weak: Readonly<Record<string, string>>;
}

type HoldingResult = Pick<Benchmark, 'buyAndHold' | 'undefined' | 'weak'>;

/** Results of buying and holding, by series and trading terms: all trials on a series share them. */
const holdingResults = new WeakMap<BacktestData, Map<string, HoldingResult & { readonly equity: Float64Array }>>();

function buyAndHold(data: BacktestData, options: BacktestOptions): HoldingResult & { readonly equity: Float64Array } {
  const known = holdingResults.get(data) ?? new Map<string, HoldingResult & { readonly equity: Float64Array }>();
  holdingResults.set(data, known);
  const terms = optionsText(options);
  const before = known.get(terms);
  if (before !== undefined) return before;
  const { candles, market, barMs } = data;
  const { cash } = options;
  const codes = new Uint8Array(candles.length);
  codes[0] = LONG;
  const simulation = simulate(candles, wordsOnly(codes), { market, options, barMs });
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
    // buying and holding is a single position
    trades: 1,
    unit: 'daily return',
  });
  const result = { buyAndHold: values, undefined: underHold(reasons), weak: underHold(weak), equity };
  known.set(terms, result);
  return result;
}

/** Equity of buying at the second bar and holding, on the same terms as the strategies; one value per bar. */
export const holdEquity = (data: BacktestData, options: BacktestOptions): Float64Array => buyAndHold(data, options).equity;

/** Prefixes the names of metrics: `sharpe` becomes `buyAndHold.sharpe`. */
const underHold = (reasons: Readonly<Partial<Record<string, string>>>): Record<string, string> =>
  Object.fromEntries(Object.entries(reasons).map(([name, why]) => [`buyAndHold.${name}`, why ?? '']));

/** Compares a strategy's result on a series with buying and holding, and with the market's own price as a forecaster. */
export function benchmarkOf(data: BacktestData, options: BacktestOptions, simulation: Simulation): Benchmark {
  const holding = buyAndHold(data, options);
  const { values, reasons } = separate({ ...skillOf(data.candles, data.market, simulation) });
  // all closing prices of a market forecast the same single outcome
  const because = weakOutcomes(1);
  const scores = Object.entries(values).filter(([, value]) => value !== null);
  return {
    buyAndHold: holding.buyAndHold,
    ...values,
    undefined: { ...holding.undefined, ...reasons },
    weak: { ...holding.weak, ...(because !== undefined && Object.fromEntries(scores.map(([name]) => [name, because]))) },
  };
}
