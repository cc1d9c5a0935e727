import { badInput, messageOf, PredictLabError } from '../../contracts/errors.ts';
import { type Params, shippedStrategies } from '../strategies/registry.ts';
import type { Order, Strategy } from '../strategy.ts';
import { type CandleSeries, partOf } from './candle-series.ts';
import { asStrategy, fenced, setStrategyAtBar } from './fence.ts';
import type { Market } from './market.ts';
import type { BacktestOptions } from './options.ts';
import { checkedOrder } from './trading/orders.ts';
import { type DecisionLog, FLAT, LONG, ORDER, SHORT } from './trading/trade.ts';
import { Trader } from './trading/trader.ts';
import { openWindow } from './window/bars-so-far.ts';
import type { Curtain } from './window/curtain.ts';
import type { IndicatorCache } from './window/series-view.ts';
import { openSituation, type StrategyReads } from './window/situation.ts';
import type { TwinSeries } from './window/twin-bars.ts';

/** A strategy that failed to decide or returned an invalid decision. The other strategies of its batch continue. */
export class StrategyFailure extends PredictLabError {
  constructor(message: string, cause: unknown) {
    super('BadInput', message, { cause });
  }
}

/** Runs a trial and returns its result, or the strategy's failure. @throws every other error */
export function attempt<T>(run: () => T): T | StrategyFailure {
  try {
    return run();
  } catch (error) {
    if (error instanceof StrategyFailure) return error;
    throw error;
  }
}

/** A strategy's decisions on a whole series, and what the strategy read to make them. */
export interface Decisions extends DecisionLog, Readonly<StrategyReads> {
  readonly readAccount: boolean;
  /** The reason why the strategy may have remembered the series from another trial; absent if it cannot have done so. */
  readonly memoryGap?: string;
}

export interface DecisionInput {
  readonly strategy: Strategy;
  readonly params: Params;
  readonly candles: CandleSeries;
  readonly market: Market;
  readonly options: BacktestOptions;
  readonly barMs: number;
  /** The market's twin: the same question at another venue; null if none is known. */
  readonly twin: TwinSeries | null;
  readonly cache?: IndicatorCache;
  /** Hides all values after the present bar; the caller removes it with `lift`. @default nothing is hidden */
  readonly curtain?: Curtain;
  /** The first bar at which no decision is made. @default the end of the series */
  readonly to?: number;
  /** The first bar with a decision, where account and decision log start; the strategy can read earlier bars. @default 0 */
  readonly from?: number;
}

/**
 * Runs a strategy and returns its decision at the close of each bar. It depends on the market up to that bar and on the account that
 * earlier decisions led to, so it can be repeated with another future.
 * @throws StrategyFailure, with the strategy, plugin and bar, when the strategy throws or returns neither a signal nor a valid order
 */
export function decisionsOf(input: DecisionInput): Decisions {
  const { strategy, candles, to = candles.length } = input;
  const started = startDecisions(input);
  try {
    if (isShipped(strategy)) started.decideTo(to);
    else fenced(strategy.name, () => started.decideTo(to));
    return isShipped(strategy) || !started.hasOrders() ? started.end() : fenced(strategy.name, () => started.end());
  } catch (error) {
    throw asStrategy(strategy.name, () => started.failure(error));
  }
}

/** A strategy that decides on a series in steps. The caller runs each step inside `fenced`. */
export interface StartedDecisions {
  /** Makes the decisions of the bars before `bar` that are not made yet; the first call creates the strategy. */
  decideTo(bar: number): void;
  /** The failure of the strategy, with its plugin and the bar that it has reached. */
  failure(error: unknown): StrategyFailure;
  /** Whether the strategy has placed an order; only then does {@link end} run code that may be the strategy's. */
  hasOrders(): boolean;
  /** The decisions, once all of them are made. Orders are checked again: during the first check, a built-in may have been changed. */
  end(): Decisions;
}

/** Starts a strategy on a series, see {@link decisionsOf}. */
export function startDecisions(input: DecisionInput): StartedDecisions {
  const { strategy, params, candles, market, options, barMs, twin, cache, curtain, from = 0, to = candles.length } = input;
  const { bars, advance } = openWindow({ candles, market, barMs, cache, curtain });
  const codes = new Uint8Array(to - from);
  const orders = new Map<number, Order>();
  let trader: Trader | undefined;
  const account = (): Trader => {
    const traded = from === 0 && to === candles.length ? candles : partOf(candles, from, to);
    return (trader ??= new Trader({ candles: traded, decisions: { codes, orders }, market, options, barMs }));
  };
  const { situation, seen } = openSituation({ account, bars, candles, twin, from, market, barMs, cash: options.cash, curtain });
  let created: (() => unknown) | undefined;
  let bar = -1;
  const codeOf = (answer: unknown): number => {
    if (answer === 'long') return LONG;
    if (answer === 'short') return SHORT;
    if (answer === 'flat') return FLAT;
    if (typeof answer !== 'object' || answer === null || answer instanceof Promise || Array.isArray(answer)) throw invalidDecision(answer);
    orders.set(bar - from, checkedOrder(answer, { closesAt: candles.openTime[bar] + barMs, kind: market.kind }));
    return ORDER;
  };
  const create = (): (() => unknown) => {
    const decide: unknown = strategy.create(params, bars, situation);
    if (typeof decide !== 'function') throw badInput('create must return a function that decides at each bar');
    return decide as () => unknown;
  };
  return {
    // this function is kept short so that V8 inlines the strategy into the loop
    decideTo(end) {
      setStrategyAtBar(strategy.name);
      const decide = (created ??= create());
      // a local counter: V8 keeps it in a register, while `bar` lives in a context that closures share
      for (let at = Math.max(bar, 0); at < end; at++) {
        bar = at;
        advance();
        if (at < from) continue;
        const answer: unknown = decide();
        if (answer !== 'hold') codes[at - from] = codeOf(answer);
      }
      bar = end;
      setStrategyAtBar(undefined);
    },
    failure(error) {
      setStrategyAtBar(undefined);
      const where = bar < 0 || bar >= to ? '' : ` at bar ${bar} (${new Date(candles.openTime[bar]).toISOString()})`;
      const plugin = strategy.module === undefined ? '' : ` of plugin ${strategy.module}`;
      // not retryable: the strategy would fail on the same bar again
      return new StrategyFailure(`strategy '${strategy.name}'${plugin}${where}: ${messageOf(error)}`, error);
    },
    hasOrders: () => orders.size > 0,
    end() {
      for (const [at, order] of orders) {
        bar = from + at;
        orders.set(at, checkedOrder(order, { closesAt: candles.openTime[bar] + barMs, kind: market.kind }));
      }
      return { codes, orders, readAccount: trader !== undefined, ...seen };
    },
  };
}

/** Whether a strategy ships with PredictLab. Shipped strategies keep no state and read nothing but their bars. */
export const isShipped = (strategy: Strategy): boolean => shippedStrategies.includes(strategy);

function invalidDecision(answer: unknown): PredictLabError {
  const shown = answer instanceof Promise ? 'a promise' : Array.isArray(answer) ? 'a list' : `'${String(answer)}'`;
  return badInput(`returned ${shown}; it must return hold, long, short or flat, or an order { side, size, limit, expires, stop, target }`);
}
