import type { z } from 'zod';
import type { Interval, MarketKind } from '../contracts/words.ts';
import type { Reading } from './indicators/indicators.ts';
import type { IndicatorName, IndicatorParams, IndicatorReadings } from './indicators/registry.ts';

/** The position wanted from the next bar's open on: `hold` keeps the present one, `flat` closes it, as does `short` with `--side long`. */
export type Signal = 'hold' | 'long' | 'short' | 'flat';

/**
 * A decision with size, price, expiry, stop or target. An order enters at the next open, or at its limit, and replaces a waiting order. An
 * order of the opposite side first closes the present position; one of the same side does not buy more, it only moves the stop and the
 * target (and removes those that it does not name).
 *
 * Prices are of the first outcome on both sides: a short's stop is above the entry price, its target below. Prices that the open has passed
 * fill at the open; within a bar the stop fills first. With `--side long` a short order closes the present position.
 */
export interface Order {
  readonly side: 'long' | 'short';
  /** Share of the equity to invest, above 0 and at most 1. @default the backtest's sizing */
  readonly size?: number;
  /** The worst price at which the order enters. @default the next open */
  readonly limit?: number;
  /** Time before which the order must fill, or it is cancelled; UTC epoch milliseconds. @default until another decision */
  readonly expires?: number;
  /** Price that, once it is reached, closes the position at the market price. @default none */
  readonly stop?: number;
  /** Price at which the position is closed, or at a better one, once it is reached. @default none */
  readonly target?: number;
}

/** A signal or an order. `hold` keeps a waiting order; every other decision replaces it. */
export type Decision = Signal | Order;

/** Account and market at the close of the present bar; unknown values are null. Strategies that never read it are faster to backtest. */
export interface Situation {
  /** Units held: positive when long, negative when short. */
  readonly position: number;
  /** Entry price of the first outcome per unit; null without a position. */
  readonly entryPrice: number | null;
  readonly cash: number;
  /** Value of the cash and the position at the bar's close. */
  readonly equity: number;
  /** Seconds from the bar's close to the announced end of the market. */
  readonly secondsLeft: number | null;
  /** Best bid of the order book, if it was recorded by the bar's close. */
  readonly bid: number | null;
  /** Best ask of the order book, if it was recorded by the bar's close. */
  readonly ask: number | null;
  /** Bars of the same question at another venue that have closed by the bar's close; null if no twin is known. */
  readonly twin: Twin | null;
}

/** The known bars of a series: `back` counts backwards from the newest known bar; values of other bars are NaN. */
interface KnownBars {
  /** Index of the newest known bar, 0 = the first; −1 before the first bar. */
  readonly index: number;
  /** Open time, UTC epoch milliseconds. */
  time(back?: number): number;
  open(back?: number): number;
  high(back?: number): number;
  low(back?: number): number;
  close(back?: number): number;
  /** Volume in units; NaN if ticks have no size. */
  volume(back?: number): number;
  /** Opens a shipped indicator over these bars; values of bar i depend on bars up to i only. Call it once, in `create`. */
  indicator<Name extends IndicatorName>(name: Name, params: IndicatorParams<Name>): IndicatorReadings<Name>;
}

/** Bars of a longer interval, built from the traded bars, that have closed by the close of the present bar. */
export type LongerBars = KnownBars;

/**
 * The market's twin at another venue: `back` counts from its newest bar that has closed by the close of the present bar; the bar may be old
 * if nobody traded there (see `time()`). Prices are of the same outcome as the market's own. Open indicators once, in `create`.
 */
export interface Twin extends KnownBars {
  /** The twin's instrument id, which starts with its source type, or the name of its file. */
  readonly id: string;
}

/** The market as it is known at the close of the present bar. Later bars cannot be read. */
export interface BarsSoFar extends KnownBars {
  readonly market: MarketKind;
  readonly barMs: number;
  /** Smallest price step; null if unknown. */
  readonly tickSize: number | null;
  /**
   * Opens the same market in a longer interval: `bars.interval('1d').close()` is the last completed day's close. Call it once, in `create`.
   * @throws PredictLabError BadInput unless the interval is that of the bars or a multiple of it
   */
  interval(interval: Interval): LongerBars;
  /** Defines your own indicator: `compute` runs once per bar, in order, and can read the same bars. Call it in `create`. */
  derive(compute: (bars: BarsSoFar) => number): Reading;
}

/**
 * A trading rule. It decides from the market's bars and, if it reads it, from its situation; the engine computes fills and fees.
 *
 * @example
 * import { defineStrategy } from 'predictlab';
 * import { z } from 'zod';
 *
 * export const dip = defineStrategy({
 *   name: 'dip',
 *   summary: 'Buys a close that is `drop` below the one before, leaves at the next higher close',
 *   params: z.strictObject({ drop: z.number().positive().default(0.05) }),
 *   create: ({ drop }, bars) => () =>
 *     bars.close() <= bars.close(1) - drop ? 'long' : bars.close() > bars.close(1) ? 'flat' : 'hold',
 * });
 */
export interface Strategy<Params = unknown> {
  readonly name: string;
  /** One line: when the strategy buys and when it sells. */
  readonly summary: string;
  /** Schema of the parameters with defaults and rules; a `strictObject`, so that misspelt names are rejected. */
  readonly params: z.ZodType<Params>;
  /** Version of a program's strategy, part of its passport. Change it whenever code outside `create` that it uses changes. */
  readonly version?: string;
  /** Hash of everything that was loaded or read for the strategy's module; set when a plugin is loaded. */
  readonly codeHash?: string;
  /** The reason why `codeHash` does not cover all of the strategy's code; set when a plugin is loaded. */
  readonly codeGap?: string | undefined;
  /** The reason why the strategy's module may carry data that was not known at the time of a decision; set when a plugin is loaded. */
  readonly dataGap?: string | undefined;
  /** The strategy's module as named in `PREDICTLAB_PLUGINS`; set when a plugin is loaded. */
  readonly module?: string;
  /** Creates the strategy's decision function; called once per run. The function is called at the close of each bar, oldest first. */
  create(params: Params, bars: BarsSoFar, situation: Situation): () => Decision;
}

/** Returns a strategy unchanged, so that TypeScript infers its parameters from its schema. */
export const defineStrategy = <Params>(strategy: Strategy<Params>): Strategy<Params> => strategy;
