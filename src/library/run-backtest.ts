import type { CandleSeries } from '../backtest/engine/candle-series.ts';
import { isShipped } from '../backtest/engine/decisions.ts';
import { type BacktestOptions, DEFAULT_OPTIONS } from '../backtest/engine/options.ts';
import { type BacktestResult, runBacktest as run } from '../backtest/run-backtest.ts';
import { type ParamsInput, shippedStrategies, strategyByName } from '../backtest/strategies/registry.ts';
import type { Strategy } from '../backtest/strategy.ts';
import { badInput } from '../contracts/errors.ts';
import { checkFields } from '../contracts/known-fields.ts';
import { didYouMean } from '../contracts/text/nearest-name.ts';
import { watchOutsideWorld } from '../plugins/outside-world.ts';
import { type CandleRow, candles as candlesApi } from './candles.ts';
import { type MarketFacts, marketFrom } from './market.ts';

export interface BacktestRequest {
  /** Candles as columns (`candles.read`, `candles.fromTicks`) or rows, oldest first; at least two bars. */
  readonly candles: CandleSeries | readonly CandleRow[];
  /** Name of a shipped strategy, or your own strategy (`defineStrategy`). */
  readonly strategy: string | Strategy;
  /** The strategy's parameters; omitted ones have their defaults. */
  readonly params?: ParamsInput;
  /** Facts about the market. @default an asset without fees */
  readonly market?: MarketFacts;
  /** Bars of the same question at another venue, which a strategy reads as `situation.twin`. @default none: `situation.twin` is null */
  readonly twin?: { readonly id?: string; readonly candles: CandleSeries | readonly CandleRow[] };
  /** How the backtest trades. @default 10,000 of cash, all of it in each entry, long only, no spread, at most a tenth of a bar's volume */
  readonly options?: Partial<BacktestOptions>;
}

/**
 * Backtests a strategy: decides at each close, fills at the next open, settles or marks at the end, and tests that no decision used the
 * future. Uses the engine of the pipeline and the command line: the same input gives the same bytes.
 * @throws PredictLabError BadInput, one sentence, for candles, parameters, a market or options that cannot be backtested
 * @example
 * import { candles, runBacktest } from 'predictlab';
 *
 * const { metrics, trades, lookAhead } = runBacktest({
 *   candles: await candles.read('senate.csv'),
 *   strategy: 'sma-cross',
 *   params: { fast: 10, slow: 30 },
 *   market: { resolution: 1, fees: { model: 'flat', rate: 0.02 }, tick: 0.01 },
 *   options: { maxVolumeShare: 0.1, halfSpread: 0.005 },
 * });
 */
export function runBacktest(request: BacktestRequest): BacktestResult {
  checkFields('the request', request, ['candles', 'strategy', 'params', 'market', 'twin', 'options']);
  const { candles, strategy, params, market = {}, twin, options } = request;
  if (params !== undefined && (typeof params !== 'object' || params === null || Array.isArray(params)))
    throw badInput('params: write an object that maps each parameter name to its value, such as { period: 14 }');
  if (options !== undefined) checkFields('options', options, Object.keys(DEFAULT_OPTIONS));
  if (twin !== undefined) checkFields('twin', twin, ['id', 'candles']);
  return run({
    candles: columnsOf(candles),
    strategy: typeof strategy === 'string' ? named(strategy) : own(strategy),
    market: marketFrom(market),
    ...(twin !== undefined && { twin: { id: twin.id ?? 'twin', candles: columnsOf(twin.candles) } }),
    ...(params !== undefined && { params }),
    ...(options !== undefined && { options }),
  });
}

function columnsOf(candles: BacktestRequest['candles'] | undefined): CandleSeries {
  if (candles instanceof Promise) throw badInput('candles are a promise; write `await candles.read(…)`');
  if (typeof candles !== 'object' || candles === null)
    throw badInput('candles are missing: pass the result of candles.read or candles.fromTicks, or rows');
  return 'openTime' in candles ? candles : candlesApi.fromRows(candles);
}

/** Checks a strategy that the program defines, since plain JavaScript is not type-checked. */
function own(strategy: Partial<Strategy> | undefined): Strategy {
  const { name, params, create } = strategy ?? {};
  if (typeof name === 'string' && typeof params?.safeParse === 'function' && typeof create === 'function') {
    if (isShipped(strategy as Strategy)) return strategy as Strategy;
    watchOutsideWorld();
    // only the loader of plugins knows these facts about a module, so what the strategy itself states is ignored
    const unknown = Object.fromEntries(['codeHash', 'codeGap', 'dataGap', 'module'].map((fact) => [fact, { value: undefined }]));
    return Object.create(strategy as Strategy, unknown) as Strategy;
  }
  const which = typeof name === 'string' ? `strategy '${name}'` : 'the strategy';
  throw badInput(`${which} is incomplete: write the name of a shipped strategy, or { name, summary, params: <zod schema>, create }`);
}

/** The shipped strategy with a name. @throws PredictLabError BadInput for an unknown name */
function named(name: string): Strategy {
  const strategy = strategyByName(name);
  if (strategy !== undefined) return strategy;
  const names = shippedStrategies.map((known) => known.name);
  throw badInput(`unknown strategy '${name}'; there are ${names.join(', ')}${didYouMean(name, names)}`);
}
