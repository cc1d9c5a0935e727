import { messageOf, PredictLabError } from '../../contracts/errors.ts';
import { type Params, shippedStrategies } from '../strategies/registry.ts';
import type { Order, Signal, Strategy } from '../strategy.ts';
import { type CandleSeries, candlesBetween } from './candle-series.ts';
import { type DecisionLog, FLAT, HOLD, LONG, ORDER, SHORT } from './decision-log.ts';
import { fenced } from './fence.ts';
import type { Market } from './market.ts';
import type { BacktestOptions } from './options.ts';
import { checkedOrder } from './trading/orders.ts';
import { Trader } from './trading/trader.ts';
import { openWindow } from './window/bars-so-far.ts';
import type { Curtain } from './window/curtain.ts';
import type { IndicatorCache } from './window/series-view.ts';
import { openSituation } from './window/situation.ts';
import type { TwinSeries } from './window/twin-bars.ts';

// without a prototype: 'toString' is no answer
const CODES = Object.assign(Object.create(null) as Record<Signal, number>, { hold: HOLD, long: LONG, short: SHORT, flat: FLAT });

/** A strategy that could not decide, or whose answer cannot be traded on. The other strategies of its batch go on. */
export class StrategyFailure extends PredictLabError {
  constructor(message: string, cause: unknown) {
    super('BadInput', message, { cause });
  }
}

/** A whole series' decisions. */
export interface Decisions extends DecisionLog {
  /** Where the strategy looked at its situation: its account, traded as far as it looked. */
  readonly trader: Trader | undefined;
  /** Whether it looked at its situation at all. */
  readonly looked: boolean;
  /** Whether it looked at the market's twin. */
  readonly sawTwin: boolean;
  /** Whether it looked at the time left to the announced end. */
  readonly sawEnd: boolean;
}

export interface DecisionInput {
  readonly strategy: Strategy;
  readonly params: Params;
  readonly candles: CandleSeries;
  readonly market: Market;
  /** How its account trades. */
  readonly options: BacktestOptions;
  /** How long a bar lasts; milliseconds. */
  readonly barMs: number;
  /** The same question at another venue; null where none is known. */
  readonly twin: TwinSeries | null;
  readonly cache?: IndicatorCache;
  /** Hides what comes after the present bar; lifted by who gives it. @default nothing is hidden */
  readonly curtain?: Curtain;
  /** Decide up to here only; bars. @default all */
  readonly to?: number;
  /** Decide from here on, with the bars before to look back on and an account that begins here; decisions count from it. @default 0 */
  readonly from?: number;
}

/**
 * What a strategy decides at the close of each bar. It depends on the market up to that bar, and on the account that its own earlier
 * decisions led to, so it can be repeated on other futures.
 *
 * @throws StrategyFailure that names strategy, plugin and bar, when it answers something else than a word or a sound order, or throws
 */
export function decisionsOf(input: DecisionInput): Decisions {
  const { strategy, params, candles, market, options, barMs, twin, cache, curtain, from = 0, to = candles.length } = input;
  const { bars, advance } = openWindow({ candles, market, barMs, cache, curtain });
  const codes = new Uint8Array(to - from);
  const orders = new Map<number, Order>();
  let trader: Trader | undefined;
  const account = (): Trader => {
    const traded = from === 0 && to === candles.length ? candles : candlesBetween(candles, from, to);
    return (trader ??= new Trader({ candles: traded, decisions: { codes, orders }, market, options, barMs }));
  };
  const { situation, looked, sawTwin, sawEnd } = openSituation({
    account,
    bars,
    candles,
    twin,
    from,
    market,
    barMs,
    cash: options.cash,
    curtain,
  });
  let bar = -1;
  const decideAll = (): void => {
    const decide: unknown = strategy.create(params, bars, situation);
    if (typeof decide !== 'function') throw new PredictLabError('BadInput', 'create must return a function that decides at each bar');
    for (bar = 0; bar < to; bar++) {
      advance();
      if (bar < from) continue;
      const answer: unknown = decide();
      if (answer === 'hold') continue;
      const code = typeof answer === 'string' ? CODES[answer as Signal] : undefined;
      if (code !== undefined) {
        codes[bar - from] = code;
        continue;
      }
      if (typeof answer !== 'object' || answer === null || answer instanceof Promise || Array.isArray(answer)) throw wrongAnswer(answer);
      orders.set(bar - from, checkedOrder(answer, { closesAt: candles.openTime[bar] + barMs, kind: market.kind }));
      codes[bar - from] = ORDER;
    }
  };
  try {
    if (isShipped(strategy)) decideAll();
    else fenced(strategy.name, decideAll);
  } catch (error) {
    const where = bar < 0 || bar >= to ? '' : ` at bar ${bar} (${new Date(candles.openTime[bar]).toISOString()})`;
    const plugin = strategy.module === undefined ? '' : ` of plugin ${strategy.module}`;
    // a rule that cannot decide will not decide the next time either
    throw new StrategyFailure(`strategy '${strategy.name}'${plugin}${where}: ${messageOf(error)}`, error);
  }
  return { codes, orders, trader, looked: looked(), sawTwin: sawTwin(), sawEnd: sawEnd() };
}

/** Whether a strategy is one of PredictLab's own, which keep no state and touch nothing but their bars. */
export const isShipped = (strategy: Strategy): boolean => shippedStrategies.includes(strategy);

function wrongAnswer(answer: unknown): PredictLabError {
  const said = answer instanceof Promise ? 'a promise' : Array.isArray(answer) ? 'a list' : `'${String(answer)}'`;
  return new PredictLabError(
    'BadInput',
    `answered ${said}; it must answer hold, long, short or flat, or an order { side, size, limit, expires, stop, target }`,
  );
}
